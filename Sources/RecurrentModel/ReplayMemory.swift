import Kernels

/// Earlier windows of a sequence, to be learned from once more beside the newest one (experience replay, Lin 1992): what
/// was learned from them is not forgotten for what came last, and a step does not follow one window alone.
///
/// They are kept in 16 bits each number, with a grid for each window (`Grid16`): inputs, targets and states are of one
/// size, and the error of 1/65,000 of what they span is far below the noise of any that is worth learning from.
struct ReplayMemory<Scalar: KernelScalar>: Sendable {
    /// Windows that are kept; each new one takes the place of the oldest.
    let capacity: Int
    /// Scalars of a window's inputs, targets and initial state.
    private let widths: (inputs: Int, targets: Int, state: Int)
    /// Window by window: inputs, targets and initial state, and behind them their grid.
    private var numbers: [UInt16] = []
    private var next = 0

    init(capacity: Int, inputs: Int, targets: Int, state: Int) {
        self.capacity = capacity
        widths = (inputs, targets, state)
    }

    /// Of memory.
    var bytes: Int { ArrayBytes.of(numbers) }

    var count: Int { numbers.count / stride }

    /// Scalars of a window.
    var width: Int { widths.inputs + widths.targets + widths.state }
    /// From one window to the next.
    private var stride: Int { width + MemoryLayout<Grid16>.size / MemoryLayout<UInt16>.size }

    /// Takes a window; none of its numbers is infinite.
    mutating func add(inputs x: UnsafePointer<Scalar>, targets y: UnsafePointer<Scalar>, state: UnsafePointer<Scalar>) {
        if capacity == 0 { return }
        withUnsafeTemporaryAllocation(of: Float.self, capacity: width) { window in
            for i in 0..<widths.inputs { window[i] = Float(x[i]) }
            for i in 0..<widths.targets { window[widths.inputs + i] = Float(y[i]) }
            for i in 0..<widths.state { window[widths.inputs + widths.targets + i] = Float(state[i]) }
            put(UnsafeBufferPointer(window))
        }
    }

    private mutating func put(_ window: UnsafeBufferPointer<Float>) {
        var place = next
        if count < capacity {
            place = count
            // By itself an array doubles.
            numbers.reserveCapacity(numbers.count + stride)
            numbers.append(contentsOf: repeatElement(0, count: stride))
        } else {
            next = (next + 1) % capacity
        }
        let grid = Grid16(window)
        let start = place * stride
        numbers.withUnsafeMutableBufferPointer { numbers in
            let start = numbers.baseAddress! + start
            grid.write(window, to: start)
            UnsafeMutableRawPointer(start + window.count).storeBytes(of: grid, as: Grid16.self)
        }
    }

    private func grid(of window: Int) -> Grid16 {
        numbers.withUnsafeBufferPointer {
            UnsafeRawPointer($0.baseAddress! + window * stride + width).loadUnaligned(as: Grid16.self)
        }
    }

    /// Inputs, targets and initial state of a window, in a buffer of `width` scalars. Which one is drawn from `number`
    /// alone, so that the same training is the same everywhere.
    func window(
        drawnBy number: Int64, into buffer: UnsafeMutablePointer<Scalar>
    ) -> (inputs: UnsafePointer<Scalar>, targets: UnsafePointer<Scalar>, state: UnsafePointer<Scalar>) {
        var generator = SeededGenerator(seed: UInt64(bitPattern: number))
        let window = Int(generator.next() % UInt64(count))
        let grid = grid(of: window)
        numbers.withUnsafeBufferPointer { grid.read($0.baseAddress! + window * stride, count: width, to: buffer) }
        let start = UnsafePointer(buffer)
        return (start, start + widths.inputs, start + widths.inputs + widths.targets)
    }

    // MARK: State

    func encode(into writer: inout StateWriter) {
        writer.write(numbers)
        writer.write(Int32(next))
    }

    mutating func decode(from reader: inout StateReader) throws where Scalar: BitwiseCopyable {
        (numbers, next) = ([], 0)
        let place: Int
        if reader.format < ShortMoments.format {
            place = try decodeFull(from: &reader)
        } else {
            numbers = try reader.readArray(atMost: capacity * stride, field: "earlier windows")
            place = Int(try reader.read(Int32.self))
        }
        guard numbers.count == count * stride, (0..<max(capacity, 1)).contains(place), place == 0 || count == capacity,
            (0..<count).allSatisfy({ grid(of: $0).isFinite })
        else {
            throw StateError.invalid(
                field: "earlier windows", found: "\(numbers.count) numbers, place \(place)",
                expected: "whole windows of \(width) on finite grids")
        }
        next = place
    }

    /// As they were saved before they were kept in 16 bits.
    ///
    /// - Returns: the place of the next one.
    private mutating func decodeFull(from reader: inout StateReader) throws -> Int where Scalar: BitwiseCopyable {
        let inputs: [Scalar] = try reader.readArray(
            atMost: capacity * widths.inputs, field: "inputs of earlier windows")
        let found = inputs.count / max(widths.inputs, 1)
        let targets: [Scalar] = try reader.readArray(
            count: found * widths.targets, field: "targets of earlier windows")
        let states: [Scalar] = try reader.readArray(count: found * widths.state, field: "states of earlier windows")
        guard inputs.count == found * widths.inputs, ![inputs, targets, states].joined().contains(where: \.isInfinite)
        else {
            throw StateError.invalid(
                field: "earlier windows", found: "\(inputs.count) inputs",
                expected: "whole windows of \(widths.inputs), none of them infinite")
        }
        for window in 0..<found {
            inputs.withUnsafeBufferPointer { x in
                targets.withUnsafeBufferPointer { y in
                    states.withUnsafeBufferPointer { state in
                        add(
                            inputs: x.baseAddress! + window * widths.inputs,
                            targets: y.baseAddress! + window * widths.targets,
                            state: state.baseAddress! + window * widths.state)
                    }
                }
            }
        }
        return Int(try reader.read(Int32.self))
    }
}
