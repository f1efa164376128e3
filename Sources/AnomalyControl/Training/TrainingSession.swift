package import RecurrentModel

/// One training, from the first epoch to the last: what `anomalyctl train` does between reading and writing.
///
/// The same windows, settings and seed give the same weights, on any number of threads.
package final class TrainingSession {
    package let windows: TrainingWindows
    package private(set) var schedule: TrainingSchedule
    /// Weights of the best epoch; those that it began with before the first.
    package private(set) var parameters: [Float]
    /// Rows that have been trained on, and the seconds that it took, validation not among them.
    package private(set) var rows = 0
    package private(set) var seconds = 0.0

    private let trainer: BatchTrainer<Float>
    private var generator: SeededGenerator
    private var order: [Int]
    private let rowsPerEpoch: Int

    /// What happens on the way.
    package enum Event {
        case batch(TrainingProgress)
        /// An epoch is over.
        case epoch(TrainingProgress, isBest: Bool)
        case adaptation(TrainingSchedule.Adaptation)
    }

    /// - Parameters:
    ///   - batch: windows in a mini-batch.
    ///   - generator: draws the order of the windows.
    package init(
        _ windows: TrainingWindows, network: Network<Float>, settings: BatchSettings, parameters: [Float],
        limits: TrainingSchedule.Limits, batch: Int, generator: SeededGenerator,
        parallel: @escaping BatchTrainer<Float>.Parallel
    ) {
        self.windows = windows
        self.parameters = parameters
        self.generator = generator
        schedule = TrainingSchedule(limits, batch: batch, clip: settings.clip)
        trainer = BatchTrainer(network, settings: settings, parameters: parameters, parallel: parallel)
        order = Array(windows.training)
        rowsPerEpoch = windows.steps(of: windows.training)
    }

    /// Trains until the schedule says that it is enough.
    ///
    /// - Parameters:
    ///   - clock: seconds since some moment.
    ///   - isInterrupted: asked before each mini-batch. If it says so, the epoch at hand counts for nothing.
    ///   - report: told of each batch and epoch.
    package func run(
        clock: () -> Double, isInterrupted: () -> Bool, report: (Event) -> Void
    ) -> TrainingSchedule.End {
        while true {
            generator.shuffle(&order)
            var progress = TrainingProgress(
                epoch: schedule.epoch + 1, epochs: schedule.limits.epochs,
                batches: (order.count + schedule.batch - 1) / schedule.batch, best: schedule.best?.loss)
            var total = LossTotal()
            for start in stride(from: 0, to: order.count, by: schedule.batch) {
                if isInterrupted() { return .interrupted }
                let began = clock()
                let chosen = order[start..<min(start + schedule.batch, order.count)]
                total += trainer.step(chosen, of: windows)
                rows += chosen.reduce(0) { $0 + windows.steps(of: $1) }
                seconds += clock() - began
                progress.batch += 1
                progress.loss = total.mean
                fillRates(&progress)
                report(.batch(progress))
            }
            progress.validation = trainer.evaluate(windows.validation, of: windows).mean
            let decision = schedule.finishEpoch(validation: progress.validation)
            progress.best = schedule.best?.loss
            if decision.isBest { parameters = trainer.parameters }
            report(.epoch(progress, isBest: decision.isBest))
            if let end = decision.end { return end }
            if let adaptation = decision.adaptation {
                trainer.clip = adaptation.clip.now
                report(.adaptation(adaptation))
            }
        }
    }

    private func fillRates(_ progress: inout TrainingProgress) {
        guard seconds > 0 else { return }
        progress.rowsPerSecond = Double(rows) / seconds
        let all = Double(rowsPerEpoch) * Double(progress.epochs)
        progress.secondsLeft = max(0, all - Double(rows)) / progress.rowsPerSecond
    }
}
