import Kernels

/// What the last update says about the training: how long the gradients of each layer were, and whether they reach
/// back through the window.
public struct GradientHealth: Sendable, Equatable {
    /// Below this gain over the window, gradients vanish: the newest error says nothing about the window's first
    /// steps, and dependencies as long as the window can't be learned. It lies below what is ordinary: an untrained
    /// GRU, whose update gate stands at ½, halves gradients at each step (2⁻³² = 2 · 10⁻¹⁰ over 32 steps), and
    /// measured over 32 steps on four real series, GRUs and RNNs that began with `xavier` had 10⁻⁹ to 0.1. RNNs that
    /// began with recurrent weights of size 0.01 (`normal`) had 10⁻²⁸ or less.
    public static let vanishing = 1e-12
    /// Above this gain over the window, gradients explode: the window's first step outweighs its last one a thousand
    /// times, so clipping leaves next to nothing of what the newest points teach.
    public static let exploding = 1e3

    public enum Judgement: String, Sendable, CaseIterable {
        /// No update yet, or one without a target.
        case unknown
        case healthy, vanishing, exploding
    }

    /// One recurrent layer. Norms are Euclidean, of the mean loss over the window, before clipping.
    public struct Layer: Sendable, Equatable {
        /// ‖∂loss/∂(input weights)‖.
        public internal(set) var inputNorm = 0.0
        /// ‖∂loss/∂(recurrent weights)‖.
        public internal(set) var recurrentNorm = 0.0
        /// How much longer a gradient became on its way from the window's last step to its first, through this
        /// layer's recurrence: ‖∂loss/∂state‖ there to ‖∂loss/∂state‖ here, if only the last step had a loss.
        public internal(set) var gain = 0.0

        public var judgement: Judgement {
            if !inputNorm.isFinite || !recurrentNorm.isFinite || !(gain <= GradientHealth.exploding) {
                return .exploding
            }
            if inputNorm == 0 && recurrentNorm == 0 { return .unknown }
            return gain < GradientHealth.vanishing ? .vanishing : .healthy
        }
    }

    /// From the bottom up.
    public internal(set) var layers: [Layer]
    /// Steps of the last update's window; 0 before the first.
    public internal(set) var steps = 0

    init(layers: Int) { self.layers = Array(repeating: Layer(), count: layers) }

    /// The worst of the layers: `exploding` before `vanishing` before `healthy`.
    public var judgement: Judgement {
        let all = layers.map(\.judgement)
        for worst in [Judgement.exploding, .vanishing, .healthy] where all.contains(worst) { return worst }
        return .unknown
    }

    /// Of the gradient that a backward pass with gains has left in the workspace.
    init<Scalar: KernelScalar>(of network: Network<Scalar>, steps: Int, _ workspace: Workspace<Scalar>) {
        self.init(layers: network.layers.count)
        self.steps = steps
        for (i, layer) in network.layers.enumerated() {
            layers[i].gain = workspace.gains[i]
            layers[i].inputNorm = layer.inputNorm(of: workspace.gradient)
            layers[i].recurrentNorm = layer.recurrentNorm(of: workspace.gradient)
        }
    }

    func encode(into writer: inout StateWriter) {
        writer.write(Int32(steps))
        for layer in layers {
            writer.write(layer.inputNorm)
            writer.write(layer.recurrentNorm)
            writer.write(layer.gain)
        }
    }

    /// Puts back what `encode` wrote of as many layers.
    mutating func decode(from reader: inout StateReader) throws {
        steps = Int(try reader.read(Int32.self))
        for i in layers.indices {
            layers[i].inputNorm = try reader.readDouble()
            layers[i].recurrentNorm = try reader.readDouble()
            layers[i].gain = try reader.readDouble()
        }
    }
}
