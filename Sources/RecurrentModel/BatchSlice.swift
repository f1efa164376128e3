import Kernels

/// One thread's share of a mini-batch: its windows, packed into rows, and the workspace that runs them.
// Unchecked: a slice is touched by one thread at a time, by the trainer's before and after `run`.
final class BatchSlice<Scalar: KernelScalar>: @unchecked Sendable {
    let workspace: Workspace<Scalar>
    private let network: Network<Scalar>
    private let loss: LossKind
    private let head: HeadRows
    /// What to run.
    var windows: [Int] = []
    /// The loss of the last run.
    private(set) var total = LossTotal()

    /// One window, (I, steps) and (values, steps).
    private var inputs: [Scalar] = []
    private var targets: [Scalar] = []
    /// All of them, packed: (I, N), and (values, N) or (values, B).
    private var rows: [Scalar] = []
    private var targetRows: [Scalar] = []
    /// The states before them.
    private var zeros: [Scalar] = []

    init(_ network: Network<Scalar>, _ loss: LossKind, _ head: HeadRows) {
        self.network = network
        self.loss = loss
        self.head = head
        workspace = Workspace(for: network)
    }

    /// Sets `total`, and with `learning` also `workspace.gradient`, that of the mean loss over this slice's targets.
    func run(_ source: some WindowSource<Scalar>, parameters p: UnsafePointer<Scalar>, learning: Bool) {
        let order = PackedOrder(lengths: windows.map { source.steps(of: $0) })
        reserve(order.shape)
        for (place, index) in order.sorted.enumerated() {
            source.fill(windows[index], inputs: &inputs, targets: &targets)
            scatter(order, index: index, place: place)
        }
        run(order.shape, parameters: p, learning: learning)
    }

    private var values: Int { network.shape.outputs / loss.outputsPerTarget }

    private func reserve(_ packed: PackedShape) {
        grow(&inputs, to: packed.steps * network.shape.inputs)
        grow(&targets, to: packed.steps * values)
        grow(&rows, to: packed.rows * network.shape.inputs)
        grow(&targetRows, to: packed.rows * values)
        grow(&zeros, to: packed.batch * network.stateWidth)
    }

    /// Puts the window at hand, which is the `place`-th longest, into its rows.
    @specialized(where Scalar == Float)
    private func scatter(_ order: PackedOrder, index: Int, place: Int) {
        let width = network.shape.inputs
        let values = values
        for step in 0..<order.lengths[index] {
            let row = order.firstRows[step] + place
            for i in 0..<width { rows[row * width + i] = inputs[step * width + i] }
            if head == .last { continue }
            for i in 0..<values { targetRows[row * values + i] = targets[step * values + i] }
        }
        if head == .all { return }
        for i in 0..<values { targetRows[place * values + i] = targets[i] }
    }

    @specialized(where Scalar == Float)
    private func run(_ packed: PackedShape, parameters p: UnsafePointer<Scalar>, learning: Bool) {
        let answers = head == .all ? packed.rows : packed.batch
        total = LossTotal()
        for i in 0..<(answers * values) where !targetRows[i].isNaN { total.targets += 1 }
        if total.targets == 0 { return }
        network.forward(packed, parameters: p, x: rows, initial: zeros, workspace: workspace, head: head)
        let mean = loss.evaluate(
            rows: answers, channels: values, outputs: workspace.outputs, targets: targetRows,
            gradient: workspace.dOutputs)
        total.sum = Double(mean) * Double(total.targets)
        if !learning { return }
        workspace.gradient.update(repeating: 0, count: network.layout.count)
        network.backward(
            packed, parameters: p, x: rows, initial: zeros, workspace: workspace, gradient: workspace.gradient,
            head: head)
    }

    private func grow(_ buffer: inout [Scalar], to count: Int) {
        if buffer.count < count { buffer.append(contentsOf: repeatElement(0, count: count - buffer.count)) }
    }
}
