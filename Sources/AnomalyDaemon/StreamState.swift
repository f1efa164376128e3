import AnomalyDetection
import Configuration
import Logging
import PointStore

/// A stream in the memory of its shard: the detector, and how much of it is on disk.
final class StreamState {
    let id: Int32
    /// Its number among the shard's streams.
    let place: Int32
    /// Where the shard has it among those that are awake.
    var index = 0
    let detector: Detector
    /// What becomes of points that come out of order, and those that wait for others.
    var order: PointOrder
    /// Sequence number of the newest checkpoint, and the steady time of it (or of the stream's first point).
    private(set) var checkpointed: Int64
    /// Whether no checkpoint could be used, so that the stream has been learned anew: the next restart would begin
    /// elsewhere, from newer points or with other weights, unless there is a checkpoint of this one.
    let isRelearned: Bool
    private(set) var checkpointTime: Int64
    private var schedule: CheckpointSchedule
    var gradientTrouble = GradientTrouble()
    var silence = SilenceWatch()
    /// Whether the store has all of it, if only as points behind a checkpoint: so from the moment in which it is restored
    /// until something befalls it.
    private var isStored = false
    /// Number of the shard's batch with which all of it is stored, so that it may sleep once that is committed; nil while
    /// it is not to sleep.
    private(set) var bedtime: Int64?
    /// Steady time from which on it is awake.
    let awakeSince: Int64
    /// Sequence number behind which it was looked at for silence, and that was none; -1: never.
    private var silenceInVain: Int64 = -1

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
        getUp()
    }

    /// Something has befallen it.
    func getUp() { (isStored, bedtime) = (false, nil) }

    /// It was restored, and nothing has befallen it since the store has it.
    func noteStored() { isStored = true }

    /// It may sleep once all of it is stored, if nothing befalls it before.
    ///
    /// - Parameters:
    ///   - batch: number of the shard's batch that holds what is not stored yet.
    ///   - checkpoint: takes a checkpoint into that batch.
    func goToBed(with batch: () -> Int64, now: Int64, checkpoint: (CheckpointRecord) -> Void) {
        if !isStored, hasNews { checkpoint(self.checkpoint(now)) }
        bedtime = isStored ? 0 : batch()
    }

    /// Steady time of its last point in this run; of its coming into memory if there was none.
    var lastUse: Int64 { silence.arrival ?? awakeSince }

    /// Whether it was silent for long, and that was no anomaly: so it stays until its next point.
    var isSilenceInVain: Bool { silenceInVain == detector.sequence }

    func noteSilenceInVain() { silenceInVain = detector.sequence }

    // MARK: Checkpoints

    /// Whether points have come that the newest checkpoint does not cover.
    var hasNews: Bool { detector.sequence > checkpointed }

    func isCheckpointDue(_ now: Int64) -> Bool { schedule.isDue(now, hasNews: hasNews) }

    /// The detector as it is now.
    var record: CheckpointRecord {
        CheckpointRecord(
            stream: id, sequence: detector.sequence, format: Int32(detector.stateVersion), state: detector.savedState())
    }

    /// The checkpoint as of now.
    func checkpoint(_ now: Int64) -> CheckpointRecord {
        checkpointed = detector.sequence
        checkpointTime = now
        schedule.done(now)
        return record
    }
}

/// Brings streams back from the store: the newest checkpoint that can be used, and every point stored after it
/// through the very steps that it took before. The outcome is the state that was lost, bit for bit.
struct StreamRestorer {
    /// Points that a stream is taught again when its settings have changed so that no checkpoint fits any more.
    static let relearnedPoints: Int64 = 5000
    /// Points between two signs of life of a replay: some milliseconds.
    static let replayedPoints: Int64 = 1024

    let configuration: DaemonConfiguration
    let initialModels: InitialModels
    let logger: Logger
    /// Told of damage that was met, and in which database (see ``HistoryPath``).
    let noteDamage: @Sendable (StoreError, Int) -> Void
    /// The database that is read.
    var database = 0

    /// - Parameter replayed: called every ``replayedPoints`` points, as a replay can be long.
    /// - Throws: `StoreError` if the store can't be read.
    func restore(
        _ record: StreamRecord, at place: Int32, from store: StoreReader, workbench: Workbench, replayed: () -> Void
    ) throws -> StreamState {
        let settings = configuration.settings(forStream: record.name)
        let (detector, checkpointed, isRelearned) = try start(record, settings, store, workbench)
        // Behind which points the stream was found silent.
        let silences = Set(
            try readable(record, or: []) {
                try store.events(of: record.id, from: detector.sequence).filter { $0.kind == .silence }.map(\.sequence)
            })
        let feedback = try feedback(on: record, detector, isRelearned: isRelearned, store)
        let befall = { (sequence: Int64) in
            let said = feedback[sequence] ?? []
            for act in said where !act.isSilent { act.act.map(detector.take) }
            if silences.contains(sequence) { _ = detector.fallSilent() }
            for act in said where act.isSilent { act.act.map(detector.take) }
        }
        befall(detector.sequence)
        var verdicts = [ChannelVerdict](
            repeating: ChannelVerdict(value: 0, prediction: 0, lower: 0, upper: 0, residual: 0),
            count: record.channels)
        // What lies behind the damage is lost to the model.
        try readable(record, or: ()) {
            try store.replay(of: record.id, after: detector.sequence) { sequence, time, values, _ in
                if sequence % Self.replayedPoints == 0 { replayed() }
                _ = values.withUnsafeBufferPointer { values in
                    verdicts.withUnsafeMutableBufferPointer { detector.step(time: time, values: values, verdicts: $0) }
                }
                befall(sequence)
            }
        }
        var order = PointOrder(settings.feed, channels: record.channels)
        for point in try readable(record, or: [], { try store.pending(of: record.id) }) {
            _ = point.values.withUnsafeBufferPointer { order.window.insert(time: point.time, values: $0) }
        }
        return StreamState(
            id: record.id, place: place, detector: detector, order: order,
            checkpointInterval: settings.storage.checkpointInterval, checkpointed: checkpointed,
            isRelearned: isRelearned)
    }

    /// What people have said of the stream, by the point that it was said behind. A model that is learned anew is told of
    /// everything, the older things at its beginning.
    private func feedback(
        on record: StreamRecord, _ detector: Detector, isRelearned: Bool, _ store: StoreReader
    ) throws -> [Int64: [FeedbackRecord]] {
        let all = try readable(record, or: []) {
            try store.feedback(of: record.id, from: isRelearned ? 0 : detector.sequence)
        }
        return Dictionary(grouping: all) { max($0.sequence, detector.sequence) }
    }

    /// What `read` returns; `substitute` where the database is damaged, if it is to be set aside then: streams are
    /// restored as well as they can be, and the writer is told.
    private func readable<T>(_ record: StreamRecord, or substitute: T, _ read: () throws -> T) throws -> T {
        do {
            return try read()
        } catch let error as StoreError where error.cause == .damaged && configuration.database.onDamage == .setAside {
            warn(record, error)
            noteDamage(error, database)
            return substitute
        }
    }

    /// A detector in the state of the newest good checkpoint; else a new one, before the first point that it will see.
    private func start(
        _ record: StreamRecord, _ settings: StreamSettings, _ store: StoreReader, _ workbench: Workbench
    ) throws -> (detector: Detector, checkpointed: Int64, isRelearned: Bool) {
        func new(after sequence: Int64, _ initial: InitialWeights) -> Detector {
            var detectorSettings = settings.detector
            detectorSettings.model.initial = initial
            return Detector(
                detectorSettings, channels: record.channels, name: record.name.utf8, after: sequence,
                workbench: workbench)
        }
        var before = Int64.max
        var misfits = 0
        var damages = 0
        let onDamage = { (error: StoreError) in
            warn(record, error)
            damages += 1
        }
        func next() throws -> CheckpointRecord? {
            do {
                return try store.checkpoint(of: record.id, before: before, onDamage: onDamage)
            } catch {
                // There may be some, but not even their positions can be read.
                damages += 1
                throw error
            }
        }
        while let checkpoint = try readable(record, or: nil, next) {
            let detector = new(after: 0, settings.detector.model.initial)
            do {
                if try !detector.restore(checkpoint.state) {
                    logger.tell(.otherProcessor, ["stream": "\(record.name)"])
                }
                return (detector, checkpoint.sequence, false)
            } catch {
                warn(record, error)
                misfits += 1
                before = checkpoint.sequence
            }
        }
        // Without any checkpoint all points are replayed, which gives the very state that was lost: only random weights,
        // which follow from name and seed, are begun with without one, whatever the settings or the program say now.
        // If checkpoints were there but don't fit the settings, there is no such state, and the last points are enough.
        let isRelearned = misfits + damages > 0
        let newest =
            misfits > 0 ? try readable(record, or: nil) { try store.newest(of: record.id) }?.sequence ?? 0 : 0
        let detector = new(
            after: max(0, newest - Self.relearnedPoints), isRelearned ? settings.detector.model.initial : .random)
        if isRelearned { _ = initialModels.begin(detector, stream: record.name, settings: settings) }
        return (detector, 0, isRelearned)
    }

    private func warn(_ record: StreamRecord, _ error: any Error) {
        logger.tell(.checkpointUnusable, ["stream": "\(record.name)", "cause": "\(error)"])
    }
}
