import AnomalyConfiguration
import AnomalyDetection
import Foundation
import PointStore
import Synchronization

/// One thread that owns its streams' models outright: it takes batches of points, steps the detectors, and passes
/// the verdicts on. No lock is taken for a point.
final class Shard: @unchecked Sendable {
    // @unchecked: all but `queue` and `heartbeat` belongs to the shard's own thread once `start` has been called.

    /// For how long points have waited when others should let the shard go first, in microseconds. Where it is more, more
    /// points come than can be stepped, and how many are done in all is what counts.
    private static let lateness: Range<Int64> = 2000..<50_000
    /// Points that may wait in front of a shard before reading from the sockets stops.
    static let queuedPoints = 65_536
    /// Streams that may wait at once for their last commit before they sleep: each has a checkpoint in the queues.
    static let mostBedded = 256
    /// Time without points after which a stream sleeps when memory is short, in microseconds.
    static let restWhenShort: Int64 = 5_000_000

    let number: Int
    let queue = BoundedQueue<ShardMessage>(capacity: Shard.queuedPoints)
    let heartbeat: Heartbeat

    let directory: StreamDirectory
    let progress: RestoreProgress
    let configuration: DaemonConfiguration
    /// Time without points after which a stream sleeps, in microseconds.
    let sleepAfter: Int64
    private let initialModels: InitialModels
    let statistics: Statistics
    let ledger: CommitLedger
    let memory: MemoryBudget
    let streamLog: StreamLog
    let runStart: RunStart
    private let writer: BoundedQueue<WriterMessage>
    private let followers: VerdictFollowers
    let workbench: Workbench
    let groups: NetworkGroups
    /// Points of streams that share networks, to be stepped together.
    var staged: [GroupSteps] = []
    /// Steady time at which the networks of groups are saved next, and how many there were.
    var nextGroupSave = Int64.min
    var savedGroups = 0
    var backlog: RestoreBacklog
    /// Streams of the backlog with an anomaly that is open.
    var storedOpen: Set<Int32> = []
    /// Why streams of the backlog can't be restored.
    let trouble = Mutex<String?>(nil)
    var parked = ParkedPoints()
    /// Time that streams of the backlog may still take between two messages, in microseconds.
    var restoringTime: Int64 = 0
    let isStopping = Atomic<Bool>(false)
    let hasGivenUp = Atomic<Bool>(false)
    /// By place: those that are awake.
    var streams: [StreamState?] = []
    var active: [StreamState] = []
    var whereabouts = Whereabouts()
    var sleeping = SleepingStreams()
    /// Streams that are to sleep once all of them is stored, in the order of their bedtimes. Some may have got up.
    var bedded: [StreamState] = []
    /// Most streams that were awake at once, and how many more than at the last look at the process's memory: what sleeps
    /// leaves its memory to what wakes, so that only a new record needs more of it.
    private var mostAwake = 0
    private var addedSinceLook = 0
    /// Shortages of memory that have been answered.
    var shortages: Int64 = 0
    /// Number of the newest database that this shard has made checkpoints for (see `HistoryPath`).
    var database = 0
    var walk = Walk()
    /// Steady time of the oldest checkpoint that a stream would be replayed from, as of the last walk over all of
    /// them; `Int64.max` if nothing would be replayed.
    let oldest = Atomic<Int64>(.max)
    /// The gradients of all streams as of the last walk that looked at them.
    let counts = Mutex(GradientCounts())
    /// Steady time at which the oldest of the points was read that are being stepped; `Int64.max` if there are none.
    private let atHand = Atomic<Int64>(.max)
    private var verdicts: [ChannelVerdict] = []
    var times = StepTimes()
    /// Time that went into points, in microseconds.
    let busyTime = Atomic<Int64>(0)
    var batch = VerdictBatch()

    init(
        number: Int, directory: StreamDirectory, configuration: DaemonConfiguration, initialModels: InitialModels,
        statistics: Statistics, streamLog: StreamLog, writer: BoundedQueue<WriterMessage>,
        followers: VerdictFollowers, ledger: CommitLedger, memory: MemoryBudget, groups: NetworkGroups,
        backlog: RestoreBacklog,
        progress: RestoreProgress, run: RunStart
    ) {
        self.number = number
        self.groups = groups
        workbench = Workbench(groups: groups)
        self.backlog = backlog
        self.progress = progress
        runStart = run
        heartbeat = Heartbeat("shard \(number)")
        self.directory = directory
        self.configuration = configuration
        sleepAfter = configuration.daemon.sleepAfter
        self.initialModels = initialModels
        self.statistics = statistics
        self.streamLog = streamLog
        self.writer = writer
        self.followers = followers
        self.ledger = ledger
        self.memory = memory
        batch.shard = number
    }

    /// Why streams wait to be restored longer than they should; nil if none does.
    var restoringTrouble: String? { trouble.withLock { $0 } }

    /// Whether the shard has stopped with points that it could not step, as their streams could not be restored.
    var hasLostPoints: Bool { hasGivenUp.load(ordering: .relaxed) }

    /// Age of the oldest checkpoint that a stream would be replayed from, in microseconds; nil if there is none.
    var checkpointAge: Int64? {
        let time = oldest.now
        return time == .max ? nil : SteadyClock.now - time
    }

    /// Whether points have waited for longer than they should, the shard is not done with them, and it would help if others
    /// let it go first.
    var isLate: Bool {
        let time = atHand.now
        return time != .max && Self.lateness.contains(SteadyClock.now - time)
    }

    /// The gradients of all streams, some seconds old at most.
    var gradients: GradientCounts { counts.withLock { $0 } }

    /// Starts the thread, which works until it is told to stop. Streams of the backlog are restored before their next
    /// point, or when there is nothing else to do.
    ///
    /// - Parameter open: ids of the stored streams with an anomaly that is open.
    func start(restoring streams: [StreamDirectory.Entry], open: Set<Int32>) {
        for stream in streams { backlog.append(stream.id, at: stream.place) }
        storedOpen = open
        StageThread.start("shard \(number)") { [self] in run() }
    }

    /// The daemon is stopping: points whose streams can't be restored are not kept for ever any more.
    func stopSoon() { isStopping.store(true, ordering: .relaxed) }

    private func run() {
        while true {
            let hasWork = backlog.hasWork(SteadyClock.now) && !isFull
            let messages = queue.takeAll(until: Date(timeIntervalSinceNow: hasWork ? 0 : 0.1))
            var group = PointGroup(of: messages)
            for (index, message) in messages.enumerated() {
                heartbeat.beat()
                let begun = SteadyClock.now
                switch message {
                case .points(let points):
                    group.add(points)
                    if !group.isFull, index + 1 < messages.count, case .points = messages[index + 1] { continue }
                    step(group)
                    group = group.next
                    passOn()
                case .barrier(let barrier):
                    if parked.isEmpty || !barrier.confirmsPoints {
                        push(.barrier(barrier), weight: barrier.weight)
                    } else {
                        parked.hold(barrier)
                    }
                case .replaceModel(let replacement):
                    replace(replacement)
                    passOn()
                case .feedback(let order):
                    take(order)
                    passOn()
                case .checkpointAll:
                    rebase()
                    passOn()
                case .stop:
                    stop()
                    return
                }
                if !backlog.isEmpty { restoreInPassing(since: begun) }
            }
            heartbeat.beat()
            sleepSome()
            lookAtSome()
            saveGroupsIfDue()
            listen()
            passOn()
            if hasWork && messages.isEmpty { restoreInBackground() }
            tellTrouble()
        }
    }

    /// Streams that are not restored by now have nothing new that a checkpoint would be needed for.
    private func stop() {
        tryParkedOnceMore()
        // Syncs that are not answered any more would keep their connections, and those this.
        parked = ParkedPoints()
        backlog.abandon()
        checkpointAll()
        saveGroups(all: false)
        passOn()
        push(.shardStopped, weight: 0)
    }

    func passOn() {
        if batch.isEmpty, !batch.isUrgent { return }
        let weight = batch.weight
        let next = batch.number + 1
        if followers.isWanted { followers.tell(batch.commit.points) }
        batch.handedOn = SteadyClock.now
        push(.verdicts(batch), weight: weight)
        batch = VerdictBatch()
        (batch.shard, batch.number) = (number, next)
    }

    /// Waiting for the writer is a known reason: it shows in the writer's own heartbeat if that is stuck.
    func push(_ message: WriterMessage, weight: Int) {
        writer.push(message, weight: weight) { heartbeat.beat() }
    }

    // MARK: Points

    func step(_ points: PointGroup) {
        var duplicates = 0
        var late = 0
        var kept = 0
        var waiting = 0
        var parkedNow = 0
        let now = SteadyClock.now
        atHand.store(points.arrived, ordering: .relaxed)
        if points.arrived != .max {
            batch.arrived = min(batch.arrived, points.arrived)
            statistics.times.shardWait.withLock { $0.add(now - points.arrived) }
        }
        defer {
            atHand.store(.max, ordering: .relaxed)
            busyTime.add(Int(SteadyClock.now - now))
            times.tell(statistics.times)
        }
        batch.commit.points.reserveCapacity(batch.commit.points.count + points.count)
        points.forEach(inRounds: groups.count > 0, ahead: prepare) { point, own in
            guard let state = self.state(of: point.stream, at: point.place) else {
                park(point, own)
                parkedNow += 1
                return
            }
            state.arrived(now)
            if state.isStaged { stepStaged() }
            let place = state.order.place(
                point.time, isArrival: point.isArrival, after: state.detector.newestTime, values: own)
            switch place {
            case .next(let time):
                if state.detector.sharesNetwork { stage(state, time, own) } else { step(state, time, own) }
            case .waits(let time):
                batch.commit.append(pending: time, values: own, of: state.id)
                waiting += 1 - release(state)
            case .kept:
                batch.commit.append(late: point.time, values: own, of: state.id)
                kept += 1
            case .late: late += 1
            case .duplicate: duplicates += 1
            }
        }
        stepStaged()
        // Those that are kept are counted when they are stored: only then it is known whether they are duplicates.
        statistics.points.add(points.count - duplicates - late - kept - parkedNow)
        if duplicates > 0 { statistics.duplicates.add(duplicates) }
        if late > 0 { statistics.late.add(late) }
        if waiting != 0 { statistics.pending.add(waiting) }
    }

    /// Steps through the points that have waited for long enough. In one commit they leave the table of those that wait
    /// and enter the other.
    ///
    /// - Parameter all: also those that would wait for longer.
    /// - Returns: how many there were.
    func release(_ state: StreamState, all: Bool = false) -> Int {
        if !state.order.hasWaiting { return 0 }
        let next = { time, values in self.step(state, time, values) }
        let count = all ? state.order.window.removeAll(next) : state.order.window.removeDue(next)
        if count > 0 {
            batch.commit.released.append(PendingRelease(stream: state.id, through: state.detector.newestTime))
        }
        return count
    }

    private func step(_ state: StreamState, _ time: Int64, _ values: UnsafeBufferPointer<Double>) {
        let detector = state.detector
        let wasWarming = detector.isWarmingUp
        if detector.isSilent { statistics.silentStreams.add(-1) }
        while verdicts.count < values.count {
            verdicts.append(ChannelVerdict(value: 0, prediction: 0, lower: 0, upper: 0, residual: 0))
        }
        let timed = times.isDue() ? (begun: SteadyClock.now, updates: detector.training.updates) : nil
        let verdict = verdicts.withUnsafeMutableBufferPointer { buffer in
            detector.step(time: time, values: values, verdicts: buffer)
        }
        if let timed {
            times.add(SteadyClock.now - timed.begun, hasLearnt: detector.training.updates != timed.updates)
        }
        verdicts.withUnsafeBufferPointer { note(verdict, $0, of: state, wasWarming: wasWarming) }
        whereabouts.look(at: state)
    }

    /// The points of a stream are going to be stepped.
    private func prepare(for point: PointBatch.Point, _ nearness: PointGroup.Nearness) {
        switch nearness {
        case .coming: whereabouts.prefetch(point.place)
        case .next: if whereabouts.knows(point.place) { awake(at: point.place)?.detector.approach(point.time) }
        }
    }

    /// Hands on what is said of a point.
    ///
    /// - Parameter verdicts: of each channel; there may be more.
    func note(
        _ verdict: PointVerdict, _ verdicts: UnsafeBufferPointer<ChannelVerdict>, of state: StreamState,
        wasWarming: Bool
    ) {
        let detector = state.detector
        for channel in 0..<detector.channels {
            let v = verdicts[channel]
            batch.commit.points.append(
                PointRow(
                    stream: state.id, channel: Int32(channel), sequence: verdict.sequence, time: verdict.time,
                    value: v.value, prediction: v.prediction, lower: v.lower, upper: v.upper, residual: v.residual,
                    score: verdict.score, flags: verdict.flags))
        }
        if wasWarming && !detector.isWarmingUp { statistics.warmingStreams.add(-1) }
        note(verdict.change, of: state)
    }

    func note(_ change: AnomalyChange, of state: StreamState) {
        guard change != .none, let anomaly = state.detector.anomaly else { return }
        batch.commit.anomalies.append(AnomalyRecord(stream: state.id, anomaly: anomaly))
        switch change {
        case .opened:
            statistics.anomalies.add(1)
            statistics.openAnomalies.add(1)
        case .closed: statistics.openAnomalies.add(-1)
        case .extended, .none: break
        }
    }

    // MARK: Streams

    /// Nil if it is not in memory.
    private func awake(at place: Int32) -> StreamState? { Int(place) < streams.count ? streams[Int(place)] : nil }

    /// Nil if the stream can't be restored now.
    func state(of id: Int32, at place: Int32) -> StreamState? {
        if let state = awake(at: place) { return state }
        // Who is put to sleep to make room must have no point that is still to be stepped.
        stepStaged()
        makeRoom()
        if let sleep = sleeping.take(place) { backlog.append(sleep, at: place, inBackground: false) }
        if backlog.isEmpty { return found(id) }
        switch backlog.restore(id, workbench: workbench, beat: heartbeat.beat) {
        case .restored(let stream):
            restored(stream)
            return stream.state
        case .absent: return found(id)
        case .unreadable: return nil
        }
    }

    /// The first point of a new stream.
    private func found(_ id: Int32) -> StreamState {
        guard let record = directory.record(of: id), let entry = directory.entry(of: id) else {
            preconditionFailure("stream \(id) has points but is not in the directory")
        }
        let settings = configuration.settings(forStream: record.name)
        let detector = Detector(
            settings.detector, channels: record.channels, name: record.name.utf8, workbench: workbench)
        let state = StreamState(
            id: id, place: entry.place, detector: detector, order: PointOrder(settings.feed, channels: record.channels),
            checkpointInterval: settings.storage.checkpointInterval)
        add(state)
        batch.commit.streams.append(record)
        // In the commit that founds the stream, so that a replay never needs the file, or this version of the program, again.
        if initialModels.begin(detector, stream: record.name, settings: settings) {
            batch.commit.checkpoints.append(state.record)
        }
        statistics.warmingStreams.add(detector.isWarmingUp ? 1 : 0)
        return state
    }

    func add(_ state: StreamState) {
        let place = Int(state.place)
        while streams.count <= place { streams.appendSlowly(nil) }
        streams[place] = state
        state.index = Int32(active.count)
        active.appendSlowly(state)
        memory.awake.add(1)
        guard active.count > mostAwake else { return }
        mostAwake = active.count
        addedSinceLook += 1
        guard addedSinceLook >= MemoryBudget.addedBetweenLooks else { return }
        addedSinceLook = 0
        memory.look(having: active.count)
    }
}
