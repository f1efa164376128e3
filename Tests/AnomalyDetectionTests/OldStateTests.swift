import AnomalyDetection
import Foundation
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
    /// then said of the next points is said now: the values, as whole numbers, are kept to the bit.
    @Test func widerNumbers() throws {
        var probe = Probe(Self.settings())
        let isSameArithmetic = try probe.detector.restore(try Self.state(format: 6))
        #expect(probe.detector.feedback.orders.exclusions.count == 1)
        let scores = (3000..<3050).map { t in
            let value = Double(((t &* 2_654_435_761) >> 7) % 100) + (t == 3030 ? 400 : 0)
            return probe.take([value], at: Int64(t + 1) * 60_000_000).score
        }
        // On another kind of processor the last bits differ.
        guard isSameArithmetic else { return }
        let told = Dictionary(uniqueKeysWithValues: zip(3000..., scores))
        #expect(told[3000] == 0.017333984375 && told[3007] == 0.061279296875 && told[3017] == 0.104248046875)
        #expect(told[3030] == 0.6591796875 && told[3031] == 0.17236328125 && told[3049] == 0.160400390625)
    }
}
