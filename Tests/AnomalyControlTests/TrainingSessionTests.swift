import AnomalyControl
import AnomalyDetection
import RecurrentModel
import Testing

@Suite struct TrainingSessionTests {
    private static func series(rows: Int, noise: Double, seed: UInt64 = 1) -> TrainingSeries {
        var random = SeededGenerator(seed: seed)
        var series = TrainingSeries(name: "wave", channels: 1)
        for row in 0..<rows {
            let phase = Double(row % 24) / 12 - 1
            let wave = phase < 0 ? -4 * phase * (1 + phase) : 4 * phase * (phase - 1)
            series.append(time: Int64(row), values: [wave + noise * random.normal()])
        }
        return series
    }

    private func session(
        _ series: TrainingSeries, rate: Double, limits: TrainingSchedule.Limits, optimiser: OptimiserKind = .adam,
        batch: Int = 8, threads: Int = 1, target: PredictionTarget = .value
    ) throws -> TrainingSession {
        var options = WindowOptions()
        options.rows = 24
        options.stride = 12
        options.target = target
        let network = Network<Float>(NetworkShape(cell: .gru, inputs: 2, hidden: 8, outputs: 1))
        var generator = SeededGenerator(seed: 5)
        let pool = SliceThreads(threads)
        return TrainingSession(
            try TrainingWindows([series], options), network: network,
            settings: BatchSettings(rate: rate, optimiser: optimiser, clip: 1),
            parameters: network.initialParameters(.xavier, using: &generator), limits: limits, batch: batch,
            generator: generator, parallel: { pool.run($0, $1) })
    }

    private func limits(epochs: Int, patience: Int = 100, adapts: Bool = true) -> TrainingSchedule.Limits {
        var limits = TrainingSchedule.Limits()
        limits.epochs = epochs
        limits.patience = patience
        limits.adapts = adapts
        return limits
    }

    /// The events of a whole run as words.
    private func story(_ session: TrainingSession) -> (end: TrainingSchedule.End, losses: [Double], adaptations: Int) {
        var losses: [Double] = []
        var adaptations = 0
        let end = session.run(clock: { 0 }, isInterrupted: { false }) { event in
            switch event {
            case .batch: break
            case .epoch(let progress, _): losses.append(progress.validation)
            case .adaptation: adaptations += 1
            }
        }
        return (end, losses, adaptations)
    }

    @Test func lossFallsBelowTheNaiveOne() throws {
        let session = try session(Self.series(rows: 600, noise: 0.05), rate: 0.01, limits: limits(epochs: 40))
        let naive = session.windows.naiveLoss(.mse).mean
        let (end, losses, _) = story(session)
        #expect(end == .epochs && losses.count == 40)
        #expect(losses[0] > naive && losses.min()! < naive / 2, "\(losses), naive \(naive)")
        #expect(session.schedule.best?.loss == losses.min())
    }

    /// What is kept are the weights of the best epoch, not those of the last.
    @Test func theBestWeightsAreKept() throws {
        let session = try session(Self.series(rows: 200, noise: 0.5), rate: 0.03, limits: limits(epochs: 60))
        let (_, losses, _) = story(session)
        #expect(losses.last! > losses.min()! * 1.02, "it has gone too far: \(losses)")
        let network = Network<Float>(NetworkShape(cell: .gru, inputs: 2, hidden: 8, outputs: 1))
        let again = BatchTrainer(network, settings: BatchSettings(rate: 1), parameters: session.parameters)
        #expect(again.evaluate(session.windows.validation, of: session.windows).mean == losses.min())
    }

    /// Steps far too large, so that the validation loss jumps: the batch shrinks, unless that is forbidden.
    @Test(arguments: [true, false])
    func aNoisyValidationLossIsActedOn(_ adapts: Bool) throws {
        let session = try session(
            Self.series(rows: 400, noise: 0.3), rate: 0.3, limits: limits(epochs: 30, adapts: adapts), batch: 32)
        let (_, losses, adaptations) = story(session)
        #expect(
            losses.indices.contains {
                LossFluctuation.swing(of: losses[...$0], isLogarithm: false) != nil
            }, "the case is a case: \(losses)")
        #expect(adaptations >= (adapts ? 1 : 0) && adaptations <= (adapts ? 3 : 0))
        #expect(session.schedule.adaptations.count == adaptations)
        #expect(session.schedule.batch == 32 >> adaptations && session.schedule.clip == Double(1 << adaptations))
    }

    @Test func threadsChangeNothing() throws {
        let outcomes = try [1, 2, 3].map { threads in
            let session = try session(
                Self.series(rows: 400, noise: 0.1), rate: 0.01, limits: limits(epochs: 4), threads: threads)
            let losses = story(session).losses.map(\.bitPattern)
            return (losses, session.parameters.map(\.bitPattern))
        }
        for outcome in outcomes.dropFirst() { #expect(outcome.0 == outcomes[0].0 && outcome.1 == outcomes[0].1) }
    }

    /// Interrupted in the third epoch: what counts is the best of the two that were finished.
    @Test func anInterruptionKeepsTheBest() throws {
        let whole = try session(Self.series(rows: 400, noise: 0.1), rate: 0.01, limits: limits(epochs: 2))
        _ = story(whole)
        let cut = try session(Self.series(rows: 400, noise: 0.1), rate: 0.01, limits: limits(epochs: 100))
        var batches = 0
        let end = cut.run(clock: { 0 }, isInterrupted: { cut.schedule.epoch == 2 && batches > 0 }) { event in
            if case .batch(let progress) = event { batches = progress.epoch == 3 ? progress.batch : 0 }
        }
        #expect(end == .interrupted && cut.schedule.epoch == 2 && batches == 1)
        #expect(cut.parameters == whole.parameters)

        let early = try session(Self.series(rows: 400, noise: 0.1), rate: 0.01, limits: limits(epochs: 100))
        #expect(early.run(clock: { 0 }, isInterrupted: { true }) { _ in } == .interrupted)
        #expect(early.schedule.best == nil)
    }

    /// Speed and remaining time follow from a clock of one second a look.
    @Test func progressIsReckoned() throws {
        let session = try session(Self.series(rows: 100, noise: 0.1), rate: 0.01, limits: limits(epochs: 2))
        let rows = session.windows.steps(of: session.windows.training)
        var now = 0.0
        var seen: [TrainingProgress] = []
        _ = session.run(
            clock: {
                now += 1
                return now
            }, isInterrupted: { false }
        ) { event in
            if case .batch(let progress) = event { seen.append(progress) }
        }
        #expect(session.rows == 2 * rows && session.seconds == Double(seen.count))
        #expect(seen.map(\.batch) == [1, 1] && seen.map(\.epoch) == [1, 2] && seen.allSatisfy { $0.batches == 1 })
        #expect(seen[0].rowsPerSecond == Double(rows) && seen[0].secondsLeft == 1 && seen[1].secondsLeft == 0)
    }

    /// Parts are done once each, by however many threads, again and again.
    @Test(arguments: [1, 2, 5]) func threadsShareTheParts(_ threads: Int) {
        let pool = SliceThreads(threads)
        for round in 0..<200 {
            let count = round % 9
            let done = Parts(count)
            pool.run(count) { done.add($0) }
            #expect(done.counts == Array(repeating: 1, count: count))
        }
    }
}

private final class Parts: @unchecked Sendable {
    /// One for each part, so that no two threads write to the same.
    private let memory: UnsafeMutablePointer<Int>
    private let count: Int

    init(_ count: Int) {
        self.count = count
        memory = .allocate(capacity: max(1, count))
        memory.initialize(repeating: 0, count: max(1, count))
    }

    deinit { memory.deallocate() }

    func add(_ part: Int) { memory[part] += 1 }
    var counts: [Int] { (0..<count).map { memory[$0] } }
}
