import RecurrentModel

/// Predicts points of a range from the points before and after them.
struct HindsightPrediction: Sendable {
    /// Parts that the windows are dealt out to, each with a workspace of its own: as many threads can share the work.
    private static let slices = 16
    /// Rows that the network runs at once, at most, unless a window alone has more.
    private static let rows = 4096

    private let network: Network<Float>
    private let parameters: [Float]
    private let window: Int
    private let reads: HindsightFold

    init(_ reader: HindsightReader) {
        network = reader.model.network
        parameters = reader.model.parameters
        window = reader.model.window
        reads = reader.reads
    }

    /// The prediction of a point uses nothing of the point.
    ///
    /// - Parameter scaled: (C, points), in scaled units; only the points that are to be predicted are written.
    func predict(
        _ frame: HindsightFrame, _ look: HindsightLook, into scaled: inout [Float], parallel: HindsightSettings.Parallel
    ) {
        let steps = min(window, frame.count)
        let starts = Self.starts(count: frame.count, window: steps)
        let slices = min(Self.slices, starts.count)
        scaled.withUnsafeMutableBufferPointer { buffer in
            // Each point belongs to one window, and each window to one slice.
            nonisolated(unsafe) let out = buffer.baseAddress!
            parallel(slices) { slice in
                let bench = Bench(network, steps: steps, batch: max(1, min(look.passes, Self.rows / steps)))
                for i in stride(from: slice, to: starts.count, by: slices) {
                    let owned = Self.owned(i, of: starts, count: frame.count, window: steps).filter {
                        reads.contains($0, of: frame.count, window: window)
                    }
                    // Only passes that predict one of them, in order.
                    var passes: [Int] = []
                    for point in owned where passes.last != look.pass(of: point) { passes.append(look.pass(of: point)) }
                    passes = Set(passes).sorted()
                    for first in stride(from: 0, to: passes.count, by: bench.batch) {
                        let some = passes[first..<min(first + bench.batch, passes.count)]
                        predict(frame, look, Array(some), from: starts[i], owned: owned, bench: bench, out: out)
                    }
                }
            }
        }
    }

    /// A quarter of a window apart; the last one ends with the range.
    private static func starts(count: Int, window: Int) -> [Int] {
        var starts = Array(stride(from: 0, to: count - window, by: max(1, window / 4)))
        starts.append(count - window)
        return starts
    }

    /// The points that a window answers for: the quarter in its middle, and at the ends of the range all that is left.
    private static func owned(_ i: Int, of starts: [Int], count: Int, window: Int) -> Range<Int> {
        let before = window * 3 / 8
        let first = i == 0 ? 0 : starts[i] + before
        return first..<(i + 1 == starts.count ? count : starts[i + 1] + before)
    }

    /// Workspace and batch of one thread.
    private final class Bench {
        let steps: Int
        /// Passes that are run at once.
        let batch: Int
        let workspace: Workspace<Float>
        var inputs: [Float]
        /// (C, steps) of each pass.
        var lines: [Float]
        let initial: [Float]

        init(_ network: Network<Float>, steps: Int, batch: Int) {
            self.steps = steps
            self.batch = batch
            workspace = Workspace(for: network)
            inputs = Array(repeating: 0, count: network.shape.inputs * steps * batch)
            lines = Array(repeating: 0, count: network.shape.outputs * steps * batch)
            initial = Array(repeating: 0, count: network.stateWidth * batch)
        }
    }

    private func predict(
        _ frame: HindsightFrame, _ look: HindsightLook, _ passes: [Int], from start: Int, owned: [Int],
        bench: Bench, out: UnsafeMutablePointer<Float>
    ) {
        let steps = bench.steps
        let channels = frame.channels
        let width = network.shape.inputs
        bench.inputs.withUnsafeMutableBufferPointer { inputs in
            bench.lines.withUnsafeMutableBufferPointer { lines in
                withUnsafeTemporaryAllocation(of: Bool.self, capacity: steps) { isMasked in
                    for (place, pass) in passes.enumerated() {
                        for step in 0..<steps {
                            isMasked.initializeElement(at: step, to: look.isMasked(start + step, in: pass))
                        }
                        // Row by row: all passes of the first step, then all of the second.
                        frame.fill(
                            from: start, isMasked: UnsafeBufferPointer(isMasked), knowsCalendar: look.knowsCalendar,
                            inputs: inputs.baseAddress! + place * width, stride: passes.count * width,
                            lines: lines.baseAddress! + place * channels * steps)
                    }
                }
            }
        }
        network.forward(
            PackedShape(steps: steps, batch: passes.count), parameters: parameters, x: bench.inputs,
            initial: bench.initial, workspace: bench.workspace)
        for point in owned {
            guard let place = passes.firstIndex(of: look.pass(of: point)) else { continue }
            let row = (point - start) * passes.count + place
            for c in 0..<channels {
                let line = bench.lines[(place * steps + point - start) * channels + c]
                let answer = bench.workspace.outputs[row * channels + c]
                out[point * channels + c] = answer.isFinite ? line + answer : line
            }
        }
    }
}
