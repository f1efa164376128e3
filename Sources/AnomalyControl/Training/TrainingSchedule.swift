/// Decides, after each epoch, whether the weights are the best so far, whether to train on, and whether with a smaller
/// batch. It knows losses only, so each of its decisions can be tested.
package struct TrainingSchedule: Sendable {
    package struct Limits: Sendable, Equatable {
        /// Epochs at most.
        package var epochs = 100
        /// Epochs without a better validation loss after which training ends.
        package var patience = 20
        /// Whether batch and clipping are changed when the validation loss fluctuates.
        package var adapts = true
        /// Whether the loss is a logarithm; see `LossFluctuation`.
        package var isLogarithm = false

        package init() {}
    }

    /// A smaller batch and a higher clipping threshold, because the validation loss fluctuated.
    package struct Adaptation: Sendable, Equatable {
        /// Mean change of the loss from epoch to epoch, as a share of its level.
        package var swing: Double
        package var batch: (before: Int, now: Int)
        /// 0 is no clipping, before and now.
        package var clip: (before: Double, now: Double)

        package static func == (a: Adaptation, b: Adaptation) -> Bool {
            a.swing == b.swing && a.batch == b.batch && a.clip == b.clip
        }
    }

    package enum End: Sendable, Equatable {
        /// All epochs are done.
        case epochs
        /// No better loss for so many epochs.
        case patience(Int)
        /// Somebody stopped it.
        case interrupted
    }

    /// The batch is divided, and the threshold multiplied, by this; so often at most; down to so many windows.
    package static let factor = 2
    package static let mostAdaptations = 3
    package static let smallestBatch = 4

    package let limits: Limits
    /// Windows in a batch, and the threshold of clipping, of the next epoch.
    package private(set) var batch: Int
    package private(set) var clip: Double
    /// Epochs done.
    package private(set) var epoch = 0
    /// The best epoch, from 1, and its validation loss.
    package private(set) var best: (epoch: Int, loss: Double)?
    package private(set) var adaptations: [Adaptation] = []
    /// Losses since the last adaptation, which starts a new life: what fluctuated before is no evidence against it.
    private var losses: [Double] = []
    private var worse = 0

    package init(_ limits: Limits, batch: Int, clip: Double) {
        self.limits = limits
        self.batch = batch
        self.clip = clip
    }

    package struct Decision: Sendable, Equatable {
        /// The weights are to be kept.
        package var isBest = false
        package var adaptation: Adaptation?
        package var end: End?
    }

    /// An epoch is over. A loss that is not finite is worse than any other.
    package mutating func finishEpoch(validation loss: Double) -> Decision {
        epoch += 1
        losses.append(loss)
        var decision = Decision()
        if loss < best?.loss ?? .infinity {
            best = (epoch, loss)
            worse = 0
            decision.isBest = true
        } else {
            worse += 1
        }
        if epoch >= limits.epochs {
            decision.end = .epochs
        } else if let adaptation = adapt() {
            decision.adaptation = adaptation
        } else if worse >= limits.patience {
            decision.end = .patience(worse)
        }
        return decision
    }

    private mutating func adapt() -> Adaptation? {
        guard limits.adapts, adaptations.count < Self.mostAdaptations, batch > Self.smallestBatch,
            let swing = LossFluctuation.swing(of: losses, isLogarithm: limits.isLogarithm)
        else { return nil }
        let smaller = max(Self.smallestBatch, batch / Self.factor)
        let adaptation = Adaptation(
            swing: swing, batch: (batch, smaller), clip: (clip, clip * Double(Self.factor)))
        batch = smaller
        clip = adaptation.clip.now
        adaptations.append(adaptation)
        losses = []
        // What is new deserves the whole patience.
        worse = 0
        return adaptation
    }
}
