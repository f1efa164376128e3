import RecurrentModel

/// Predicts each point of a range from the points before and after it.
///
/// In pass r of K, the points t with t ≡ r (mod K) are predicted; each is masked, and so are its neighbours up to
/// `HindsightSettings.reach`. All passes over one window are one batch of the network.
struct HindsightPrediction: Sendable {
    /// Parts that the windows are dealt out to, each with a workspace of its own: as many threads can share the work.
    private static let slices = 16

    private let network: Network<Float>
    private let parameters: [Float]
    private let window: Int

    init(_ model: HindsightModel) {
        network = model.network
        parameters = model.parameters
        window = model.window
    }

    /// (C, points), in scaled units. The prediction of a point uses nothing of the point.
    func predict(_ frame: HindsightFrame, parallel: HindsightSettings.Parallel) -> [Float] {
        let steps = min(window, frame.count)
        let starts = Self.starts(count: frame.count, window: steps)
        let slices = min(Self.slices, starts.count)
        return [Float](unsafeUninitializedCapacity: frame.targets.count) { buffer, initialised in
            // Each point belongs to one window, and each window to one slice.
            nonisolated(unsafe) let out = buffer.baseAddress!
            parallel(slices) { slice in
                let bench = Bench(network, steps: steps)
                for i in stride(from: slice, to: starts.count, by: slices) {
                    let owned = Self.owned(i, of: starts, count: frame.count, window: steps)
                    predict(frame, from: starts[i], owned: owned, bench: bench, out: out)
                }
            }
            initialised = frame.targets.count
        }
    }

    /// Half a window apart; the last one ends with the range.
    private static func starts(count: Int, window: Int) -> [Int] {
        var starts = Array(stride(from: 0, to: count - window, by: max(1, window / 2)))
        starts.append(count - window)
        return starts
    }

    /// The points that a window answers for: its middle, and at the ends of the range all that is left.
    private static func owned(_ i: Int, of starts: [Int], count: Int, window: Int) -> Range<Int> {
        let first = i == 0 ? 0 : starts[i] + window / 4
        return first..<(i + 1 == starts.count ? count : starts[i + 1] + window / 4)
    }

    /// Workspace and batch of one thread.
    private final class Bench {
        let workspace: Workspace<Float>
        let shape: PackedShape
        var inputs: [Float]
        /// (C, steps) of each pass.
        var lines: [Float]
        let initial: [Float]

        init(_ network: Network<Float>, steps: Int) {
            let passes = HindsightSettings.passes
            workspace = Workspace(for: network)
            shape = PackedShape(steps: steps, batch: passes)
            inputs = Array(repeating: 0, count: network.shape.inputs * shape.rows)
            lines = Array(repeating: 0, count: network.shape.outputs * shape.rows)
            initial = Array(repeating: 0, count: network.stateWidth * passes)
        }
    }

    private func predict(
        _ frame: HindsightFrame, from start: Int, owned: Range<Int>, bench: Bench, out: UnsafeMutablePointer<Float>
    ) {
        let passes = HindsightSettings.passes
        let steps = bench.shape.steps
        let channels = frame.channels
        let width = network.shape.inputs
        bench.inputs.withUnsafeMutableBufferPointer { inputs in
            bench.lines.withUnsafeMutableBufferPointer { lines in
                withUnsafeTemporaryAllocation(of: Bool.self, capacity: steps) { isMasked in
                    for pass in 0..<passes {
                        for step in 0..<steps {
                            let distance = (start + step + passes - pass) % passes
                            isMasked.initializeElement(
                                at: step, to: min(distance, passes - distance) <= HindsightSettings.reach)
                        }
                        // Row by row: all passes of the first step, then all of the second.
                        frame.fill(
                            from: start, isMasked: UnsafeBufferPointer(isMasked),
                            inputs: inputs.baseAddress! + pass * width, stride: passes * width,
                            lines: lines.baseAddress! + pass * channels * steps)
                    }
                }
            }
        }
        network.forward(
            bench.shape, parameters: parameters, x: bench.inputs, initial: bench.initial, workspace: bench.workspace)
        for point in owned {
            let pass = point % passes
            let row = (point - start) * passes + pass
            for c in 0..<channels {
                let line = bench.lines[(pass * steps + point - start) * channels + c]
                let answer = bench.workspace.outputs[row * channels + c]
                (out + point * channels + c).initialize(to: answer.isFinite ? line + answer : line)
            }
        }
    }
}
