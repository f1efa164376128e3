/// Earlier windows of a sequence, to be learned from once more beside the newest one (experience replay, Lin 1992): what
/// was learned from them is not forgotten for what came last, and a step does not follow one window alone.
struct ReplayMemory<Scalar: BitwiseCopyable & Sendable>: Sendable {
    /// Windows that are kept; each new one takes the place of the oldest.
    let capacity: Int
    /// Scalars of a window's inputs, targets and initial state.
    private let widths: (inputs: Int, targets: Int, state: Int)
    private var inputs: [Scalar] = []
    private var targets: [Scalar] = []
    private var states: [Scalar] = []
    private var next = 0

    init(capacity: Int, inputs: Int, targets: Int, state: Int) {
        self.capacity = capacity
        widths = (inputs, targets, state)
    }

    /// Of memory.
    var bytes: Int { ArrayBytes.of(inputs) + ArrayBytes.of(targets) + ArrayBytes.of(states) }

    var count: Int { targets.count / max(widths.targets, 1) }

    mutating func add(inputs x: ArraySlice<Scalar>, targets y: ArraySlice<Scalar>, state: ArraySlice<Scalar>) {
        if capacity == 0 { return }
        if count < capacity {
            // By itself an array doubles.
            inputs.reserveCapacity(inputs.count + widths.inputs)
            targets.reserveCapacity(targets.count + widths.targets)
            states.reserveCapacity(states.count + widths.state)
            inputs += x
            targets += y
            states += state
            return
        }
        inputs.replaceSubrange(next * widths.inputs..<(next + 1) * widths.inputs, with: x)
        targets.replaceSubrange(next * widths.targets..<(next + 1) * widths.targets, with: y)
        states.replaceSubrange(next * widths.state..<(next + 1) * widths.state, with: state)
        next = (next + 1) % capacity
    }

    /// Calls `body` with inputs, targets and initial state of a window. Which one is drawn from `number` alone, so that
    /// the same training is the same everywhere.
    func withWindow(
        drawnBy number: Int64, _ body: (UnsafePointer<Scalar>, UnsafePointer<Scalar>, UnsafePointer<Scalar>) -> Void
    ) {
        var generator = SeededGenerator(seed: UInt64(bitPattern: number))
        let window = Int(generator.next() % UInt64(count))
        inputs.withUnsafeBufferPointer { inputs in
            targets.withUnsafeBufferPointer { targets in
                states.withUnsafeBufferPointer { states in
                    body(
                        inputs.baseAddress! + window * widths.inputs, targets.baseAddress! + window * widths.targets,
                        states.baseAddress! + window * widths.state)
                }
            }
        }
    }

    func encode(into writer: inout StateWriter) {
        writer.write(inputs)
        writer.write(targets)
        writer.write(states)
        writer.write(Int32(next))
    }

    mutating func decode(from reader: inout StateReader) throws {
        inputs = try reader.readArray(atMost: capacity * widths.inputs, field: "inputs of earlier windows")
        let found = inputs.count / max(widths.inputs, 1)
        targets = try reader.readArray(count: found * widths.targets, field: "targets of earlier windows")
        states = try reader.readArray(count: found * widths.state, field: "states of earlier windows")
        next = Int(try reader.read(Int32.self))
        guard inputs.count == found * widths.inputs, (0..<max(capacity, 1)).contains(next) else {
            throw StateError.invalid(
                field: "earlier windows", found: "\(inputs.count) inputs, place \(next)",
                expected: "whole windows of \(widths.inputs)")
        }
    }
}
