import AnomalyDetection
import Foundation
import RealModule
import Testing

/// States that earlier versions saved are read, whatever is added to the format: `fixtures/states` has one of each.
@Suite struct OldStateTests {
    private static func state(format: UInt16) throws -> [UInt8] {
        let root = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        return [UInt8](try Data(contentsOf: root.appending(path: "fixtures/states/format-\(format).state")))
    }

    private static func settings() -> DetectorSettings {
        var settings = DetectorSettings()
        settings.model.hidden = 4
        return settings
    }

    /// Format 4 knew no feedback, format 5 no orders.
    @Test(arguments: [4, 5] as [UInt16]) func itGoesOn(format: UInt16) throws {
        let old = try Self.state(format: format)
        let detector = try Detector(lookingInto: old, workbench: Workbench())
        #expect(old[..<2] == [UInt8(format), 0])
        #expect(detector.sequence == 300 && detector.settings.model.hidden == 4 && detector.channels == 1)
        #expect(detector.feedback.labels.map(\.anomaly) == (format == 4 ? [] : [250]))
        #expect(detector.feedback.isFrozen == (format == 5) && detector.feedback.orders.isEmpty)
        var probe = Probe(Self.settings())
        try probe.detector.restore(old)
        let saved = probe.detector.savedState()
        #expect(saved == detector.savedState() && saved.count < old.count)
        for t in 0..<100 { _ = probe.take([Double(t % 7)], at: 301_000_000 + Int64(t) * 1_000_000) }
        #expect(probe.detector.sequence == 400)
    }

    /// Before format 7, earlier values took 32 bits each, and all 512 counts of sizes were written. What the program of
    /// then said of the next points is said now: the values, as whole numbers, are kept to the bit. Only the network, whose
    /// moments are rounded, learns a little otherwise.
    @Test func widerNumbers() throws {
        var probe = Probe(Self.settings())
        try probe.detector.restore(try Self.state(format: 6))
        #expect(probe.detector.feedback.orders.exclusions.count == 1)
        let scores = (3000..<3050).map { t in
            let value = Double(((t &* 2_654_435_761) >> 7) % 100) + (t == 3030 ? 400 : 0)
            return probe.take([value], at: Int64(t + 1) * 60_000_000).score
        }
        let told = [3000: 0.0173, 3007: 0.0613, 3017: 0.1042, 3030: 0.6592, 3031: 0.1724, 3049: 0.1604]
        for (t, score) in told { #expect(abs(scores[t - 3000] - score) < 0.01, "at \(t): \(scores[t - 3000])") }
    }

    /// Before format 8, moments and earlier windows took 32 bits each, and all of the last scores were written. The weights
    /// are those of then, and what is said of the next points is so but for the rounding.
    @Test func widerMoments() throws {
        let old = try Self.state(format: 7)
        var probe = Probe(Self.settings())
        try probe.detector.restore(old)
        let detector = try Detector(lookingInto: old, workbench: Workbench())
        #expect(detector.sequence == 3000 && detector.feedback.orders.exclusions.count == 1)
        let saved = probe.detector.savedState()
        #expect(saved == detector.savedState() && saved.count < old.count)
        // What format 8 does not change is where it was: the head, and then the first weights.
        #expect(old[2..<44] == saved[2..<44])
        let points = (3000..<3050).map { t in
            let level = (Double(t) / 9).truncatingRemainder(dividingBy: 2 * .pi)
            let value = 10 + Double.sin(level).rounded() * 4 + Double(((t &* 2_654_435_761) >> 7) % 16) / 8
            let verdict = probe.take([value + (t == 3030 ? 400 : 0)], at: Int64(t + 1) * 60_000_000)
            return (verdict.score, probe.verdicts[0].prediction)
        }
        let told = [
            3000: (0.0242, 10.898), 3007: (0.0505, 15.039), 3017: (0.0449, 14.656), 3030: (0.7937, 10.469),
            3031: (0.1877, 411.94), 3049: (0.1763, 7.555),
        ]
        for (t, (score, prediction)) in told {
            #expect(abs(points[t - 3000].0 - score) < 0.01, "at \(t): \(points[t - 3000].0)")
            #expect(abs(points[t - 3000].1 - prediction) < 0.3, "at \(t): \(points[t - 3000].1)")
        }
    }
}
