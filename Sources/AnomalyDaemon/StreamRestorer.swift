import AnomalyConfiguration
import AnomalyDetection
import Logging
import PointStore

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
        let (first, checkpointed, isRelearned) = try start(record, settings, store, workbench)
        var detector = first
        // Behind which points the stream was found silent.
        let silences = Set(
            try readable(record, or: []) {
                try store.events(of: record.id, from: detector.sequence).filter { $0.kind == .silence }.map(\.sequence)
            })
        let feedback = try feedback(on: record, detector, isRelearned: isRelearned, store)
        let befall = { (sequence: Int64) in
            let said = feedback[sequence] ?? []
            for act in said where !act.isSilent { detector = try heed(act, detector, record, store, workbench) }
            if silences.contains(sequence) { _ = detector.fallSilent() }
            for act in said where act.isSilent { detector = try heed(act, detector, record, store, workbench) }
        }
        try befall(detector.sequence)
        var verdicts = [ChannelVerdict](
            repeating: ChannelVerdict(value: 0, prediction: 0, lower: 0, upper: 0, residual: 0),
            count: record.channels)
        // What lies behind the damage is lost to the model.
        workbench.isReplaying = true
        defer { workbench.isReplaying = false }
        try readable(record, or: ()) {
            try store.replay(of: record.id, after: detector.sequence) { sequence, time, values, _ in
                if sequence % Self.replayedPoints == 0 { replayed() }
                _ = values.withUnsafeBufferPointer { values in
                    verdicts.withUnsafeMutableBufferPointer { detector.step(time: time, values: values, verdicts: $0) }
                }
                try befall(sequence)
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
    /// everything, the older things at its beginning, and so it is of what is to be left out, also where that was said
    /// after its points had come.
    private func feedback(
        on record: StreamRecord, _ detector: Detector, isRelearned: Bool, _ store: StoreReader
    ) throws -> [Int64: [FeedbackRecord]] {
        let all = try readable(record, or: []) {
            try store.feedback(of: record.id, from: isRelearned ? 0 : detector.sequence)
        }
        return Dictionary(grouping: all) { said in
            let isEarly = isRelearned && (said.action == .exclude || said.action == .include)
            return isEarly ? detector.sequence : max(said.sequence, detector.sequence)
        }
    }

    /// What `read` returns; `substitute` where the database is damaged, if it is to be set aside then: streams are
    /// restored as well as they can be, and the writer is told.
    func readable<T>(_ record: StreamRecord, or substitute: T, _ read: () throws -> T) throws -> T {
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
            self.new(record, settings, after: sequence, initial, workbench)
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
        // Nor is there one if the first points have expired: then those that are left are learned from.
        let newest = try readable(record, or: nil) { try store.newest(of: record.id) }?.sequence ?? 0
        let oldest = try readable(record, or: nil) { try store.oldest(of: record.id) }?.sequence ?? newest + 1
        let isRelearned = misfits + damages > 0 || oldest > 1
        let detector = new(
            after: max(0, oldest - 1, misfits > 0 ? newest - Self.relearnedPoints : 0),
            isRelearned ? settings.detector.model.initial : .random)
        if isRelearned { _ = initialModels.begin(detector, stream: record.name, settings: settings) }
        return (detector, 0, isRelearned)
    }

    /// A detector that knows nothing yet.
    func new(
        _ record: StreamRecord, _ settings: StreamSettings, after sequence: Int64 = 0, _ initial: InitialWeights,
        _ workbench: Workbench
    ) -> Detector {
        var detectorSettings = settings.detector
        detectorSettings.model.initial = initial
        return Detector(
            detectorSettings, channels: record.channels, name: record.name.utf8, after: sequence, workbench: workbench)
    }

    func warn(_ record: StreamRecord, _ error: any Error) {
        logger.tell(.checkpointUnusable, ["stream": "\(record.name)", "cause": "\(error)"])
    }
}
