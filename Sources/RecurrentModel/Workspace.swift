public import Kernels

/// Scratch memory for runs of one network: activations, outputs, gradients. It grows to the largest run it has seen
/// and is then reused, so stepping and training allocate nothing. One thread at a time.
public final class Workspace<Scalar: KernelScalar> {
    let network: Network<Scalar>
    private var rows = 0
    private var batch = 0
    private var memory: [UnsafeMutablePointer<Scalar>] = []

    /// What each layer's forward pass leaves for its backward pass.
    private(set) var tapes: [RecurrentLayer<Scalar>.Tape] = []
    /// (O, N), written by `Network.forward`.
    public private(set) var outputs: UnsafeMutablePointer<Scalar>
    /// (O, N), read by `Network.backward`.
    public private(set) var dOutputs: UnsafeMutablePointer<Scalar>
    /// (H, N): ∂loss/∂output of the layer at hand, and of the one below it.
    private(set) var dHidden: UnsafeMutablePointer<Scalar>
    private(set) var dBelow: UnsafeMutablePointer<Scalar>
    /// (S, B).
    private(set) var dState: UnsafeMutablePointer<Scalar>
    /// Any weight matrix of the network, transposed.
    private(set) var transposed: UnsafeMutablePointer<Scalar>
    /// As large as the parameters.
    public private(set) var gradient: UnsafeMutablePointer<Scalar>
    /// Shapes of single sequences by their length, made once.
    private var single: [PackedShape] = []

    public init(for network: Network<Scalar>) {
        self.network = network
        outputs = .allocate(capacity: 1)
        dOutputs = outputs
        dHidden = outputs
        dBelow = outputs
        dState = outputs
        transposed = outputs
        gradient = outputs
        memory = [outputs]
        reserve(rows: 1, batch: 1)
    }

    deinit { memory.forEach { $0.deallocate() } }

    /// The shape of one sequence of `steps` steps.
    func sequence(steps: Int) -> PackedShape {
        while single.count <= steps { single.append(PackedShape(steps: single.count)) }
        return single[steps]
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
        tapes = network.layers.map { layer in
            RecurrentLayer<Scalar>.Tape(
                x: take(layer.gateRows * n), r: take(layer.gateRows * n), states: take(layer.stateWidth * n))
        }
        outputs = take(shape.outputs * n)
        dOutputs = take(shape.outputs * n)
        dHidden = take(shape.hidden * n)
        dBelow = take(shape.hidden * n)
        dState = take((network.layers.map(\.stateWidth).max() ?? 0) * self.batch)
        transposed = take(network.layout.views.map(\.count).max() ?? 0)
        gradient = take(network.layout.count)
    }

    func swapGradients() { swap(&dHidden, &dBelow) }

    private func take(_ count: Int) -> UnsafeMutablePointer<Scalar> {
        let pointer = UnsafeMutablePointer<Scalar>.allocate(capacity: max(count, 1))
        pointer.initialize(repeating: 0, count: max(count, 1))
        memory.append(pointer)
        return pointer
    }
}
