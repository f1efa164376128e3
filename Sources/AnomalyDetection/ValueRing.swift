import Kernels
import RecurrentModel

/// The last values of a channel. Those that came last are kept as they are, older ones in 16 bits each, in blocks with a
/// grid of their own (`Grid16`): half the memory, at an error that is small beside what neighbours differ by, whatever the
/// channel did before.
package struct ValueRing: Sendable {
    /// Values in a block.
    private static let block = 32
    /// Blocks by which the memory grows.
    private static let growth = 8

    private let blocks: Int
    private var grids: [Grid16] = []
    private var numbers: [UInt16] = []
    /// Block that is replaced next, once there are `blocks` of them.
    private var next = 0
    /// Up to a block's worth.
    private var recent: [Float] = []

    /// - Parameter capacity: values that are kept at least: whole blocks.
    package init(capacity: Int) {
        precondition(capacity.isMultiple(of: Self.block) && capacity > 0, "whole blocks")
        blocks = capacity / Self.block
    }

    /// Of memory.
    var bytes: Int { ArrayBytes.of(grids) + ArrayBytes.of(numbers) + ArrayBytes.of(recent) }

    /// Says where the newest values lie, and what finds the others.
    func locate(in map: MemoryMap) {
        map.add(recent)
        map.add(head: grids)
        map.add(head: numbers)
    }

    /// Asks for the memory of an old value.
    func prefetch(back: Int) {
        if back <= recent.count || back > count { return }
        let index = index(back: back)
        numbers.withUnsafeBufferPointer { MemoryMap.prefetch($0.baseAddress! + index) }
        grids.withUnsafeBufferPointer { MemoryMap.prefetch($0.baseAddress! + index / Self.block) }
    }

    /// Values that are known.
    package var count: Int { numbers.count + recent.count }

    /// The value `back` values before the next one, 1 for the newest.
    ///
    /// - Precondition: 1 ≤ back ≤ count.
    package subscript(back back: Int) -> Float {
        if back <= recent.count { return recent[recent.count - back] }
        let index = index(back: back)
        return grids[index / Self.block].value(of: numbers[index])
    }

    /// Where an old value lies.
    private func index(back: Int) -> Int {
        let index = next * Self.block + recent.count - back
        return index < 0 ? index + numbers.count : index
    }

    /// - Parameter value: finite.
    package mutating func append(_ value: Float) {
        if recent.capacity < Self.block { recent.reserveCapacity(Self.block) }
        recent.append(value)
        if recent.count == Self.block { seal() }
    }

    /// All values, the oldest first.
    package var values: [Float] {
        var values: [Float] = []
        values.reserveCapacity(count)
        for place in grids.indices {
            let index = (next + place) % grids.count
            for number in numbers[index * Self.block..<(index + 1) * Self.block] {
                values.append(grids[index].value(of: number))
            }
        }
        return values + recent
    }

    private mutating func seal() {
        let grid = Grid16(recent)
        if grids.count < blocks {
            if numbers.count == numbers.capacity || grids.count.isMultiple(of: Self.growth) {
                // By itself an array doubles.
                let ahead = min(blocks, grids.count + Self.growth)
                grids.reserveCapacity(ahead)
                numbers.reserveCapacity(ahead * Self.block)
            }
            grids.append(grid)
            for value in recent { numbers.append(grid.number(of: value)) }
        } else {
            grids[next] = grid
            for (place, value) in recent.enumerated() { numbers[next * Self.block + place] = grid.number(of: value) }
            next = next + 1 == blocks ? 0 : next + 1
        }
        recent.removeAll(keepingCapacity: true)
    }

    // MARK: State

    func encode(into writer: inout StateWriter) {
        writer.write(numbers)
        for grid in grids { grid.encode(into: &writer) }
        writer.write(recent)
        writer.write(Int32(next))
    }

    mutating func decode(from reader: inout StateReader) throws {
        numbers = try reader.readArray(atMost: blocks * Self.block, field: "values of earlier seasons")
        grids = try (0..<numbers.count / Self.block).map { _ in try Grid16(from: &reader) }
        recent = try reader.readArray(atMost: Self.block - 1, field: "newest values")
        next = Int(try reader.read(Int32.self))
        guard numbers.count.isMultiple(of: Self.block),
            next == 0 || grids.count == blocks && (0..<blocks).contains(next),
            !numbers.contains(Grid16.none), recent.allSatisfy(\.isFinite)
        else {
            throw StateError.invalid(
                field: "earlier values", found: "\(numbers.count), place \(next)", expected: "whole blocks")
        }
    }
}
