import AnomalyControl
import Presentation
import Testing

@Suite struct TrainingScheduleTests {
    /// Up and down about 1 by a tenth.
    private static let noisy = (0..<60).map { $0 % 2 == 0 ? 1.05 : 0.95 }

    private func limits(epochs: Int = 100, patience: Int = 10, adapts: Bool = true) -> TrainingSchedule.Limits {
        var limits = TrainingSchedule.Limits()
        limits.epochs = epochs
        limits.patience = patience
        limits.adapts = adapts
        return limits
    }

    /// Feeds losses until the end; returns the decisions.
    private func run(_ schedule: inout TrainingSchedule, _ losses: [Double]) -> [TrainingSchedule.Decision] {
        var decisions: [TrainingSchedule.Decision] = []
        for loss in losses {
            decisions.append(schedule.finishEpoch(validation: loss))
            if decisions.last?.end != nil { break }
        }
        return decisions
    }

    @Test func trainingStopsWhenPatienceIsOver() {
        var schedule = TrainingSchedule(limits(patience: 3, adapts: false), batch: 32, clip: 1)
        let decisions = run(&schedule, [5, 4, 3, 3, 3.1, 2.9, 2.95, 2.9, 4, 1])
        #expect(decisions.map(\.isBest) == [true, true, true, false, false, true, false, false, false])
        #expect(decisions.last?.end == .patience(3))
        #expect(schedule.best?.epoch == 6 && schedule.best?.loss == 2.9 && schedule.epoch == 9)
    }

    @Test func trainingStopsAfterTheLastEpoch() {
        var schedule = TrainingSchedule(limits(epochs: 4), batch: 32, clip: 1)
        #expect(run(&schedule, [4, 3, 2, 1, 0.5]).last?.end == .epochs)
        #expect(schedule.epoch == 4 && schedule.best?.epoch == 4)
    }

    @Test func whatIsNotFiniteIsNeverBest() {
        var schedule = TrainingSchedule(limits(patience: 3), batch: 32, clip: 1)
        #expect(run(&schedule, [.nan, .infinity, .nan, 1]).last?.end == .patience(3))
        #expect(schedule.best == nil)
    }

    /// What the textbooks advise: a smaller batch, a higher threshold; not for ever.
    @Test func fluctuationsHalveTheBatch() {
        var schedule = TrainingSchedule(limits(), batch: 20, clip: 0.5)
        let decisions = run(&schedule, Self.noisy)
        let adaptations = decisions.enumerated().compactMap { epoch, decision in
            decision.adaptation.map { (epoch, $0) }
        }
        #expect(adaptations.map(\.0) == [5, 11, 17], "each time six epochs are looked at")
        #expect(adaptations.map(\.1.batch.now) == [10, 5, 4] && adaptations.map(\.1.clip.now) == [1, 2, 4])
        #expect(adaptations.allSatisfy { abs($0.1.swing - 0.1) < 1e-12 })
        #expect(schedule.batch == 4 && schedule.clip == 4)
        #expect(decisions.last?.end == .patience(10) && decisions.count == 28, "the last life has all of the patience")
        #expect(
            adaptations[0].1.sentence == """
                validation loss goes up and down by 10% an epoch without getting anywhere: from now on batches of 10 \
                windows instead of 20, and gradients clipped at 1 instead of 0.5 (--no-adapt leaves them as they are)
                """)
        var unclipped = TrainingSchedule(limits(), batch: 20, clip: 0)
        _ = run(&unclipped, Self.noisy)
        #expect(unclipped.clip == 0 && unclipped.adaptations[0].sentence.contains("instead of 20 (--no-adapt"))
    }

    @Test func itCanBeToldNotTo() {
        var schedule = TrainingSchedule(limits(adapts: false), batch: 20, clip: 0.5)
        let decisions = run(&schedule, Self.noisy)
        #expect(decisions.allSatisfy { $0.adaptation == nil } && schedule.batch == 20 && schedule.clip == 0.5)
        #expect(decisions.count == 12 && decisions.last?.end == .patience(10))
    }

    @Test func smallBatchesStaySmall() {
        var schedule = TrainingSchedule(limits(), batch: 4, clip: 1)
        #expect(run(&schedule, Self.noisy).allSatisfy { $0.adaptation == nil })
    }

    @Test(
        arguments: [
            // Falls, bumps included: it gets somewhere.
            ([1, 0.8, 0.85, 0.6, 0.65, 0.5], nil),
            // Rises: that is overfitting, for which patience is there.
            ([1, 1.1, 1.2, 1.3, 1.4, 1.5], nil),
            // Too little to speak of.
            ([1, 1.02, 1, 1.02, 1, 1.02], nil),
            // One bump only.
            ([1, 1, 1.5, 1, 1, 1], nil),
            // Too early to say.
            ([1, 2, 1, 2, 1], nil),
            ([1, 2, 1, 2, .nan, 2], nil),
            ([9, 1, 2, 1, 2, 1, 2], 1 / 1.5),
            ([1, 1.5, 1, 1.5, 1, 1.5], 0.4),
        ] as [([Double], Double?)])
    func whatFluctuationIs(_ losses: [Double], _ swing: Double?) throws {
        let found = LossFluctuation.swing(of: losses, isLogarithm: false)
        if let swing { #expect(abs(try #require(found) - swing) < 1e-12) } else { #expect(found == nil) }
    }

    /// A logarithm's level says nothing: about 0 it would make mountains of anything.
    @Test func logarithmsAreTakenAsTheyAre() throws {
        let small = [0.01, -0.01, 0.01, -0.01, 0.01, -0.01]
        #expect(LossFluctuation.swing(of: small, isLogarithm: true) == nil)
        let large = small.map { $0 * 10 - 2 }
        #expect(abs(try #require(LossFluctuation.swing(of: large, isLogarithm: true)) - 0.2) < 1e-12)
    }

    @Test func progressFitsItsLine() {
        var progress = TrainingProgress(epoch: 3, epochs: 4, batches: 10, best: 0.25)
        progress.batch = 5
        progress.loss = 0.125
        progress.rowsPerSecond = 123_456.7
        progress.secondsLeft = 65
        #expect(abs(progress.share - 0.625) < 1e-12)
        let whole = "epoch 3/4 batch 5/10, loss 0.125, val loss 0.25, 123k points/s, 1min 5s left"
        #expect(progress.line(columns: 120) == " 62% ██████████████████░░░░░░░░░░░░  " + whole)
        #expect(progress.line(columns: 82) == " 62%  " + whole)
        #expect(progress.line(columns: 72) == " 62%  epoch 3/4, loss 0.125, val loss 0.25, 123k points/s, 1min 5s left")
        #expect(progress.line(columns: 64) == " 62% ████░░░  epoch 3/4, loss 0.125, val loss 0.25, 1min 5s left")
        for columns in 1...119 { #expect(TextWidth.of(progress.line(columns: columns)) <= columns) }
        progress.validation = 0.2
        #expect(
            progress.epochLine(isBest: true)
                == "epoch 3/4: loss 0.125, val loss 0.2 (best), 123k points/s")
    }
}
