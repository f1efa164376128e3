import AnomalyDetection
import RealModule
import RecurrentModel
import Testing

/// The score must mean the same for every stream: so many flagged points as were asked for, whatever the noise.
@Suite struct CalibrationTests {
    enum Noise: String, CaseIterable {
        case normal, uniform, laplace, student
        func draw(_ random: inout SeededGenerator) -> Double {
            switch self {
            case .normal: random.normal()
            case .uniform: random.uniform() - 0.5
            case .laplace: (Bool.random(using: &random) ? 1 : -1) * Double.log(1 - random.uniform())
            // Three degrees of freedom: infinite kurtosis.
            case .student:
                random.normal() / ((0..<3).reduce(0.0) { s, _ in s + Double.pow(random.normal(), 2) } / 3).squareRoot()
            }
        }
    }

    @Test(arguments: Noise.allCases) func falseAlarmsAreAsRareAsAskedFor(_ noise: Noise) {
        var settings = DetectorSettings()
        settings.score.falseAlarmProbability = 1e-3
        settings.model.hidden = 8
        var flagged = 0
        var points = 0
        for stream in 0..<6 {
            var probe = Probe(settings, name: "s\(stream)")
            var random = SeededGenerator(seed: UInt64(stream))
            for t in 0..<8000 {
                let verdict = probe.take(noise.draw(&random))
                if t < 500 { continue }
                points += 1
                if verdict.flags.contains(.anomaly) { flagged += 1 }
            }
        }
        let ratio = Double(flagged) / Double(points) / 1e-3
        // Fewer than asked for: residuals count nine tenths of their decades, and nothing of uniform noise lies far beyond
        // the largest of the past, as a power law supposes.
        let least = noise == .uniform ? 0.02 : 0.2
        #expect(ratio > least && ratio < 2, "\(noise): \(ratio) times as many as asked for")
    }

    /// A point a minute and a point an hour: the same number of alarms in as many weeks, not in as many points.
    @Test(arguments: [60, 3600]) func alarmsAWeekDoNotDependOnTheRateOfPoints(_ seconds: Int64) {
        var settings = DetectorSettings()
        settings.model.hidden = 8
        settings.score.falseAlarmsPerWeek = 2
        let (weeks, streams) = seconds == 60 ? (2, 4) : (40, 4)
        var flagged = 0
        for stream in 0..<streams {
            var probe = Probe(settings, name: "s\(stream)")
            var random = SeededGenerator(seed: UInt64(stream))
            for t in 0..<Int64(weeks) * 604_800 / seconds {
                let verdict = probe.take([random.normal()], at: t * seconds * 1_000_000)
                if verdict.change == .opened { flagged += 1 }
            }
        }
        let ratio = Double(flagged) / Double(weeks * streams) / 2
        // No stream raises more than one in a hundred points (`rest`), which shows where they are an hour apart.
        #expect(ratio > 0.25 && ratio < 2, "\(ratio) times as many as asked for")
    }

    @Test func noiseThatGrowsBecomesNormal() {
        var probe = Probe()
        var random = SeededGenerator(seed: 3)
        var late = 0
        for t in 0..<6000 {
            let verdict = probe.take(random.normal() * (t < 2000 ? 1 : 10))
            if t >= 4000 && verdict.flags.contains(.anomaly) { late += 1 }
        }
        #expect(late <= 4)
    }
}
