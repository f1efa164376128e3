import Foundation
import Kernels
import Testing

@Suite struct MemoryMapTests {
    private final class Object { var numbers = (0, 0, 0, 0) }

    /// A block of whole lines.
    private func withBlock(lines: Int, _ body: (UnsafeRawPointer) -> Void) {
        let block = UnsafeMutableRawPointer.allocate(byteCount: lines * 64, alignment: 64)
        body(block)
        block.deallocate()
    }

    private func withMap(_ body: (MemoryMap) -> Void) {
        let map = MemoryMap()
        body(map)
        map.deallocate()
    }

    @Test(arguments: [
        (0, 0, 0), (0, 1, 1), (0, 64, 1), (0, 65, 2), (63, 1, 1), (63, 2, 2), (32, 4096, 65), (0, 64 * 300, 300),
    ])
    func countsTheLinesThatAreTouched(_ offset: Int, _ bytes: Int, _ lines: Int) {
        withMap { map in
            withBlock(lines: 301) { map.add($0 + offset, bytes: bytes) }
            #expect(map.lines == lines)
        }
    }

    // Sanitizers have allocators of their own, which tell no sizes.
    @Test(.disabled(if: ProcessInfo.processInfo.environment["ANOMALYD_SANITIZER"] != nil))
    func knowsObjectsAndArraysButNotWhatIsEmpty() {
        withMap { map in
            map.add([Int]())
            map.add(head: [Float]())
            #expect(map.lines == 0)
            map.add(Array(repeating: 0.0, count: 800))
            #expect((101...102).contains(map.lines), "800 numbers of 8 bytes, and 32 bytes before them")
            map.removeAll()
            map.add(head: Array(repeating: 0.0, count: 800))
            #expect((1...2).contains(map.lines))
            map.removeAll()
            map.add(Object())
            #expect((1...2).contains(map.lines))
        }
    }

    @Test func leavesOutWhatItHasNoRoomFor() {
        withMap { map in
            withBlock(lines: 64) { block in
                for line in 0..<64 { map.add(block + 64 * line, bytes: 64) }
            }
            #expect(map.lines == 21)
        }
    }

    /// Further than 26 bits of lines can tell.
    @Test func leavesOutWhatLiesFarAway() {
        withMap { map in
            for place in [0x1000, 0x7fff_ffff_f000] { map.add(UnsafeRawPointer(bitPattern: place)!, bytes: 64) }
            #expect(map.lines == 0)
        }
    }

    /// A hint reads nothing, so that it may be about memory that is gone.
    @Test func asksForMemoryThatIsGoneWithoutHarm() {
        withMap { map in
            let size = 1 << 24
            let block = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
            map.add(block, bytes: 4096)
            munmap(block, size)
            map.prefetch()
            MemoryMap.prefetch(block)
        }
    }
}
