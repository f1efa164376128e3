import AnomalyDetection
import Configuration
import Foundation
import ModelFiles
import PointStore
import RecurrentModel
import Synchronization

/// One thread that owns its streams' models outright: it takes batches of points, steps the detectors, and passes
/// the verdicts on. No lock is taken for a point.
final class Shard: @unchecked Sendable {
    // @unchecked: all but `queue` and `heartbeat` belongs to the shard's own thread once `start` has been called.

    /// Points that may wait in front of a shard before reading from the sockets stops.
    static let queuedPoints = 65_536
    /// Checkpoints written in one round of the loop, so that they never hold up points for long.
    private static let checkpointsARound = 64
    /// Streams looked at in one round to see whether a checkpoint is due.
    private static let lookedAtARound = 4096
    /// Least time between two walks that look at gradients too, in microseconds.
    private static let countInterval: Int64 = 1_000_000

    let number: Int
    let queue = BoundedQueue<ShardMessage>(capacity: Shard.queuedPoints)
    let heartbeat: Heartbeat

    private let directory: StreamDirectory
    private let configuration: DaemonConfiguration
    private let initialModels: InitialModels
    private let statistics: Statistics
    private let gradientLog: GradientLog
    private let writer: BoundedQueue<WriterMessage>
    private let workbench = Workbench()
    /// By stream id; other shards' streams are nil.
    private var streams: [StreamState?] = []
    private var active: [StreamState] = []
    private var nextToCheckpoint = 0
    /// Steady time of the oldest checkpoint that a stream would be replayed from, as of the last walk over all of
    /// them, and of the walk at hand; `Int64.max` if nothing would be replayed.
    private let oldest = Atomic<Int64>(.max)
    private var oldestOfWalk = Int64.max
    /// The gradients of all streams as of the last walk that looked at them, and of the one at hand if it does.
    private let counts = Mutex(GradientCounts())
    private var countsOfWalk: GradientCounts?
    /// Steady time from which a walk looks at gradients again.
    private var nextCount = Int64.min
    private var verdicts: [ChannelVerdict] = []
    private var batch = VerdictBatch()

    init(
        number: Int, directory: StreamDirectory, configuration: DaemonConfiguration, initialModels: InitialModels,
        statistics: Statistics, gradientLog: GradientLog, writer: BoundedQueue<WriterMessage>
    ) {
        self.number = number
        heartbeat = Heartbeat("shard \(number)")
        self.directory = directory
        self.configuration = configuration
        self.initialModels = initialModels
        self.statistics = statistics
        self.gradientLog = gradientLog
        self.writer = writer
    }

    /// Age of the oldest checkpoint that a stream would be replayed from, in microseconds; nil if there is none.
    var checkpointAge: Int64? {
        let time = oldest.now
        return time == .max ? nil : SteadyClock.now - time
    }

    /// The gradients of all streams, some seconds old at most.
    var gradients: GradientCounts { counts.withLock { $0 } }

    /// Starts the thread: it restores `records` first, then calls `restored`, then works until it is told to stop.
    func start(
        restoring records: [StreamRecord], with restorer: StreamRestorer,
        restored: @escaping @Sendable ((any Error)?) -> Void
    ) {
        StageThread.start("shard \(number)") { [self] in
            do {
                for record in records {
                    let state = try restorer.restore(record, workbench: workbench)
                    add(state)
                    statistics.warmingStreams.add(state.detector.isWarmingUp ? 1 : 0)
                    statistics.openAnomalies.add(state.detector.anomaly?.isOpen == true ? 1 : 0)
                    heartbeat.beat()
                }
                restored(nil)
            } catch {
                restored(error)
                return
            }
            run()
        }
    }

    private func run() {
        while true {
            for message in queue.takeAll(until: Date(timeIntervalSinceNow: 0.1)) {
                heartbeat.beat()
                switch message {
                case .points(let points):
                    step(points)
                    passOn()
                case .barrier(let barrier):
                    push(.barrier(barrier), weight: 0)
                case .replaceModel(let replacement):
                    replace(replacement)
                    passOn()
                case .checkpointAll:
                    checkpoint(all: true, evenWithoutNews: true)
                    passOn()
                case .stop:
                    checkpoint(all: true)
                    passOn()
                    push(.shardStopped, weight: 0)
                    return
                }
            }
            heartbeat.beat()
            checkpoint(all: false)
            passOn()
        }
    }

    private func passOn() {
        if batch.isEmpty { return }
        let weight = batch.weight
        push(.verdicts(batch), weight: weight)
        batch = VerdictBatch()
    }

    /// Waiting for the writer is a known reason: it shows in the writer's own heartbeat if that is stuck.
    private func push(_ message: WriterMessage, weight: Int) {
        writer.push(message, weight: weight) { heartbeat.beat() }
    }

    // MARK: Points

    private func step(_ points: PointBatch) {
        var duplicates = 0
        var late = 0
        batch.commit.points.reserveCapacity(batch.commit.points.count + points.values.count)
        points.values.withUnsafeBufferPointer { values in
            var position = 0
            for point in points.points {
                let width = Int(point.width)
                let own = UnsafeBufferPointer(rebasing: values[position..<(position + width)])
                position += width
                let state = self.state(of: point.stream)
                let newest = state.detector.newestTime
                var time = point.time
                if time <= newest {
                    if point.isArrival {
                        time = newest + 1
                    } else {
                        if time == newest { duplicates += 1 } else { late += 1 }
                        continue
                    }
                }
                step(state, time, own)
            }
        }
        statistics.points.add(points.count - duplicates - late)
        if duplicates > 0 { statistics.duplicates.add(duplicates) }
        if late > 0 { statistics.late.add(late) }
    }

    private func step(_ state: StreamState, _ time: Int64, _ values: UnsafeBufferPointer<Double>) {
        let detector = state.detector
        let wasWarming = detector.isWarmingUp
        while verdicts.count < values.count {
            verdicts.append(ChannelVerdict(value: 0, prediction: 0, lower: 0, upper: 0, residual: 0))
        }
        let verdict = verdicts.withUnsafeMutableBufferPointer { buffer in
            detector.step(time: time, values: values, verdicts: buffer)
        }
        for channel in 0..<values.count {
            let v = verdicts[channel]
            batch.commit.points.append(
                PointRow(
                    stream: state.id, channel: Int32(channel), sequence: verdict.sequence, time: time, value: v.value,
                    prediction: v.prediction, lower: v.lower, upper: v.upper, residual: v.residual,
                    score: verdict.score, flags: verdict.flags))
        }
        if wasWarming && !detector.isWarmingUp { statistics.warmingStreams.add(-1) }
        if verdict.change == .none { return }
        if let anomaly = detector.anomaly {
            batch.commit.anomalies.append(AnomalyRecord(stream: state.id, anomaly: anomaly))
        }
        switch verdict.change {
        case .opened:
            statistics.anomalies.add(1)
            statistics.openAnomalies.add(1)
        case .closed: statistics.openAnomalies.add(-1)
        case .extended, .none: break
        }
    }

    // MARK: Streams

    private func state(of id: Int32) -> StreamState {
        if Int(id) < streams.count, let state = streams[Int(id)] { return state }
        return found(id)
    }

    /// The first point of a new stream.
    private func found(_ id: Int32) -> StreamState {
        guard let record = directory.record(of: id) else {
            preconditionFailure("stream \(id) has points but is not in the directory")
        }
        let settings = configuration.settings(forStream: record.name)
        let detector = Detector(
            settings.detector, channels: record.channels, name: record.name.utf8, workbench: workbench)
        let interval = settings.storage.checkpointInterval
        let state = StreamState(
            id: id, detector: detector, checkpointInterval: interval, checkpointed: 0,
            firstAfter: interval > 0 ? Int64(id) * 7919 * 1_000_003 % interval : 0)
        add(state)
        batch.commit.streams.append(record)
        // In the commit that founds the stream, so that a replay never needs the file again.
        if initialModels.begin(detector, stream: record.name, settings: settings) {
            batch.commit.checkpoints.append(state.record)
        }
        statistics.warmingStreams.add(detector.isWarmingUp ? 1 : 0)
        return state
    }

    /// Other weights from here on. With a checkpoint at once, as no replay would come to them by itself.
    private func replace(_ replacement: ModelReplacement) {
        let state = state(of: replacement.stream)
        state.detector.replaceParameters(replacement.model.parameters(over: state.detector.parameters))
        batch.commit.checkpoints.append(state.checkpoint(SteadyClock.now))
        replacement.replaced(state.detector.sequence)
    }

    private func add(_ state: StreamState) {
        while streams.count <= Int(state.id) { streams.append(nil) }
        streams[Int(state.id)] = state
        active.append(state)
    }

    private func checkpoint(all: Bool, evenWithoutNews: Bool = false) {
        let now = SteadyClock.now
        if all {
            for state in active where state.hasNews || evenWithoutNews {
                batch.commit.checkpoints.append(state.checkpoint(now))
                // In pieces: all at once could be gigabytes.
                if batch.commit.checkpoints.count >= Self.checkpointsARound { passOn() }
                heartbeat.beat()
            }
            return
        }
        var written = 0
        for _ in 0..<min(active.count, Self.lookedAtARound) where written < Self.checkpointsARound {
            if nextToCheckpoint == 0 { countsOfWalk = now >= nextCount ? GradientCounts() : nil }
            let state = active[nextToCheckpoint]
            if countsOfWalk != nil { lookAtGradients(of: state) }
            if state.isCheckpointDue(now) {
                batch.commit.checkpoints.append(state.checkpoint(now))
                written += 1
            } else if state.hasNews {
                oldestOfWalk = min(oldestOfWalk, state.checkpointTime)
            }
            nextToCheckpoint += 1
            if nextToCheckpoint == active.count {
                nextToCheckpoint = 0
                oldest.store(oldestOfWalk, ordering: .relaxed)
                oldestOfWalk = .max
                if let walked = countsOfWalk {
                    counts.withLock { $0 = walked }
                    nextCount = now + Self.countInterval
                }
            }
        }
    }

    private func lookAtGradients(of state: StreamState) {
        let (health, training) = (state.detector.health, state.detector.training)
        let judgement = health.judgement
        countsOfWalk?.count(judgement, skippedUpdates: training.skipped)
        if state.gradientTrouble.look(judgement, updates: training.updates + training.skipped) {
            gradientLog.report(health, ofStream: state.id)
        }
    }
}
