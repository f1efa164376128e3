public import Kernels

/// How a stream's network learns while it runs.
public struct TrainingSettings: Sendable, Equatable {
    /// Steps between two updates, and steps that each update goes back: k1 ≤ k2.
    public var k1: Int
    public var k2: Int
    public var rate: Double
    public var optimiser: OptimiserKind
    public var loss: LossKind
    public var clip: Double
    public var clipBy: ClipKind
    /// Earlier windows of k2 steps that are kept; each update learns from one of them, too. 0: from the newest alone.
    public var replay: Int
    /// How the optimiser keeps its moments.
    public var moments: MomentWidth
    /// Steps by which the first update comes sooner, below k1: so that streams which begin together do not learn at once.
    public var phase = 0
    /// False leaves the weights as they are.
    public var enabled: Bool

    public init(
        k1: Int, k2: Int, rate: Double, optimiser: OptimiserKind = .adam, loss: LossKind = .mse, clip: Double = 1,
        clipBy: ClipKind = .norm, replay: Int = 0, moments: MomentWidth = .full, enabled: Bool = true
    ) {
        precondition(k1 > 0 && k2 >= k1, "1 ≤ k1 ≤ k2")
        self.k1 = k1
        self.k2 = k2
        self.rate = rate
        self.optimiser = optimiser
        self.loss = loss
        self.clip = clip
        self.clipBy = clipBy
        self.replay = replay
        self.moments = moments
        self.enabled = enabled
    }
}

/// One sequence without end: a network that runs step by step and learns by truncated back-propagation through time
/// (Williams & Peng 1990: BPTT(h; h') with h = k2, h' = k1).
///
/// Call `step` with an input and then `observe` with what the output should have been, in turns. After every k1
/// observations the last k2 steps are run again with today's weights, from the state that was current before the
/// first of them, as computed then; the loss over all of them is differentiated, and the optimiser takes one step. The
/// current state is never reset, and not recomputed after an update. Activations are not kept between updates: inputs
/// and a few states are, which is an order of magnitude less memory.
public struct OnlineLearner<Scalar: KernelScalar>: Sendable {
    public let network: Network<Scalar>
    public let training: TrainingSettings
    /// In one piece, as each array has a head of its own: the weights; the state; (I, k2 + 1) inputs and (values, k2 + 1)
    /// targets of the window, of which NaN means missing; the states before those rows at which it can start, in their
    /// order; three numbers of health for each layer.
    var memory: AlignedBuffer<Scalar>
    var optimiser: Optimiser<Scalar>
    /// Observations so far.
    public internal(set) var observations: Int64 = 0
    /// `training.phase`, or that of the state which it goes on from.
    var phase: Int64
    /// Norm of the last gradient before clipping, and the loss it came from; 0 before the first update.
    public internal(set) var gradientNorm = 0.0
    public internal(set) var loss = 0.0
    /// Updates that were left out because the gradient was not finite.
    public internal(set) var skippedUpdates: Int64 = 0

    // The window: up to k2 steps that have been observed, and one more between `step` and `observe`.
    /// Steps in the window.
    var filled = 0
    /// Those of them before which the state is kept, so that a later update can start there.
    var starts = 0
    /// Steps of the last update whose gradient was looked at.
    var healthSteps = 0
    var replay: ReplayMemory<Scalar>

    /// - Precondition: the network runs one way only, because the future is not known here, and has
    ///   `training.loss.outputsPerTarget` outputs for each value.
    public init(_ network: Network<Scalar>, training: TrainingSettings, parameters: [Scalar]) {
        network.require(parameters, for: training)
        self.network = network
        self.training = training
        phase = Int64(training.phase)
        optimiser = Optimiser(
            training.optimiser, parameters: training.enabled ? parameters.count : 0, width: training.moments)
        let values = network.shape.outputs / training.loss.outputsPerTarget
        replay = ReplayMemory(
            capacity: training.enabled ? training.replay : 0, inputs: training.k2 * network.shape.inputs,
            targets: training.k2 * values, state: network.stateWidth)
        let rows = training.enabled ? training.k2 + 1 : 1
        let most = training.enabled ? (training.k2 + training.k1 - 1) / training.k1 + 1 : 0
        memory = AlignedBuffer(
            parameters,
            more: rows * (network.shape.inputs + values) + (1 + most) * network.stateWidth + 3 * network.layers.count)
    }

    // Places in `memory`.
    var stateStart: Int { network.layout.count }
    var inputsStart: Int { stateStart + network.stateWidth }
    var targetsStart: Int { inputsStart + windowRows * network.shape.inputs }
    var startsStart: Int { targetsStart + windowRows * values }
    private var windowRows: Int { training.enabled ? training.k2 + 1 : 1 }
    private var healthStart: Int { memory.count - 3 * network.layers.count }

    /// The flat buffer that `network.layout` describes; a copy.
    public internal(set) var parameters: [Scalar] {
        get { Array(memory.numbers(0, count: network.layout.count)) }
        set { set(newValue, at: 0) }
    }

    /// `network.stateWidth` scalars: the state after the last step, attention's memory included.
    public package(set) var state: [Scalar] {
        get { Array(memory.numbers(stateStart, count: network.stateWidth)) }
        set { set(newValue, at: stateStart) }
    }

    /// How a recent gradient (every eighth is looked at) was spread over the layers, and how far back it reached.
    public internal(set) var health: GradientHealth {
        get {
            var health = GradientHealth(layers: network.layers.count)
            health.steps = healthSteps
            for i in health.layers.indices {
                let numbers = memory.numbers(healthStart + 3 * i, count: 3)
                health.layers[i].inputNorm = Double(numbers[0])
                health.layers[i].recurrentNorm = Double(numbers[1])
                health.layers[i].gain = Double(numbers[2])
            }
            return health
        }
        set {
            healthSteps = newValue.steps
            set(
                newValue.layers.flatMap { [Scalar($0.inputNorm), Scalar($0.recurrentNorm), Scalar($0.gain)] },
                at: healthStart)
        }
    }

    mutating func set(_ numbers: [Scalar], at place: Int) {
        let start = memory.makeUnique() + place
        numbers.withUnsafeBufferPointer { if let first = $0.baseAddress { start.update(from: first, count: $0.count) } }
    }

    /// Updates between two looks at the health of the gradients, which cost some 3 % of an update.
    private static var watchInterval: Int64 { 8 }

    /// Optimiser updates so far.
    public var updates: Int64 { optimiser.steps }

    /// Numbers in a target: values that the network predicts at each step.
    public var values: Int { network.shape.outputs / training.loss.outputsPerTarget }

    /// Goes on with other weights. The state and the window stay; the optimiser's moments and the figures of the
    /// training belong to the old weights and begin anew.
    ///
    /// - Precondition: `network.layout.count` parameters.
    public mutating func replaceParameters(_ parameters: [Scalar]) {
        precondition(parameters.count == network.layout.count, "the parameters are those of another network")
        self.parameters = parameters
        optimiser = Optimiser(
            training.optimiser, parameters: training.enabled ? parameters.count : 0, width: training.moments)
        gradientNorm = 0
        loss = 0
        health = GradientHealth(layers: network.layers.count)
        skippedUpdates = 0
    }

    /// Feeds one input (I) and returns the output (O), which lies in the workspace until its next use.
    @specialized(where Scalar == Float)
    public mutating func step(
        _ input: UnsafePointer<Scalar>, workspace: Workspace<Scalar>
    ) -> UnsafePointer<Scalar> {
        if training.enabled { remember(input) }
        let packed = workspace.sequence(steps: 1)
        let weights = memory.makeUnique()
        let state = weights + stateStart
        network.forward(packed, parameters: weights, x: input, initial: state, workspace: workspace)
        network.copyFinalStates(packed, workspace: workspace, to: state)
        return UnsafePointer(workspace.outputs)
    }

    /// Says what the last `step` should have predicted (`values` numbers; NaN: not known), and learns when it is time.
    ///
    /// - Parameter updates: false to leave the weights, and the optimiser, as they are, even if it is time.
    @specialized(where Scalar == Float)
    public mutating func observe(
        _ target: UnsafePointer<Scalar>, workspace: Workspace<Scalar>, updates: Bool = true
    ) {
        observations += 1
        if !training.enabled { return }
        let n = values
        let place = memory.makeUnique() + targetsStart + filled * n
        for i in 0..<n { place[i] = target[i] }
        filled += 1
        if (observations + phase) % Int64(training.k1) == 0 {
            if updates {
                update(workspace)
                keepWindow()
            }
            let surplus = filled + training.k1 - training.k2
            if surplus > 0 { forget(surplus) }
        }
    }

    private mutating func remember(_ input: UnsafePointer<Scalar>) {
        let n = network.shape.inputs
        let memory = memory.makeUnique()
        (memory + inputsStart + filled * n).update(from: input, count: n)
        guard startsWindow(observations) else { return }
        let width = network.stateWidth
        (memory + startsStart + starts * width).update(from: memory + stateStart, count: width)
        starts += 1
    }

    /// Keeps the window if it is a whole one that has no step in common with the one that was kept last.
    private mutating func keepWindow() {
        let k2 = training.k2
        guard replay.capacity > 0, filled >= k2, (observations + phase) % Int64(k2) < Int64(training.k1),
            startsWindow(observations - Int64(filled))
        else { return }
        let start = memory.start
        replay.add(inputs: start + inputsStart, targets: start + targetsStart, state: start + startsStart)
    }

    /// Bytes of memory: of the weights and the state, of the optimiser's moments, of the window, of earlier windows.
    public var footprint: (weights: Int, moments: Int, window: Int, replay: Int) {
        let weights = inputsStart * MemoryLayout<Scalar>.stride
        return (weights, optimiser.bytes, memory.count * MemoryLayout<Scalar>.stride - weights, replay.bytes)
    }

    /// Says where the memory lies that each step needs.
    public func locate(in map: MemoryMap) { memory.locate(in: map, count: inputsStart) }

    /// Whether a window can begin with the step after so many observations: updates come at each k1-th of them and start k2
    /// steps before; the first ones start at the beginning.
    func startsWindow(_ observations: Int64) -> Bool {
        observations == 0 || (observations + phase + Int64(training.k2)) % Int64(training.k1) == 0
    }

    @specialized(where Scalar == Float)
    private mutating func update(_ workspace: Workspace<Scalar>) {
        let packed = workspace.sequence(steps: filled)
        let count = network.layout.count
        let isWatched = updates % Self.watchInterval == 0
        // For both passes at once: growing in between would lose the gradient of the first.
        workspace.reserve(rows: max(filled, training.k2), batch: 1)
        workspace.gradient.update(repeating: 0, count: count)
        let weights = memory.makeUnique()
        loss = network.differentiate(
            packed, parameters: weights, x: weights + inputsStart, targets: weights + targetsStart,
            initial: weights + startsStart, loss: training.loss, gains: isWatched ? workspace.gains : nil,
            workspace: workspace)
        if replay.count > 0 {
            let packed = workspace.sequence(steps: training.k2)
            let (x, targets, initial) = replay.window(drawnBy: updates, into: workspace.window(replay.width))
            _ = network.differentiate(
                packed, parameters: weights, x: x, targets: targets, initial: initial, loss: training.loss, gains: nil,
                workspace: workspace)
        }
        if isWatched { health = GradientHealth(of: network, steps: filled, workspace) }
        gradientNorm = training.clipBy.apply(
            threshold: training.clip, count: count, gradient: workspace.gradient)
        guard gradientNorm.isFinite else {
            skippedUpdates += 1
            return
        }
        optimiser.step(
            rate: training.rate, count: count, gradient: workspace.gradient, parameters: weights)
    }

    /// Drops the oldest `rows` rows of the window.
    private mutating func forget(_ rows: Int) {
        let first = observations - Int64(filled)
        var gone = 0
        for row in 0..<rows where startsWindow(first + Int64(row)) { gone += 1 }
        let keep = filled - rows
        move(inputsStart, from: rows * network.shape.inputs, count: keep * network.shape.inputs)
        move(targetsStart, from: rows * values, count: keep * values)
        move(startsStart, from: gone * network.stateWidth, count: (starts - gone) * network.stateWidth)
        filled = keep
        starts -= gone
    }

    /// Moves numbers of `memory` to the beginning of their part.
    private mutating func move(_ start: Int, from place: Int, count: Int) {
        let start = memory.makeUnique() + start
        start.update(from: start + place, count: count)
    }
}
