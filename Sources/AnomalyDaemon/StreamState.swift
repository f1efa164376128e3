import AnomalyDetection
import Configuration
import Logging
import PointStore

/// A stream in the memory of its shard: the detector, and how much of it is on disk.
final class StreamState {
    let id: Int32
    let detector: Detector
    let checkpointInterval: Int64
    /// Sequence number of the newest checkpoint, and the steady time of it (or of the stream's first point).
    private(set) var checkpointed: Int64
    private(set) var checkpointTime: Int64
    /// Steady time at which the next checkpoint is due, if there is anything new.
    private var nextCheckpoint: Int64
    var gradientTrouble = GradientTrouble()

    /// - Parameter firstAfter: time to the first checkpoint, in microseconds, so that streams that begin together are
    ///   not all checkpointed together ever after.
    init(id: Int32, detector: Detector, checkpointInterval: Int64, checkpointed: Int64, firstAfter: Int64) {
        self.id = id
        self.detector = detector
        self.checkpointInterval = checkpointInterval
        self.checkpointed = checkpointed
        checkpointTime = SteadyClock.now
        nextCheckpoint = checkpointTime + firstAfter
    }

    /// Whether points have come that the newest checkpoint does not cover.
    var hasNews: Bool { detector.sequence > checkpointed }

    func isCheckpointDue(_ now: Int64) -> Bool { hasNews && now >= nextCheckpoint }

    /// The detector as it is now.
    var record: CheckpointRecord {
        CheckpointRecord(
            stream: id, sequence: detector.sequence, format: Int32(Detector.stateVersion), state: detector.savedState())
    }

    /// The checkpoint as of now; the next one is due an interval later.
    func checkpoint(_ now: Int64) -> CheckpointRecord {
        checkpointed = detector.sequence
        checkpointTime = now
        nextCheckpoint = now + checkpointInterval
        return record
    }
}

/// Brings streams back from the store: the newest checkpoint that can be used, and every point stored after it
/// through the very steps that it took before. The outcome is the state that was lost, bit for bit.
struct StreamRestorer {
    /// Points that a stream is taught again when its settings have changed so that no checkpoint fits any more.
    static let relearnedPoints: Int64 = 5000

    let store: PointStore
    let configuration: DaemonConfiguration
    let initialModels: InitialModels
    let logger: Logger

    /// - Throws: `StoreError` if the store can't be read.
    func restore(_ record: StreamRecord, workbench: Workbench) throws -> StreamState {
        let settings = configuration.settings(forStream: record.name)
        let newest = try readable(record, or: nil) { try store.newest(of: record.id) }?.sequence ?? 0
        let (detector, checkpointed) = try start(record, settings, newest: newest, workbench)
        var verdicts = [ChannelVerdict](
            repeating: ChannelVerdict(value: 0, prediction: 0, lower: 0, upper: 0, residual: 0),
            count: record.channels)
        // What lies behind the damage is lost to the model.
        try readable(record, or: ()) {
            try store.replay(of: record.id, after: detector.sequence) { _, time, values, _ in
                _ = values.withUnsafeBufferPointer { values in
                    verdicts.withUnsafeMutableBufferPointer { detector.step(time: time, values: values, verdicts: $0) }
                }
            }
        }
        return StreamState(
            id: record.id, detector: detector, checkpointInterval: settings.storage.checkpointInterval,
            checkpointed: checkpointed, firstAfter: settings.storage.checkpointInterval)
    }

    /// What `read` returns; `substitute` where the database is damaged, if it is to be set aside then: the writer does
    /// so once all streams are restored as well as they can be.
    private func readable<T>(_ record: StreamRecord, or substitute: T, _ read: () throws -> T) throws -> T {
        do {
            return try read()
        } catch let error as StoreError where error.cause == .damaged && configuration.database.onDamage == .setAside {
            warn(record, error)
            return substitute
        }
    }

    /// A detector in the state of the newest good checkpoint; else a new one, before the first point that it will see.
    private func start(
        _ record: StreamRecord, _ settings: StreamSettings, newest: Int64, _ workbench: Workbench
    ) throws -> (detector: Detector, checkpointed: Int64) {
        func new(after sequence: Int64) -> Detector {
            Detector(
                settings.detector, channels: record.channels, name: record.name.utf8, after: sequence,
                workbench: workbench)
        }
        var before = Int64.max
        var misfits = 0
        var damages = 0
        let onDamage = { (error: StoreError) in
            warn(record, error)
            damages += 1
        }
        while let checkpoint = try readable(
            record, or: nil, { try store.checkpoint(of: record.id, before: before, onDamage: onDamage) })
        {
            let detector = new(after: 0)
            do {
                if try !detector.restore(checkpoint.state) {
                    logger.notice(
                        "a model comes from another kind of processor and goes on with other last bits",
                        metadata: ["stream": "\(record.name)"])
                }
                return (detector, checkpoint.sequence)
            } catch {
                warn(record, error)
                misfits += 1
                before = checkpoint.sequence
            }
        }
        // Without any checkpoint all points are replayed, which gives the very state that was lost: a stream that began
        // from a file has had one from the start. If checkpoints were there but don't fit the settings, there is no such
        // state, and the last points are enough.
        let detector = new(after: misfits > 0 ? max(0, newest - Self.relearnedPoints) : 0)
        if misfits + damages > 0 { _ = initialModels.begin(detector, stream: record.name, settings: settings) }
        return (detector, 0)
    }

    private func warn(_ record: StreamRecord, _ error: any Error) {
        logger.warning(
            "a checkpoint cannot be used, falling back to older data",
            metadata: ["stream": "\(record.name)", "cause": "\(error)"])
    }
}
