import AnomalyDetection
import FeedProtocol
import RecurrentModel

extension FuzzTarget {
    /// A detector's saved state, as checkpoints have it. One that can be read is the same after it was saved again, and
    /// a detector that goes on from it survives the next points.
    static let checkpoint = FuzzTarget(name: "checkpoint", longest: 65_536, seeds: checkpoints) { bytes in
        let workbench = Workbench()
        guard let detector = try? Detector(lookingInto: bytes, workbench: workbench) else { return }
        let saved = detector.savedState()
        let again = try Detector(lookingInto: saved, workbench: workbench)
        try expect(again.savedState() == saved, "a state is the same after it was saved and read")

        // Twice the update interval, so that the network learns; two days, so that the season is looked up.
        let steps = min(2 * detector.settings.model.k1, 64)
        let scores = run(
            detector, (0..<steps).map { $0 % 5 == 4 ? .nan : Double($0) }, interval: 172_800_000_000 / Int64(steps))
        try expect(scores.allSatisfy { (0...1).contains($0) }, "scores lie in 0…1; found \(scores)")
    }

    /// The scores of a detector's next points, of which all channels are the same. It stops where time ends.
    @discardableResult
    private static func run(_ detector: Detector, _ points: [Double], interval: Int64) -> [Double] {
        let none = ChannelVerdict(value: .nan, prediction: .nan, lower: .nan, upper: .nan, residual: .nan)
        var verdicts = [ChannelVerdict](repeating: none, count: detector.channels)
        var time = max(detector.newestTime, FeedTime.range.lowerBound)
        var scores: [Double] = []
        for point in points {
            time = time.addingReportingOverflow(interval).partialValue
            guard FeedTime.range.contains(time) else { break }
            let values = [Double](repeating: point, count: detector.channels)
            let verdict = values.withUnsafeBufferPointer { values in
                verdicts.withUnsafeMutableBufferPointer { detector.step(time: time, values: values, verdicts: $0) }
            }
            scores.append(verdict.score)
        }
        return scores
    }

    /// States of small detectors of several kinds, young and old.
    private static func checkpoints() -> [[UInt8]] {
        var shapes = [DetectorSettings](repeating: DetectorSettings(), count: 4)
        for i in shapes.indices {
            shapes[i].model.hidden = 1
            shapes[i].model.k1 = 2
            shapes[i].model.k2 = 3
            shapes[i].score.rest = 4
        }
        shapes[1].model.cell = .lstm
        shapes[1].model.layers = 2
        shapes[1].model.loss = .gaussian
        shapes[2].model.cell = .rnn
        shapes[2].model.attention = 2
        shapes[2].model.target = .value
        shapes[3].model.learning = false
        return shapes.enumerated().flatMap { index, settings in
            [0, 1, 5, 80, 400].map { points in
                let detector = Detector(settings, channels: 1 + index / 3, name: "x".utf8, workbench: Workbench())
                // A jump now and then, so that there are anomalies.
                let values = (0..<points).map { Double($0 % 24) + ($0 % 150 == 149 ? 1e6 : 0) }
                run(detector, values, interval: 3_600_000_000)
                return detector.savedState()
            }
        }
    }
}
