import AnomalyDetection
import Foundation
import Kernels
import Testing

@Suite struct WhereaboutsTests {
    private func detector(_ sharing: WeightSharing) -> Detector {
        var settings = DetectorSettings()
        settings.model.sharing = sharing
        let detector = Detector(settings, channels: 1, name: "web.cpu".utf8, workbench: Workbench())
        for t in 1...600 { step(detector, t) }
        return detector
    }

    // Sanitizers have allocators of their own, which tell no sizes.
    @Test(.disabled(if: ProcessInfo.processInfo.environment["ANOMALYD_SANITIZER"] != nil))
    func tellsWhereAStreamLies() {
        let detector = detector(.perStream)
        let map = MemoryMap()
        defer { map.deallocate() }
        detector.locate(in: map)
        let (bytes, footprint) = (map.lines * 64, detector.footprint)
        #expect(bytes > footprint.weights, "its weights, and more")
        #expect(
            bytes < [footprint.weights, footprint.moments, footprint.window, footprint.replay].reduce(0, +),
            "but not what it learns with now and then")
    }

    @Test func tellsNothingOfAMember() {
        let map = MemoryMap()
        defer { map.deallocate() }
        detector(.group).locate(in: map)
        #expect(map.lines == 0)
    }

    /// That it is asked for changes no verdict.
    @Test(arguments: WeightSharing.allCases) func approachingChangesNothing(_ sharing: WeightSharing) {
        let (one, other) = (detector(sharing), detector(sharing))
        for time in [0, 601, 700_000] { other.approach(Int64(time) * 60_000_000) }
        #expect(one.savedState() == other.savedState())
    }
}

/// Feeds the point number `t` of a sawtooth: one value a minute.
private func step(_ detector: Detector, _ t: Int) {
    var verdicts = [ChannelVerdict(value: 0, prediction: 0, lower: 0, upper: 0, residual: 0)]
    [Double(t % 24)].withUnsafeBufferPointer { values in
        verdicts.withUnsafeMutableBufferPointer {
            _ = detector.step(time: Int64(t) * 60_000_000, values: values, verdicts: $0)
        }
    }
}
