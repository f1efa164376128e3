import AnomalyDetection
import Foundation
import Testing

/// States that earlier versions saved are read, whatever is added to the format: `fixtures/states` has one of each.
@Suite struct OldStateTests {
    /// Format 4 knew no feedback, format 5 no orders.
    @Test(arguments: [4, 5] as [UInt16]) func itGoesOn(format: UInt16) throws {
        let file = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
            .appending(path: "fixtures/states/format-\(format).state")
        let old = [UInt8](try Data(contentsOf: file))
        let detector = try Detector(lookingInto: old, workbench: Workbench())
        #expect(old[..<2] == [UInt8(format), 0] && detector.stateVersion == format)
        #expect(detector.sequence == 300 && detector.settings.model.hidden == 4 && detector.channels == 1)
        #expect(detector.feedback.labels.map(\.anomaly) == (format == 4 ? [] : [250]))
        #expect(detector.feedback.isFrozen == (format == 5) && detector.feedback.orders.isEmpty)
        // The seventh byte is the arithmetic of the processor that runs the test.
        var (before, after) = (old, detector.savedState())
        (before[6], after[6]) = (0, 0)
        #expect(before == after)
        var settings = DetectorSettings()
        settings.model.hidden = 4
        var probe = Probe(settings)
        try probe.detector.restore(old)
        for t in 0..<100 { _ = probe.take([Double(t % 7)], at: 301_000_000 + Int64(t) * 1_000_000) }
        #expect(probe.detector.sequence == 400)
    }
}
