import Presentation

/// How far a training is.
package struct TrainingProgress: Sendable, Equatable {
    /// The epoch at hand, from 1, of at most so many.
    package var epoch: Int
    package var epochs: Int
    /// Batches of the epoch that are done, of so many.
    package var batch = 0
    package var batches: Int
    /// Mean over the epoch's batches so far; NaN before the first.
    package var loss = Double.nan
    /// After the epoch; NaN before.
    package var validation = Double.nan
    /// The best validation loss so far.
    package var best: Double?
    package var rowsPerSecond = 0.0
    /// To the last epoch, if nothing ends the training sooner.
    package var secondsLeft: Double?

    package init(epoch: Int, epochs: Int, batches: Int, best: Double? = nil) {
        self.epoch = epoch
        self.epochs = epochs
        self.batches = batches
        self.best = best
    }

    /// Share of all epochs, 0…1.
    package var share: Double { (Double(epoch - 1) + Double(batch) / Double(max(1, batches))) / Double(epochs) }

    /// One line for a terminal: share and bar, then where it is, the losses, the speed and the time that is left at most.
    /// What there is no room for is left out.
    ///
    /// - Parameter columns: that the line may take at most.
    package func line(columns: Int) -> String {
        let place = "epoch \(epoch)/\(epochs)"
        let losses = ", loss \(NumberText.compact(loss))" + (best.map { ", val loss \(NumberText.compact($0))" } ?? "")
        let speed = ", \(rate) points/s"
        let texts = [
            place + " batch \(batch)/\(batches)" + losses + speed, place + losses + speed, place + losses, place,
        ]
        return Progress(share: share, texts: texts, secondsLeft: secondsLeft).line(columns: columns)
    }

    /// `1.2M`, `34k`, `567`.
    private var rate: String {
        switch rowsPerSecond {
        case 999_500...: NumberText.formatted("%.1f", rowsPerSecond / 1e6) + "M"
        case 1000...: NumberText.formatted("%.0f", rowsPerSecond / 1e3) + "k"
        default: NumberText.formatted("%.0f", rowsPerSecond)
        }
    }

    /// One line for a log, after an epoch.
    package func epochLine(isBest: Bool) -> String {
        "epoch \(epoch)/\(epochs): loss \(NumberText.compact(loss)), val loss \(NumberText.compact(validation))"
            + (isBest ? " (best)" : "") + ", \(rate) points/s"
    }
}

extension TrainingSchedule.Adaptation {
    /// What was done, why, and how to prevent it.
    package var sentence: String {
        let percent = Int((swing * 100).rounded())
        return "validation loss goes up and down by \(percent)% an epoch without getting anywhere: from now on batches "
            + "of \(batch.now) windows instead of \(batch.before)"
            + (clip.now > 0
                ? ", and gradients clipped at \(NumberText.compact(clip.now)) instead of \(NumberText.compact(clip.before))"
                : "")
            + " (--no-adapt leaves them as they are)"
    }
}
