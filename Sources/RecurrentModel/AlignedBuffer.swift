import Kernels

/// Numbers that begin at a multiple of 64 bytes, the length of a cache line. Matrix products over weights that lie so
/// take two thirds of the time: no load of a register's width touches two lines. A value: copies are made when needed.
struct AlignedBuffer<Scalar: KernelScalar>: Sendable {
    private final class Storage: @unchecked Sendable {
        // @unchecked: written only by the one buffer that holds it, as `makeUnique` sees to.
        let start: UnsafeMutablePointer<Scalar>
        let count: Int

        init(_ values: UnsafeBufferPointer<Scalar>, more: Int) {
            count = values.count + more
            start = AlignedBuffer.allocate(count)
            if let first = values.baseAddress { start.update(from: first, count: values.count) }
        }

        deinit { start.deallocate() }
    }

    private var storage: Storage

    /// - Parameter more: numbers behind these, all 0.
    init(_ values: [Scalar], more: Int = 0) {
        storage = values.withUnsafeBufferPointer { Storage($0, more: more) }
    }

    var count: Int { storage.count }
    /// All of the numbers, for reading while the buffer lives and is not written.
    var start: UnsafePointer<Scalar> { UnsafePointer(storage.start) }

    /// Some of the numbers, for reading as above.
    func numbers(_ first: Int, count: Int) -> UnsafeBufferPointer<Scalar> {
        UnsafeBufferPointer(start: start + first, count: count)
    }

    /// Says where the first of the numbers lie.
    func locate(in map: MemoryMap, count: Int) {
        map.add(storage)
        map.add(start, bytes: count * MemoryLayout<Scalar>.stride)
    }

    /// The numbers for writing, until the next copy of the buffer.
    mutating func makeUnique() -> UnsafeMutablePointer<Scalar> {
        if !isKnownUniquelyReferenced(&storage) {
            storage = Storage(UnsafeBufferPointer(start: storage.start, count: storage.count), more: 0)
        }
        return storage.start
    }

    /// Room for `count` numbers, at least one, all 0; to be deallocated by the caller.
    static func allocate(_ count: Int) -> UnsafeMutablePointer<Scalar> {
        let count = max(count, 1)
        let bytes = (count * MemoryLayout<Scalar>.stride + 63) / 64 * 64
        let pointer = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
            .bindMemory(to: Scalar.self, capacity: count)
        pointer.initialize(repeating: 0, count: count)
        return pointer
    }
}
