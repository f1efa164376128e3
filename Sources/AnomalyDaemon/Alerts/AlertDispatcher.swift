import AnomalyConfiguration
import ControlProtocol
import Foundation
import Logging
import NIOCore
import PointStore
import Synchronization

/// Tells sinks of anomalies: a thread behind the writer. It learns of what was committed, reads it, lets `AlertMachine`
/// decide, and hands notifications to sinks that never make it wait. What they were told is stored with the writer's next
/// commit. So nothing here holds up a point: if it stood still, only sinks would hear nothing.
final class AlertDispatcher: @unchecked Sendable {
    // @unchecked: what is variable belongs to the dispatcher's own thread, but `reports` and `inbox`.

    /// Longest time without a look at the clock, in microseconds.
    private static let glance: Int64 = 250_000
    /// Pause before the database is read again that could not be, in microseconds.
    private static let readPause: Int64 = 1_000_000
    /// Time for what is on its way when the daemon ends, in microseconds.
    private static let lastWait: Int64 = 3_000_000
    /// Longest wait for the commit that a notification follows, in microseconds: while nothing can be stored, to be told
    /// twice after a crash is better than not to be told.
    private static let longestHold: Int64 = 5_000_000
    /// Longest wait of other sinks for what is on its way to those before them, in microseconds: then it is given up, and
    /// told again.
    private static let longestHandover: Int64 = 10_000_000
    /// Failures in a row after which somebody should see to a sink.
    private static let worrying = 3

    let inbox = AlertInbox()
    let heartbeat = Heartbeat("alerts")

    /// A sink, and how it is told.
    struct Member: Sendable {
        var policy: AlertPolicy
        var sink: any AlertSink
    }

    /// How a sink does, for status.
    struct Standing: Sendable {
        var report: AlertMachine.Report
        var kind: String
        var lastTold: Int64?
        var cause: String?
        /// Of the socket.
        var followers: Int?
        var droppedFollowers: Int64?
    }

    private var members: [Member]
    private let database: String
    private let directory: StreamDirectory
    private let writer: BoundedQueue<WriterMessage>
    private let logger: Logger
    private let standings = Mutex<[Standing]>([])
    private var follow: SocketSink? { members.lazy.compactMap { $0.sink as? SocketSink }.first }
    private let lastCommit = Mutex<(@Sendable (inout Commit) throws -> Void)?>(nil)

    private var machine: AlertMachine
    private var reader: StoreReader?
    private var readAgain: Int64?
    private var isRestored = false
    private var lastTold: [Int64?]
    private var causes: [String?]
    private var dropped: [Int64]
    /// Notifications that wait until it is stored that the sink may know what they say: how many records must be stored by
    /// then, and from which steady time on they wait no longer.
    private var held: [(notification: AlertNotification, records: Int64, deadline: Int64)] = []
    /// Records that were handed to the writer.
    private var handedOn: Int64 = 0
    /// Notifications on their way, and the sinks that they are for.
    private var underWay: [Int64: Int] = [:]
    /// Sinks that are to take over.
    private var plan: AlertPlan?
    /// What is to be stored when the writer has ended.
    private var last = Commit()
    /// Steady time from which nothing new is told to sinks that take their time; nil while the daemon runs.
    private var ending: Int64?
    private let (ended, end) = AsyncStream<Void>.makeStream()

    init(
        members: [Member], scale: AlertScale, windows: [MuteWindow], database: String, directory: StreamDirectory,
        writer: BoundedQueue<WriterMessage>, logger: Logger
    ) {
        self.members = members
        self.database = database
        self.directory = directory
        self.writer = writer
        self.logger = logger
        machine = AlertMachine(policies: members.map(\.policy), scale: scale, windows: windows)
        lastTold = Array(repeating: nil, count: members.count)
        causes = Array(repeating: nil, count: members.count)
        dropped = Array(repeating: 0, count: members.count)
        publish()
    }

    /// Reads what was told before. To be called before anything new is stored, of which a new sink would not know that it
    /// is new; what can't be read now is read later.
    func prepare() { look(AlertInbox.Contents(), WallClock.now) }

    func start() { StageThread.start("alerts") { [self] in run() } }

    /// Ends it, when the writer has stored its last: what is on its way gets a moment, the log and followers hear all,
    /// and what sinks were told is stored.
    ///
    /// - Parameter commit: stores; called on the dispatcher's thread.
    func finish(_ commit: @escaping @Sendable (inout Commit) throws -> Void) async {
        lastCommit.withLock { $0 = commit }
        inbox.add { $0.isEnding = true }
        for await _ in ended { break }
    }

    /// How the sinks do.
    var reports: [Standing] { standings.withLock { $0 } }

    /// What somebody should see to, each a sentence.
    var notes: [String] {
        reports.compactMap { standing in
            guard standing.report.failures >= Self.worrying else { return nil }
            let waiting = standing.report.waiting
            return "The sink \(standing.report.name) can't be told of anomalies (\(standing.cause ?? "")); \(waiting) "
                + (waiting == 1 ? "waits" : "wait") + ", and it will be tried again"
        }
    }

    // MARK: The thread

    private func run() {
        while true {
            let contents = inbox.take(until: Date(timeIntervalSinceNow: Double(pause) / 1e6))
            heartbeat.beat()
            if contents.isEnding, ending == nil { beginEnding() }
            take(contents)
            // Nothing more is told until other sinks have taken over.
            if plan == nil || ending != nil { perform(machine.act(now: WallClock.now)) }
            letGo()
            takeOver()
            follow?.dropStuck()
            publish()
            if let ending, isIdle || SteadyClock.now - ending > Self.lastWait { return endNow() }
        }
    }

    /// Time until something is due, in microseconds.
    private var pause: Int64 {
        let now = WallClock.now
        return max(0, min(Self.glance, (machine.deadline(now: now) ?? .max) - now))
    }

    private func take(_ contents: AlertInbox.Contents) {
        let now = WallClock.now
        if contents.isReplaced {
            closeReader()
            if isRestored { machine.databaseReplaced() }
        }
        for (number, outcome) in contents.outcomes { note(outcome, of: number, now) }
        if let windows = contents.windows { machine.change(windows: windows) }
        if let plan = contents.plan { self.plan = plan }
        look(contents, now)
        if let follow {
            for channel in contents.followers { follow.add(channel, open: open(of: follow)) }
        }
        for trial in contents.tests { trial.run(members.map { ($0.policy.name, $0.sink) }) }
    }

    private func open(of follow: SocketSink) -> [AlertNotification.Entry] {
        members.firstIndex { $0.sink is SocketSink }.map { machine.firing($0) } ?? []
    }

    // MARK: Reading

    /// Reads what has changed. What can't be read now is looked at again.
    private func look(_ contents: AlertInbox.Contents, _ now: Int64) {
        if isRestored, contents.keys.isEmpty, contents.streams.isEmpty, !contents.needsRescan { return }
        if let readAgain, SteadyClock.now < readAgain, ending == nil {
            return putBack(contents)
        }
        do {
            let reader = try openReader()
            try heartbeat.waiting(for: "the database") {
                if !isRestored {
                    try restore(reader, now)
                } else if contents.needsRescan {
                    for alert in try alerts(reader.alertCandidates(after: machine.leastThrough)) {
                        machine.changed(alert, now: now)
                    }
                }
                let keys = contents.keys.union(machine.keys(of: contents.streams))
                for alert in try alerts(reader.alertSubjects(keys)) { machine.changed(alert, now: now) }
            }
            readAgain = nil
        } catch {
            readLater(error)
            putBack(contents)
        }
    }

    private func readLater(_ cause: any Error) {
        closeReader()
        if readAgain == nil { logger.tell(.alertsUnread, ["cause": "\(cause)"]) }
        readAgain = SteadyClock.now + Self.readPause
    }

    private func putBack(_ contents: AlertInbox.Contents) {
        if ending != nil { return }
        inbox.putBack(contents)
    }

    private func restore(_ reader: StoreReader, _ now: Int64) throws {
        let through = try reader.alertSinks()
        let largest = try reader.largestAnomalyID()
        let kept = members.filter(\.policy.isKept).map { through[$0.policy.name] ?? largest }
        let least = kept.min() ?? largest
        machine.restore(
            try reader.alerts(after: least), through: through, alerts: alerts(try reader.alertCandidates(after: least)),
            largestID: largest, now: now)
        isRestored = true
    }

    private func alerts(_ subjects: [AlertSubject]) -> [Alert] {
        subjects.map { Alert($0, stream: directory.record(of: $0.stored.stream)?.name ?? "\($0.stored.stream)") }
    }

    private func openReader() throws -> StoreReader {
        if let reader { return reader }
        let opened = try StoreReader(path: database)
        reader = opened
        return opened
    }

    private func closeReader() {
        // What a connection that only reads says at its end changes nothing.
        try? reader?.close()
        reader = nil
    }

    // MARK: Telling

    private func perform(_ actions: [AlertAction]) {
        var commit = Commit()
        for action in actions {
            switch action {
            case .keep(let record): commit.alerts.append(record)
            case .advance(let record): commit.alertSinks.append(record)
            case .tell(let index, let notification):
                underWay[notification.number] = index
                if members[index].policy.isImmediate {
                    deliver(notification)
                } else {
                    let records = handedOn + Int64(commit.alerts.count)
                    held.append((notification, records, SteadyClock.now + Self.longestHold))
                }
            }
        }
        if commit.isEmpty { return }
        guard ending == nil else {
            last.append(commit)
            return
        }
        handedOn += Int64(commit.alerts.count)
        _ = writer.pushWithoutWaiting(.alerts(commit), weight: commit.alerts.count)
    }

    /// Delivers what has waited for its commit.
    private func letGo() {
        if held.isEmpty { return }
        let (stored, now) = (inbox.storedRecords, SteadyClock.now)
        let ready = held.filter { $0.records <= stored || $0.deadline <= now || ending != nil }
        held.removeAll { $0.records <= stored || $0.deadline <= now || ending != nil }
        for (notification, _, _) in ready { deliver(notification) }
    }

    private func deliver(_ notification: AlertNotification) {
        let number = notification.number
        guard let index = underWay[number] else { return }
        if ending != nil, !members[index].policy.isImmediate {
            return inbox.add { $0.outcomes.append((number, .failed(cause: "the daemon ends"))) }
        }
        members[index].sink.deliver(renewed(notification)) { [inbox] outcome in
            inbox.add { $0.outcomes.append((number, outcome)) }
        }
    }

    /// The same with what is known by now of anomalies that only go on: of those, not every point is looked at.
    private func renewed(_ notification: AlertNotification) -> AlertNotification {
        let keys = notification.entries.filter { $0.event == .ongoing }.map(\.alert.key)
        guard !keys.isEmpty, let subjects = try? openReader().alertSubjects(keys) else { return notification }
        let fresh = Dictionary(subjects.map { ($0.key, $0) }) { $1 }
        var notification = notification
        for index in notification.entries.indices where notification.entries[index].event == .ongoing {
            let key = notification.entries[index].alert.key
            if let subject = fresh[key] { notification.entries[index].alert.subject = subject }
        }
        return notification
    }

    private func note(_ outcome: AlertOutcome, of number: Int64, _ now: Int64) {
        guard let index = underWay.removeValue(forKey: number) else { return }
        let name = members[index].policy.name
        switch outcome {
        case .told:
            if causes[index] != nil { logger.tell(.sinkWorks, ["sink": "\(name)"]) }
            (causes[index], lastTold[index]) = (nil, now)
        case .failed(let cause, _, _):
            if causes[index] != cause, ending == nil {
                logger.tell(.sinkFailed, ["sink": "\(name)", "cause": "\(cause)"])
            }
            causes[index] = cause
        }
        machine.delivered(number, outcome, now: now)
    }

    /// Says how the sinks do, and tells of what was dropped.
    private func publish() {
        let reports = machine.reports
        for (index, report) in reports.enumerated() where report.dropped > dropped[index] {
            if dropped[index] == 0 || report.dropped >= 2 * dropped[index] {
                logger.tell(.alertsDropped, ["sink": "\(report.name)", "anomalies": "\(report.dropped)"])
                dropped[index] = report.dropped
            }
        }
        standings.withLock { standings in
            standings = reports.enumerated().map { index, report in
                let socket = members[index].sink as? SocketSink
                return Standing(
                    report: report, kind: members[index].sink.kind, lastTold: lastTold[index], cause: causes[index],
                    followers: socket?.count, droppedFollowers: socket?.dropped)
            }
        }
    }

    // MARK: Other sinks

    /// Lets other sinks take over when nothing is on its way.
    private func takeOver() {
        guard let plan, ending == nil else { return }
        guard underWay.isEmpty else {
            if SteadyClock.now - plan.asked >= Self.longestHandover { for member in members { member.sink.abandon() } }
            return
        }
        if let readAgain, SteadyClock.now < readAgain { return }
        let places = plan.members.map { member in members.firstIndex { $0.policy.name == member.policy.name } }
        do {
            let isNew = zip(plan.members, places).contains { $0.policy.isKept && $1 == nil }
            try change(plan, reading: isRestored && isNew)
        } catch {
            return readLater(error)
        }
        lastTold = places.map { $0.flatMap { lastTold[$0] } }
        causes = places.map { $0.flatMap { causes[$0] } }
        dropped = places.map { $0.map { dropped[$0] } ?? 0 }
        members = plan.members
        self.plan = nil
        plan.done()
        perform(machine.act(now: WallClock.now))
        letGo()
    }

    /// - Parameter reads: whether there may have been a sink of a new one's name before.
    private func change(_ plan: AlertPlan, reading reads: Bool) throws {
        let policies = plan.members.map(\.policy)
        guard reads else {
            return machine.change(policies: policies, scale: plan.scale, now: WallClock.now)
        }
        let reader = try openReader()
        try heartbeat.waiting(for: "the database") {
            let through = try reader.alertSinks()
            let largest = try reader.largestAnomalyID()
            let least = policies.filter(\.isKept).map { through[$0.name] ?? largest }.min() ?? largest
            machine.change(
                policies: policies, scale: plan.scale, records: try reader.alerts(after: least), through: through,
                alerts: alerts(try reader.alertCandidates(after: least)), now: WallClock.now)
        }
    }

    // MARK: The end

    private func beginEnding() {
        ending = SteadyClock.now
        // The writer has ended, and left these.
        for message in writer.takeAll(until: Date()) {
            if case .alerts(let commit) = message { last.append(commit) }
        }
    }

    /// Whether nothing is on its way, and nothing is due at once.
    private var isIdle: Bool {
        underWay.isEmpty
            && !members.contains { member in
                member.policy.isImmediate
                    && machine.reports.first { $0.name == member.policy.name }.map { $0.waiting > 0 } ?? false
            }
    }

    private func endNow() {
        for member in members { member.sink.abandon() }
        closeReader()
        if !last.isEmpty, let commit = lastCommit.withLock({ $0 }) {
            do {
                try commit(&last)
            } catch {
                logger.tell(.alertsUnread, ["cause": "what sinks were told last was not stored: \(error)"])
            }
        }
        end.yield()
        end.finish()
    }
}
