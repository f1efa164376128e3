import AnomalyDetection
import Dispatch
import RealModule
import RecurrentModel
import Testing

private let minute: Int64 = 60_000_000

private func serially(_ count: Int, _ body: @Sendable (Int) -> Void) { for i in 0..<count { body(i) } }

private func series(_ values: [Double]) -> HindsightSeries {
    var series = HindsightSeries(channels: 1)
    for (i, value) in values.enumerated() { series.append(time: Int64(i) * minute, values: [value]) }
    return series
}

/// A season of 40 points with noise.
private func seasonal(_ count: Int, seed: UInt64 = 1) -> [Double] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { 100 + 10 * Double.sin(2 * .pi * Double($0) / 40) + random.normal() }
}

private func settings(window: Int = 64, epochs: Int = 12) -> HindsightSettings {
    var settings = HindsightSettings()
    settings.hidden = 8
    settings.window = window
    settings.epochs = epochs
    return settings
}

private func train(
    _ series: HindsightSeries, _ settings: HindsightSettings = settings(), fold: HindsightFold = .all,
    parallel: @escaping HindsightSettings.Parallel = serially
) -> HindsightModel {
    var training = HindsightTraining(settings, of: series, name: "test".utf8, fold: fold, parallel: parallel)
    return training.run { _, _ in }
}

/// As the program does it: each half of the range is read by a network that has learned from the other.
private func judge(
    _ series: HindsightSeries, _ settings: HindsightSettings = settings(), score: ScoreSettings = ScoreSettings(),
    parallel: @escaping HindsightSettings.Parallel = serially
) -> HindsightVerdicts {
    let readers = [(HindsightFold.even, HindsightFold.odd), (.odd, .even)].map { learned, read in
        HindsightReader(train(series, settings, fold: learned, parallel: parallel), reads: read)
    }
    return HindsightVerdicts(series, readers: readers, score: score, parallel: parallel)
}

private func judge(_ series: HindsightSeries, _ model: HindsightModel) -> HindsightVerdicts {
    HindsightVerdicts(
        series, readers: [HindsightReader(model, reads: .all)], score: ScoreSettings(), parallel: serially)
}

@Suite struct HindsightTests {
    /// Nothing of a point is in its own prediction: not a bit of it changes with the point.
    @Test(arguments: [0, 1, 63, 300, 598, 599]) func predictionUsesNothingOfItsOwnPoint(_ point: Int) {
        var values = seasonal(600)
        let model = train(series(values))
        let before = judge(series(values), model)
        values[point] += 1
        let after = judge(series(values), model)
        // What is flagged is hidden from the others, which would be another way to know.
        #expect(before.anomalies == after.anomalies)
        #expect(before.verdicts[point].prediction.bitPattern == after.verdicts[point].prediction.bitPattern)
        #expect(after.verdicts[point].residual - before.verdicts[point].residual > 0.999)
        // Those around it do see it, on both sides of it.
        let distance = 3
        for neighbour in [point - distance, point + distance] where (0..<600).contains(neighbour) {
            #expect(before.verdicts[neighbour].prediction != after.verdicts[neighbour].prediction)
        }
    }

    /// Nor has the network that predicts a point learned from it.
    @Test func halvesAreLearnedFromApart() {
        var values = Array(seasonal(610).dropFirst(10))
        let settings = settings(epochs: 2)
        func learned(_ fold: HindsightFold) -> [Float] { train(series(values), settings, fold: fold).parameters }
        let (even, odd) = (learned(.even), learned(.odd))
        #expect(even != odd)
        // Blocks have 128 points. This one is the middle of an odd one, where no window of 64 shows it beside an even
        // one; and no extreme value, so that the limits stay.
        values[192] += 0.1
        #expect(learned(.even) == even)
        #expect(learned(.odd) != odd)
    }

    @Test func threadsChangeNothing() {
        let series = series(seasonal(700))
        let ways: [HindsightSettings.Parallel] = [
            serially, { count, body in for i in (0..<count).reversed() { body(i) } },
            { count, body in DispatchQueue.concurrentPerform(iterations: count) { body($0) } },
        ]
        let outcomes = ways.map { way in
            let model = train(series, settings(epochs: 3), parallel: way)
            let found = judge(series, settings(epochs: 3), parallel: way)
            return (model.parameters.map(\.bitPattern), found.verdicts.map(\.prediction.bitPattern), found.scores)
        }
        for outcome in outcomes.dropFirst() {
            #expect(outcome.0 == outcomes[0].0)
            #expect(outcome.1 == outcomes[0].1)
            #expect(outcome.2 == outcomes[0].2)
        }
        var other = settings(epochs: 3)
        other.seed = 1
        #expect(train(series, other).parameters != train(series, settings(epochs: 3)).parameters)
    }

    @Test func aSpikeStandsOut() {
        var values = seasonal(1000)
        values[500] += 15
        let found = judge(series(values))
        #expect(found.anomalies.indices.filter { found.anomalies[$0] } == [500])
        #expect(found.scores.indices.max { found.scores[$0] < found.scores[$1] } == 500)
        // Hidden from its neighbours, it disturbs none of them.
        #expect((490..<511).allSatisfy { $0 == 500 || found.scores[$0] < 0.3 })
        let verdict = found.verdicts[500]
        #expect(abs(verdict.prediction - seasonal(1000)[500]) < 5 && verdict.upper < values[500])
    }

    /// Half a season that stays flat is no spike: each of its points is explained by its neighbours, but all of them
    /// together by nothing.
    @Test func aStretchStandsOut() {
        var values = seasonal(1600)
        for t in 800..<822 { values[t] = 100 }
        let found = judge(series(values), settings(epochs: 150))
        let worst = found.scores.indices.sorted { found.scores[$0] > found.scores[$1] }.prefix(5)
        #expect(worst.allSatisfy { (800..<822).contains($0) }, "worst: \(worst)")
    }

    /// The change itself is strange, what comes soon after it is not.
    @Test func afterALevelShiftItIsQuiet() {
        var random = SeededGenerator(seed: 5)
        let values = (0..<1600).map { t in
            (t < 800 ? 0.0 : 400) + 10 * Double.sin(2 * .pi * Double(t) / 40) + random.normal()
        }
        let found = judge(series(values), settings(epochs: 20))
        // Looks hide neighbours of a point, so the points to either side of the change stand out with it.
        let flagged = found.anomalies.indices.filter { found.anomalies[$0] }
        #expect(flagged.contains(800) && flagged.allSatisfy { (795...806).contains($0) }, "flagged: \(flagged)")
        for t in 820..<1600 { #expect(found.scores[t] < 0.3, "\(t)") }
    }

    @Test func missingValuesAreFilledInAndNotScored() {
        var values = seasonal(800)
        for t in [0, 1, 400, 401, 402, 799] { values[t] = .nan }
        let found = judge(series(values))
        #expect(found.scores.indices.filter { found.scores[$0].isNaN } == [0, 1, 400, 401, 402, 799])
        for t in values.indices {
            #expect(abs(found.verdicts[t].prediction - 100) < 25)
            #expect(found.verdicts[t].residual.isNaN == values[t].isNaN)
        }
        #expect(!found.anomalies.contains(true))
    }

    @Test func withoutVarietyThereIsNothingToFind() {
        let constant = judge(series(Array(repeating: 7, count: 300)))
        #expect(constant.scores.allSatisfy { $0 == 0 } && constant.verdicts.allSatisfy { $0.prediction == 7 })
        let missing = judge(series(Array(repeating: .nan, count: 300)))
        #expect(missing.scores.allSatisfy(\.isNaN) && !missing.anomalies.contains(true))
        #expect(missing.verdicts.allSatisfy { $0.prediction.isNaN && $0.lower.isNaN })
        // The only value that differs is all that there is to see.
        var almost = Array(repeating: 7.0, count: 300)
        almost[150] = 8
        let found = judge(series(almost), settings(epochs: 200))
        #expect(found.scores.indices.max { found.scores[$0] < found.scores[$1] } == 150)
    }

    @Test func hugeNumbersDoNotOverflow() {
        let largest = Double.greatestFiniteMagnitude
        let found = judge(series((0..<300).map { $0.isMultiple(of: 2) ? largest : -largest }))
        #expect(found.verdicts.allSatisfy { $0.prediction.isFinite && $0.residual.isFinite && $0.lower.isFinite })
        #expect(found.scores.allSatisfy { (0...1).contains($0) })
    }

    /// A stream is measured channel by channel in what is usual there: the small channel's spike is not lost beside the
    /// large one's noise.
    @Test func channels() {
        var random = SeededGenerator(seed: 9)
        var wide = HindsightSeries(channels: 2)
        let waves = seasonal(1000)
        for t in 0..<1000 {
            let small = random.normal() + (t == 600 ? 15 : 0)
            wide.append(time: Int64(t) * minute, values: [waves[t] * 1e6, t == 300 ? .nan : small])
        }
        let found = judge(wide)
        #expect(found.anomalies.indices.filter { found.anomalies[$0] } == [600])
        #expect(found.verdicts.count == 2000)
        #expect(stride(from: 0, to: 2000, by: 2).count { found.verdicts[$0].residual.magnitude > 1e5 } > 500)
        #expect(found.verdicts[601].residual.isNaN && !found.scores[300].isNaN)
    }

    /// So many flagged points as were asked for, whatever the noise, though the range is its own measure.
    @Test(arguments: CalibrationTests.Noise.allCases) func falseAlarmsAreAsRareAsAskedFor(
        _ noise: CalibrationTests.Noise
    ) {
        var score = ScoreSettings()
        score.falseAlarmProbability = 1e-3
        var flagged = 0
        for stream in 0..<4 {
            var random = SeededGenerator(seed: UInt64(stream))
            let series = series((0..<6000).map { _ in noise.draw(&random) })
            flagged += judge(series, settings(epochs: 1), score: score).anomalies.count { $0 }
        }
        // Bounded tails end before that.
        let least = noise == .normal || noise == .uniform ? 0 : 0.1
        let ratio = Double(flagged) / 24_000 / 1e-3
        #expect(ratio >= least && ratio < (noise == .student ? 3 : 2), "\(noise): \(ratio) times as many as asked for")
    }

    @Test func whatIsLearnedCanBeUsedAgain() {
        let series = series(seasonal(800))
        let model = train(series)
        let again = HindsightModel(
            cell: model.cell, hidden: model.hidden, layers: model.layers, window: model.window, limits: model.limits,
            parameters: model.parameters)
        #expect(judge(series, again).scores == judge(series, model).scores)
        // Another stream in other units, with the limits of its own.
        var scaled = HindsightSeries(channels: 1)
        for (i, value) in series.values.enumerated() { scaled.append(time: series.times[i], values: [value * 1024]) }
        let found = judge(scaled, model.scaled(to: scaled))
        #expect(found.scores == judge(series, model).scores)
    }
}

@Suite struct HindsightComparisonTests {
    private func compare(online: [Int], hindsight: [Int]) -> HindsightComparison {
        func flags(_ places: [Int]) -> [Bool] { (0..<100).map { places.contains($0) } }
        let scores = (0..<100).map { Double($0) / 100 }
        return HindsightComparison(
            onlineScores: scores, online: flags(online), hindsightScores: scores, hindsight: flags(hindsight),
            quietPoints: 5)
    }

    @Test func flaggedPointsBelongTogether() {
        let comparison = compare(online: [10, 15, 21], hindsight: [])
        #expect(comparison.online.map(\.first) == [10, 21])
        #expect(comparison.online.map(\.last) == [15, 21])
        #expect(comparison.online.map(\.peak) == [15, 21])
        #expect(comparison.onlyOnline == comparison.online && comparison.onlyHindsight.isEmpty)
        #expect(comparison.agreeing == 0)
    }

    @Test func nearnessIsAgreement() {
        let comparison = compare(online: [10, 50, 80], hindsight: [15, 44, 82, 99])
        #expect(comparison.onlyOnline.map(\.first) == [50])
        #expect(comparison.onlyHindsight.map(\.first) == [44, 99])
        #expect(comparison.agreeing == 2)
    }
}
