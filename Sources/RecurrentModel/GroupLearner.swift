public import Kernels

/// Where the steps of one sequence of a group are being recorded. Beside it, a sequence has a state of its own:
/// `network.stateWidth` scalars after its last step, attention's memory included; zeros before the first.
public struct GroupPlace: Sendable {
    /// Where the learner records its steps, if `ticket` is still that seat's.
    var seat: Int32 = -1
    var ticket: UInt32 = 0
    /// Its row of the batch at hand.
    var row: UInt8 = 0

    public init() {}
}

/// One thread's part of a group: very many sequences without end that share one network, each with a state of its own.
///
///     for i in due { learner.add(&places[i], state: h[i], input: x[i], learns: true) }  // at most `mostRows`, each once
///     learner.run()
///     for i in due { use(learner.output(of: places[i])); learner.observe(&places[i], state: h[i], target: y[i]) }
///     learner.finish()
///
/// A batch of steps is one product of matrices for each weight matrix. So is learning: of some members (`seats`), one in
/// eight of very many, the last inputs are recorded until they are a window of k2 steps, and when a mini-batch of windows is
/// full, they are run again from the states before them, differentiated (truncated back-propagation through time, with
/// k1 = k2), and the optimiser takes one step for all. Then other members are recorded, in the order in which their points
/// come. So what a stream costs in memory is its state, and its share of the seats.
public final class GroupLearner<Scalar: KernelScalar> {
    /// Sequences in a batch of steps.
    public static var mostRows: Int { 64 }
    /// Windows in a mini-batch, if there are members enough.
    private static var mostWindows: Int { 32 }
    /// Seats whose windows are full before there is a mini-batch: one of so many, so that it never waits for more of them.
    private static var seatsPerWindow: Int { 4 }
    /// Members that are recorded: all of so many, and one of so many of the others.
    private static var fewestSeats: Int { 64 }
    private static var membersPerSeat: Int { 8 }
    /// A seat whose member has no step while the others have so many each is given to another one.
    private static var patience: Int64 { 16 }

    public let shared: SharedWeights<Scalar>
    /// Sequences of this thread's part; decides how many are recorded.
    public var members = 0
    /// False while points are stepped through that were learned from before.
    public var isRecording = true
    private let network: Network<Scalar>
    private let workspace: Workspace<Scalar>
    /// This thread's copy of the weights.
    private let weights: UnsafeMutablePointer<Scalar>
    // Unchecked: a step would look a dozen times whether another access is under way, a tenth of its time.
    @exclusivity(unchecked) private var version = 0

    /// Rows of the batch at hand.
    @exclusivity(unchecked) public private(set) var rows = 0
    /// (I, `mostRows`), and for each row the state of a member.
    @exclusivity(unchecked) private var inputs: [Scalar]
    @exclusivity(unchecked) private var states: [Scalar]
    /// The states block after block, each (width, B), as the network wants them.
    @exclusivity(unchecked) private var blocks: [Scalar]

    /// Steps of all members.
    @exclusivity(unchecked) private var clock: Int64 = 0
    @exclusivity(unchecked) private var seats: [Seat] = []
    @exclusivity(unchecked) private var free: [Int32] = []
    @exclusivity(unchecked) private var ready: [Int32] = []
    /// The seat that is looked at next for a member that has gone.
    @exclusivity(unchecked) private var hand = 0
    /// (I, k2), (values, k2), and the state before them, for each seat.
    @exclusivity(unchecked) private var seatInputs: [Scalar] = []
    @exclusivity(unchecked) private var seatTargets: [Scalar] = []
    @exclusivity(unchecked) private var seatStates: [Scalar] = []
    /// The mini-batch: (I, N), (values, N), and the states before it, block after block.
    private var windowInputs: [Scalar] = []
    private var windowTargets: [Scalar] = []
    private var windowStates: [Scalar] = []

    private struct Seat {
        /// Given to the member that sits here; no member that was here before has it.
        var ticket: UInt32 = 0
        var filled: Int32 = 0
        /// When its member had its last step.
        var touched: Int64 = 0
    }

    /// - Parameter workspace: of the same network, for this thread.
    public init(_ shared: SharedWeights<Scalar>, workspace: Workspace<Scalar>) {
        self.shared = shared
        self.workspace = workspace
        network = shared.network
        weights = AlignedBuffer<Scalar>.allocate(network.layout.count)
        inputs = Array(repeating: 0, count: Self.mostRows * network.shape.inputs)
        states = Array(repeating: 0, count: Self.mostRows * network.stateWidth)
        blocks = states
    }

    deinit { weights.deallocate() }

    /// Numbers in a target: values that the network predicts at each step.
    public var values: Int { network.shape.outputs / shared.training.loss.outputsPerTarget }

    private var k2: Int { shared.training.k2 }

    // MARK: A batch of steps

    /// Puts the next step of a member into the batch.
    ///
    /// - Parameters:
    ///   - state: the member's.
    ///   - input: (I).
    ///   - learns: whether this step may be learned from.
    /// - Precondition: fewer than `mostRows` are in it, and not this member.
    @specialized(where Scalar == Float)
    public func add(
        _ place: inout GroupPlace, state: UnsafePointer<Scalar>, input: UnsafePointer<Scalar>, learns: Bool
    ) {
        precondition(rows < Self.mostRows, "the batch is full")
        let width = network.shape.inputs
        inputs.withUnsafeMutableBufferPointer { x in
            (x.baseAddress! + rows * width).update(from: input, count: width)
        }
        let s = network.stateWidth
        states.withUnsafeMutableBufferPointer { ($0.baseAddress! + rows * s).update(from: state, count: s) }
        place.row = UInt8(rows)
        rows += 1
        clock += 1
        record(&place, state, input, learns: learns && isRecording && shared.training.enabled)
    }

    /// Runs the batch.
    @specialized(where Scalar == Float)
    public func run() {
        version = shared.copy(to: weights, newerThan: version)
        let packed = PackedShape(steps: 1, batch: rows)
        gather(states, to: &blocks, count: rows)
        inputs.withUnsafeBufferPointer { x in
            blocks.withUnsafeMutableBufferPointer { s in
                network.forward(
                    packed, parameters: weights, x: x.baseAddress!, initial: UnsafePointer(s.baseAddress!),
                    workspace: workspace)
                network.copyFinalStates(packed, workspace: workspace, to: s.baseAddress!)
            }
        }
        scatter(blocks, to: &states, count: rows)
    }

    /// The output (O) for a member of the batch that was run, until the next `finish`.
    public func output(of place: GroupPlace) -> UnsafePointer<Scalar> {
        UnsafePointer(workspace.outputs + Int(place.row) * network.shape.outputs)
    }

    /// Says what the output for a member of the batch should have been (`values` numbers; NaN: not known), and hands its
    /// new state to it.
    @specialized(where Scalar == Float)
    public func observe(
        _ place: inout GroupPlace, state: UnsafeMutablePointer<Scalar>, target: UnsafePointer<Scalar>
    ) {
        let s = network.stateWidth
        states.withUnsafeBufferPointer { state.update(from: $0.baseAddress! + Int(place.row) * s, count: s) }
        guard isSeated(place) else { return }
        let seat = Int(place.seat)
        let n = values
        let first = (seat * k2 + Int(seats[seat].filled)) * n
        seatTargets.withUnsafeMutableBufferPointer { ($0.baseAddress! + first).update(from: target, count: n) }
        seats[seat].filled += 1
        guard Int(seats[seat].filled) == k2 else { return }
        ready.append(place.seat)
        // Whoever sits here next has another one.
        seats[seat].ticket &+= 1
        place.seat = -1
    }

    /// Ends the batch, and learns when there are windows enough.
    public func finish() {
        rows = 0
        let wanted = max(1, min(Self.mostWindows, min(members, mostSeats) / Self.seatsPerWindow))
        // Those whose points come together are ready together, and still are several mini-batches.
        while ready.count >= wanted {
            learn(from: ready.prefix(wanted))
            free.append(contentsOf: ready.prefix(wanted))
            ready.removeFirst(wanted)
        }
    }

    // MARK: Recording

    private func isSeated(_ place: GroupPlace) -> Bool {
        place.seat >= 0 && seats[Int(place.seat)].ticket == place.ticket
    }

    @specialized(where Scalar == Float)
    private func record(
        _ place: inout GroupPlace, _ state: UnsafePointer<Scalar>, _ input: UnsafePointer<Scalar>, learns: Bool
    ) {
        if !isSeated(place) {
            place.seat = -1
            if learns { seat(&place, state) }
        } else if !learns {
            seats[Int(place.seat)].ticket &+= 1
            free.append(place.seat)
            place.seat = -1
        }
        guard place.seat >= 0 else { return }
        let seat = Int(place.seat)
        seats[seat].touched = clock
        let width = network.shape.inputs
        let first = (seat * k2 + Int(seats[seat].filled)) * width
        seatInputs.withUnsafeMutableBufferPointer { ($0.baseAddress! + first).update(from: input, count: width) }
    }

    /// Gives a seat to a member, if there is one for it; the window begins with the step at hand.
    private func seat(_ place: inout GroupPlace, _ state: UnsafePointer<Scalar>) {
        guard let number = free.popLast() ?? newSeat() ?? deserted() else { return }
        let seat = Int(number)
        seats[seat].ticket &+= 1
        seats[seat].filled = 0
        (place.seat, place.ticket) = (number, seats[seat].ticket)
        let s = network.stateWidth
        seatStates.withUnsafeMutableBufferPointer { ($0.baseAddress! + seat * s).update(from: state, count: s) }
    }

    private var mostSeats: Int { max(Self.fewestSeats, members / Self.membersPerSeat) }

    private func newSeat() -> Int32? {
        guard seats.count < mostSeats else { return nil }
        makeRoom(for: 1, in: &seats)
        makeRoom(for: k2 * network.shape.inputs, in: &seatInputs)
        makeRoom(for: k2 * values, in: &seatTargets)
        makeRoom(for: network.stateWidth, in: &seatStates)
        seats.append(Seat())
        seatInputs.append(contentsOf: repeatElement(0, count: k2 * network.shape.inputs))
        seatTargets.append(contentsOf: repeatElement(.nan, count: k2 * values))
        seatStates.append(contentsOf: repeatElement(0, count: network.stateWidth))
        return Int32(seats.count - 1)
    }

    /// By itself an array doubles, and up to half of it would be of no use to anybody.
    private func makeRoom<T>(for more: Int, in array: inout [T]) {
        if array.count + more > array.capacity { array.reserveCapacity(array.count + array.count / 8 + more) }
    }

    /// The seat of a member that has stayed away; one seat is looked at each time. One that is ready is none.
    private func deserted() -> Int32? {
        hand = hand + 1 < seats.count ? hand + 1 : 0
        let patience = Self.patience * Int64(max(members, Self.fewestSeats))
        guard clock - seats[hand].touched > patience, Int(seats[hand].filled) < k2 else { return nil }
        return Int32(hand)
    }

    // MARK: Learning

    @specialized(where Scalar == Float)
    private func learn(from windows: ArraySlice<Int32>) {
        let count = windows.count
        let rows = k2 * count
        grow(&windowInputs, to: rows * network.shape.inputs)
        grow(&windowTargets, to: rows * values)
        grow(&windowStates, to: count * network.stateWidth)
        arrange(windows, seatInputs, width: network.shape.inputs, to: &windowInputs)
        arrange(windows, seatTargets, width: values, to: &windowTargets)
        var starts: [Scalar] = []
        starts.reserveCapacity(count * network.stateWidth)
        for seat in windows {
            starts.append(contentsOf: seatStates[Int(seat) * network.stateWidth..<(Int(seat) + 1) * network.stateWidth])
        }
        gather(starts, to: &windowStates, count: count)
        guard windowTargets.prefix(rows * values).contains(where: { !$0.isNaN }) else { return }

        version = shared.copy(to: weights, newerThan: version)
        let packed = PackedShape(steps: k2, batch: count)
        let isWatched = shared.updates % 8 == 0
        workspace.reserve(rows: rows, batch: count)
        workspace.gradient.update(repeating: 0, count: network.layout.count)
        let loss = windowInputs.withUnsafeBufferPointer { x in
            windowStates.withUnsafeBufferPointer { initial in
                windowTargets.withUnsafeBufferPointer { targets in
                    network.differentiate(
                        packed, parameters: weights, x: x.baseAddress!, targets: targets.baseAddress!,
                        initial: initial.baseAddress!, loss: shared.training.loss,
                        gains: isWatched ? workspace.gains : nil, workspace: workspace)
                }
            }
        }
        var health: GradientHealth?
        if isWatched { health = GradientHealth(of: network, steps: k2, workspace) }
        shared.learn(workspace.gradient, loss: loss, windows: count, health: health)
    }

    /// Windows step after step, from the seats, which have window after window.
    @specialized(where Scalar == Float)
    private func arrange(
        _ windows: ArraySlice<Int32>, _ source: [Scalar], width: Int, to target: inout [Scalar]
    ) {
        let count = windows.count
        for (window, seat) in windows.enumerated() {
            for step in 0..<k2 {
                let (from, to) = ((Int(seat) * k2 + step) * width, (step * count + window) * width)
                for i in 0..<width { target[to + i] = source[from + i] }
            }
        }
    }

    // MARK: States

    /// From state after state to block after block.
    @specialized(where Scalar == Float)
    private func gather(_ source: [Scalar], to target: inout [Scalar], count: Int) {
        move(count) { own, block, width in
            for i in 0..<width { target[block + i] = source[own + i] }
        }
    }

    /// The other way round.
    @specialized(where Scalar == Float)
    private func scatter(_ source: [Scalar], to target: inout [Scalar], count: Int) {
        move(count) { own, block, width in
            for i in 0..<width { target[own + i] = source[block + i] }
        }
    }

    /// Calls `body` with the places of each part of each state: among the states, and among the blocks; and its width.
    @inline(__always)
    private func move(_ count: Int, _ body: (_ own: Int, _ block: Int, _ width: Int) -> Void) {
        var first = 0
        for width in network.stateBlocks {
            for row in 0..<count { body(row * network.stateWidth + first, first * count + row * width, width) }
            first += width
        }
    }

    private func grow(_ buffer: inout [Scalar], to count: Int) {
        if buffer.count < count { buffer.append(contentsOf: repeatElement(0, count: count - buffer.count)) }
    }
}
