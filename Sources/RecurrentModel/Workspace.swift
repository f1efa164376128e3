public import Kernels

/// Scratch memory for runs of one network: activations, outputs, gradients. It grows to the largest run it has seen
/// and is then reused, so stepping and training allocate nothing. One thread at a time. Nothing here calls back while a
/// property is being changed, so the checks for that, at every access, are left out.
public final class Workspace<Scalar: KernelScalar> {
    let network: Network<Scalar>
    @exclusivity(unchecked) private var rows = 0
    @exclusivity(unchecked) private var batch = 0
    @exclusivity(unchecked) private var memory: [UnsafeMutablePointer<Scalar>] = []

    /// What each layer's forward pass leaves for its backward pass.
    let tapes: UnsafeMutablePointer<RecurrentLayer<Scalar>.Tape>
    /// (O, N), or (O, B) of a head on the last rows, written by `Network.forward`.
    @exclusivity(unchecked) public private(set) var outputs: UnsafeMutablePointer<Scalar>
    /// As many, read by `Network.backward`.
    @exclusivity(unchecked) public private(set) var dOutputs: UnsafeMutablePointer<Scalar>
    /// (D, N): ∂loss/∂output of the layer at hand, and of the one below it.
    @exclusivity(unchecked) private(set) var dHidden: UnsafeMutablePointer<Scalar>
    @exclusivity(unchecked) private(set) var dBelow: UnsafeMutablePointer<Scalar>
    /// (S, B).
    @exclusivity(unchecked) private(set) var dState: UnsafeMutablePointer<Scalar>
    /// Any weight matrix of the network, transposed.
    @exclusivity(unchecked) private(set) var transposed: UnsafeMutablePointer<Scalar>
    /// As large as the parameters.
    @exclusivity(unchecked) public private(set) var gradient: UnsafeMutablePointer<Scalar>
    /// One number for each layer, for `Network.backward`.
    let gains: UnsafeMutablePointer<Double>
    /// Only where the network has it.
    @exclusivity(unchecked) private(set) var bidirectional: BidirectionalTape<Scalar>?
    @exclusivity(unchecked) private(set) var attention: Attention<Scalar>.Tape?
    /// Rows that the head answers for, their inputs to it, (D or 2·D, Q), and ∂loss/∂these. Used by attention and by a
    /// head on the last rows; otherwise the head reads the top layer's states in place.
    @exclusivity(unchecked) private(set) var headRows: [HeadRow] = []
    @exclusivity(unchecked) private(set) var headInput: UnsafeMutablePointer<Scalar>
    @exclusivity(unchecked) private(set) var dHeadInput: UnsafeMutablePointer<Scalar>
    /// Row of each step's first sequence, and for each row the one that takes its place when its sequence is reversed.
    @exclusivity(unchecked) private(set) var firstRows: [Int] = []
    @exclusivity(unchecked) private(set) var reversedRows: [Int] = []
    /// An earlier window that is learned from once more.
    @exclusivity(unchecked) private var earlier: (numbers: UnsafeMutablePointer<Scalar>, count: Int)
    /// Shapes of single sequences by their length, made once.
    @exclusivity(unchecked) private var single: [PackedShape] = []

    public init(for network: Network<Scalar>) {
        self.network = network
        outputs = AlignedBuffer.allocate(1)
        tapes = .allocate(capacity: network.layers.count)
        tapes.initialize(
            repeating: RecurrentLayer<Scalar>.Tape(x: outputs, r: outputs, states: outputs), count: network.layers.count
        )
        dOutputs = outputs
        dHidden = outputs
        dBelow = outputs
        dState = outputs
        transposed = outputs
        gradient = outputs
        headInput = outputs
        dHeadInput = outputs
        gains = .allocate(capacity: network.layers.count)
        gains.initialize(repeating: 0, count: network.layers.count)
        memory = [outputs]
        earlier = (AlignedBuffer.allocate(1), 1)
        reserve(rows: 1, batch: 1)
    }

    deinit {
        memory.forEach { $0.deallocate() }
        earlier.numbers.deallocate()
        gains.deallocate()
        tapes.deallocate()
    }

    /// The shape of one sequence of `steps` steps.
    func sequence(steps: Int) -> PackedShape {
        while single.count <= steps { single.append(PackedShape(steps: single.count)) }
        return single[steps]
    }

    /// Room for `count` numbers of an earlier window, until its next use.
    func window(_ count: Int) -> UnsafeMutablePointer<Scalar> {
        if count > earlier.count {
            earlier.numbers.deallocate()
            earlier = (AlignedBuffer.allocate(count), count)
        }
        return earlier.numbers
    }

    /// Makes room for `rows` rows of at most `batch` sequences. What an earlier run left is lost when it grows.
    func reserve(rows: Int, batch: Int) {
        if rows <= self.rows && batch <= self.batch { return }
        self.rows = max(rows, self.rows)
        self.batch = max(batch, self.batch)
        memory.forEach { $0.deallocate() }
        memory = []
        let n = self.rows
        let shape = network.shape
        for (index, layer) in network.layers.enumerated() {
            tapes[index] = RecurrentLayer<Scalar>.Tape(
                x: take(layer.gateRows * n), r: take(layer.gateRows * n), states: take(layer.stateWidth * n))
        }
        outputs = take(shape.outputs * n)
        dOutputs = take(shape.outputs * n)
        dHidden = take(shape.width * n)
        dBelow = take(shape.width * n)
        dState = take((network.layers.map(\.stateWidth).max() ?? 0) * self.batch)
        transposed = take(network.layout.views.map(\.count).max() ?? 0)
        gradient = take(network.layout.count)
        headInput = take(shape.headInputs * n)
        dHeadInput = take(shape.headInputs * n)
        if shape.isBidirectional {
            bidirectional = BidirectionalTape(
                turned: (0..<shape.layers).map { take(($0 == 0 ? shape.inputs : shape.width) * n) },
                joined: (0..<shape.layers).map { _ in take(shape.width * n) }, dForth: take(shape.hidden * n),
                dBack: take(shape.hidden * n), dTurned: take(shape.width * n))
        }
        if shape.attention > 0 {
            let d = shape.width
            attention = Attention<Scalar>.Tape(
                query: take(d * n), probe: take(d * n), weights: take(shape.attention * n), mixed: take(d * n),
                dQuery: take(d * n), dProbe: take(d * n), dMixed: take(d * n), dWeights: take(shape.attention))
        }
    }

    private func findFirstRows(_ packed: PackedShape) {
        firstRows.removeAll(keepingCapacity: true)
        var row = 0
        for batch in packed.batchSizes {
            firstRows.append(row)
            row += batch
        }
    }

    func findHeadRows(_ packed: PackedShape, _ head: HeadRows) {
        findFirstRows(packed)
        headRows.removeAll(keepingCapacity: true)
        switch head {
        case .all:
            for (step, batch) in packed.batchSizes.enumerated() {
                for sequence in 0..<batch {
                    headRows.append(HeadRow(row: firstRows[step] + sequence, step: step, sequence: sequence))
                }
            }
        case .last:
            var step = packed.steps - 1
            for sequence in 0..<packed.batch {
                while packed.batchSizes[step] <= sequence { step -= 1 }
                headRows.append(HeadRow(row: firstRows[step] + sequence, step: step, sequence: sequence))
            }
        }
    }

    func findReversedRows(_ packed: PackedShape) {
        findFirstRows(packed)
        reversedRows.removeAll(keepingCapacity: true)
        reversedRows.append(contentsOf: repeatElement(0, count: packed.rows))
        var length = packed.steps
        for sequence in 0..<packed.batch {
            while packed.batchSizes[length - 1] <= sequence { length -= 1 }
            for step in 0..<length {
                reversedRows[firstRows[step] + sequence] = firstRows[length - 1 - step] + sequence
            }
        }
    }

    func swapGradients() { swap(&dHidden, &dBelow) }

    private func take(_ count: Int) -> UnsafeMutablePointer<Scalar> {
        let pointer = AlignedBuffer<Scalar>.allocate(count)
        memory.append(pointer)
        return pointer
    }
}
