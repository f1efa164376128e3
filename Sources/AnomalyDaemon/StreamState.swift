import AnomalyDetection
import PointStore

/// A stream in the memory of its shard: the detector, and how much of it is on disk.
///
/// Of very many streams that share networks this is a good part of what each takes, so that its fields are small and in an
/// order without gaps.
final class StreamState {
    let id: Int32
    /// Its number among the shard's streams.
    let place: Int32
    private(set) var detector: Detector
    /// What becomes of points that come out of order, and those that wait for others.
    var order: PointOrder
    /// Whether a point of it is in a batch of its group that is still to be stepped.
    var isStaged = false
    /// Whether no checkpoint could be used, so that the stream has been learned anew: the next restart would begin
    /// elsewhere, from newer points or with other weights, unless there is a checkpoint of this one.
    let isRelearned: Bool
    /// Whether the store has all of it, if only as points behind a checkpoint: so from the moment in which it is restored
    /// until something befalls it.
    private var isStored = false
    var gradientTrouble = GradientTrouble()
    /// Whether it was silent for long, and that was no anomaly: so it stays until a point comes.
    private(set) var isSilenceInVain = false
    /// Where the shard has it among those that are awake.
    var index: Int32 = 0
    /// Sequence number of the newest checkpoint, and the steady time of it (or of the stream's first point).
    private(set) var checkpointed: Int64
    private(set) var checkpointTime: Int64
    private var schedule: CheckpointSchedule
    var silence = SilenceWatch()
    /// `bedtime`; -1: nil.
    private var batchOfBedtime: Int64 = -1
    /// Steady time from which on it is awake.
    let awakeSince: Int64

    /// - Parameter checkpointInterval: in microseconds.
    init(
        id: Int32, place: Int32, detector: Detector, order: PointOrder, checkpointInterval: Int64,
        checkpointed: Int64 = 0,
        isRelearned: Bool = false
    ) {
        self.id = id
        self.place = place
        self.detector = detector
        self.order = order
        self.checkpointed = checkpointed
        self.isRelearned = isRelearned
        checkpointTime = SteadyClock.now
        awakeSince = checkpointTime
        schedule = CheckpointSchedule(stream: id, interval: checkpointInterval, now: checkpointTime)
    }

    // MARK: Sleep

    /// A point has come, at this steady time.
    func arrived(_ now: Int64) {
        silence.arrived(now)
        isSilenceInVain = false
        getUp()
    }

    /// Number of the shard's batch with which all of it is stored, so that it may sleep once that is committed; nil while
    /// it is not to sleep.
    var bedtime: Int64? { batchOfBedtime < 0 ? nil : batchOfBedtime }

    /// Something has befallen it.
    func getUp() { (isStored, batchOfBedtime) = (false, -1) }

    /// It was restored, and nothing has befallen it since the store has it.
    func noteStored() { isStored = true }

    /// It may sleep once all of it is stored, if nothing befalls it before.
    ///
    /// - Parameters:
    ///   - batch: number of the shard's batch that holds what is not stored yet.
    ///   - checkpoint: takes a checkpoint into that batch.
    func goToBed(with batch: () -> Int64, now: Int64, checkpoint: (CheckpointRecord) -> Void) {
        if !isStored, hasNews { checkpoint(self.checkpoint(now)) }
        batchOfBedtime = isStored ? 0 : batch()
    }

    /// Steady time of its last point in this run; of its coming into memory if there was none.
    var lastUse: Int64 { silence.arrival ?? awakeSince }

    func noteSilenceInVain() { isSilenceInVain = true }

    /// Another detector of the stream takes the place of the one that it has.
    func replaceDetector(by successor: Detector) { detector = successor }

    // MARK: Checkpoints

    /// Whether points have come that the newest checkpoint does not cover.
    var hasNews: Bool { detector.sequence > checkpointed }

    func isCheckpointDue(_ now: Int64) -> Bool { schedule.isDue(now, hasNews: hasNews) }

    /// The detector as it is now.
    var record: CheckpointRecord {
        CheckpointRecord(
            stream: id, sequence: detector.sequence, format: Int32(Detector.stateVersion), state: detector.savedState())
    }

    /// The checkpoint as of now.
    func checkpoint(_ now: Int64) -> CheckpointRecord {
        checkpointed = detector.sequence
        checkpointTime = now
        schedule.done(now)
        return record
    }
}
