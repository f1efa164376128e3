import Kernels
import RecurrentModel
import Testing

@Suite struct PackedTests {
    @Test func orderIsByFallingLength() {
        let order = PackedOrder(lengths: [2, 5, 1, 5, 3])
        #expect(order.sorted == [1, 3, 4, 0, 2])
        #expect(order.shape.batchSizes == [5, 4, 3, 2, 2])
        #expect(PackedOrder(lengths: [3, 3]).shape == PackedShape(steps: 3, batch: 2))
    }

    @Test func packingAndUnpackingAreInverse() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<100 {
            let lengths = (0..<Int.random(in: 1...9, using: &random)).map { _ in
                Int.random(in: 1...7, using: &random)
            }
            let width = Int.random(in: 1...3, using: &random)
            let order = PackedOrder(lengths: lengths)
            let sequences = lengths.enumerated().map { b, n in (0..<(n * width)).map { b * 1000 + $0 } }
            let rows = order.pack(sequences, width: width)
            #expect(rows.count == lengths.reduce(0, +) * width, "a row for each step, none for padding")
            #expect(order.unpack(rows, width: width) == sequences)
            let columns = (0..<(lengths.count * 5)).map { $0 }
            #expect(order.unsort(order.sort(columns, blocks: [2, 3]), blocks: [2, 3]) == columns)
            let longest = order.sort(Array(lengths.indices), blocks: [1]).map { lengths[$0] }
            #expect(longest == lengths.sorted(by: >))
        }
    }

    /// Unsorted, of unequal length, both ways, with attention: each sequence as if it were alone, bit for bit, and no
    /// row beyond its end is ever read or written.
    @Test(arguments: CellKind.allCases, [false, true])
    func sequencesDoNotKnowOfEachOther(_ cell: CellKind, _ isBidirectional: Bool) {
        let shape = NetworkShape(
            cell: cell, inputs: 3, hidden: 10, layers: 2, outputs: 2, isBidirectional: isBidirectional, attention: 3)
        let network = Network<Float>(shape)
        var random = SeededGenerator(seed: 6)
        let p = network.initialParameters(.orthogonal, using: &random)
        let lengths = [3, 9, 1, 6, 9, 2]
        let order = PackedOrder(lengths: lengths)
        let sequences = lengths.map { n in (0..<(n * 3)).map { _ in Float(random.normal()) } }
        let zeros = [Float](repeating: 0, count: lengths.count * network.stateWidth)
        let x = order.pack(sequences, width: 3)
        let workspace = Workspace(for: network)
        // A larger run first: whatever it left in the rows behind ours must not matter.
        let poison = [Float](repeating: .nan, count: 100 * 6 * 3)
        network.forward(
            PackedShape(steps: 100, batch: 6), parameters: p, x: poison, initial: zeros, workspace: workspace)
        for head in HeadRows.allCases {
            let rows = head == .all ? order.shape.rows : lengths.count
            for i in 0..<(100 * 6 * 2) { workspace.outputs[i] = 77 }
            network.forward(order.shape, parameters: p, x: x, initial: zeros, workspace: workspace, head: head)
            #expect((0..<(100 * 6 * 2)).allSatisfy { (workspace.outputs[$0] != 77) == ($0 < rows * 2) })
            let together: [[Float]]
            switch head {
            case .all: together = order.unpack(workspace.outputs, width: 2)
            case .last:
                let columns = Array(UnsafeBufferPointer(start: workspace.outputs, count: rows * 2))
                let last = order.unsort(columns, blocks: [2])
                together = lengths.indices.map { Array(last[(2 * $0)..<(2 * $0 + 2)]) }
            }
            let alone = Workspace(for: network)
            for (b, sequence) in sequences.enumerated() {
                let zeros = [Float](repeating: 0, count: network.stateWidth)
                network.forward(
                    PackedShape(steps: lengths[b]), parameters: p, x: sequence, initial: zeros, workspace: alone,
                    head: head)
                let own = UnsafeBufferPointer(start: alone.outputs, count: together[b].count)
                #expect(own.map(\.bitPattern) == together[b].map(\.bitPattern))
            }
        }
    }
}
