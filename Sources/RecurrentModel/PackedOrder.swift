/// Sequences of unequal length in any order, brought into the order that `PackedShape` wants and back again, as
/// PyTorch's `pack_padded_sequence(enforce_sorted=False)` and `pad_packed_sequence` do. There are rows for the steps
/// that exist and none for padding.
///
///     let order = PackedOrder(lengths: sequences.map { $0.count / inputs })
///     network.forward(order.shape, parameters: p, x: order.pack(sequences, width: inputs), …)
///     let outputs = order.unpack(workspace.outputs, width: shape.outputs)
public struct PackedOrder: Sendable, Equatable {
    public let shape: PackedShape
    /// The caller's index of the longest sequence, of the second longest and so on; equal lengths keep their order.
    public let sorted: [Int]
    /// Steps of each sequence, in the caller's order.
    public let lengths: [Int]
    /// Row of each step's first sequence.
    let firstRows: [Int]

    /// - Precondition: there is a sequence, and each has a step.
    public init(lengths: [Int]) {
        precondition(!lengths.isEmpty && lengths.allSatisfy { $0 > 0 }, "each sequence needs a step")
        self.lengths = lengths
        sorted = lengths.indices.sorted { (lengths[$1], $0) < (lengths[$0], $1) }
        let longest = lengths[sorted[0]]
        var running = lengths.count
        var sizes: [Int] = []
        var rows: [Int] = []
        sizes.reserveCapacity(longest)
        rows.reserveCapacity(longest)
        for step in 0..<longest {
            while lengths[sorted[running - 1]] <= step { running -= 1 }
            rows.append((rows.last ?? 0) + (sizes.last ?? 0))
            sizes.append(running)
        }
        shape = PackedShape(batchSizes: sizes)
        firstRows = rows
    }

    /// The caller's sequences, each (width, its length), as the rows of a batch: (width, N).
    public func pack<Element>(_ sequences: [[Element]], width: Int) -> [Element] {
        precondition(
            sequences.count == lengths.count && zip(sequences, lengths).allSatisfy { $0.count == $1 * width },
            "the sequences are not those that were ordered")
        var rows: [Element] = []
        rows.reserveCapacity(shape.rows * width)
        for (step, batch) in shape.batchSizes.enumerated() {
            for i in 0..<batch { rows.append(contentsOf: sequences[sorted[i]][(step * width)..<((step + 1) * width)]) }
        }
        return rows
    }

    /// The rows of a batch, (width, N), as the caller's sequences.
    public func unpack<Element>(_ rows: UnsafePointer<Element>, width: Int) -> [[Element]] {
        var sequences = lengths.map { _ in [Element]() }
        for (i, sequence) in sorted.enumerated() {
            sequences[sequence].reserveCapacity(lengths[sequence] * width)
            for step in 0..<lengths[sequence] {
                let row = rows + (firstRows[step] + i) * width
                sequences[sequence].append(contentsOf: UnsafeBufferPointer(start: row, count: width))
            }
        }
        return sequences
    }

    /// One column for each sequence, (width, B), from the caller's order into the batch's: for initial states, block
    /// by block (see `Network.stateBlocks`), and for targets of the last rows.
    public func sort<Element>(_ columns: [Element], blocks: [Int]) -> [Element] {
        rearrange(columns, blocks, from: sorted)
    }

    /// The reverse of `sort`: for final states and for outputs of the last rows.
    public func unsort<Element>(_ columns: [Element], blocks: [Int]) -> [Element] {
        var places = Array(repeating: 0, count: sorted.count)
        for (i, sequence) in sorted.enumerated() { places[sequence] = i }
        return rearrange(columns, blocks, from: places)
    }

    /// Column j of each block comes from column `source[j]` of the same block.
    private func rearrange<Element>(_ columns: [Element], _ blocks: [Int], from source: [Int]) -> [Element] {
        precondition(columns.count == blocks.reduce(0, +) * lengths.count, "one column for each sequence and block")
        var result: [Element] = []
        result.reserveCapacity(columns.count)
        var start = 0
        for width in blocks {
            for j in source {
                result.append(contentsOf: columns[(start + j * width)..<(start + (j + 1) * width)])
            }
            start += width * lengths.count
        }
        return result
    }
}
