package import AnomalyConfiguration
import AnomalyDetection
package import PointStore

/// What is to be done.
package enum AlertAction: Sendable, Equatable {
    /// Tell a sink, by its place among the policies, and say later how that went.
    case tell(Int, AlertNotification)
    /// Store what a sink has been told, and how far it is.
    case keep(AlertRecord)
    case advance(AlertSinkRecord)
}

/// Who is to be told of which anomaly, and when: events in, actions out. It has no clock, does no I/O and decides nothing
/// by chance.
///
/// Of each anomaly and sink it knows what the sink was told last, and from the anomaly as it is now what it needs to be told:
/// so the latest state wins, however long a sink was away. A sink is told of a group of anomalies at once: `wait` after the
/// first news, `interval` after the last notification at the soonest. What a sink has been told counts when the sink says
/// so; until then it will be told again, after a restart as well. Before a sink is told that an anomaly is open, that it may
/// know is stored: so it is told of the end, whatever happens to the daemon on the way, and however the sink answers.
///
/// | told | anomaly | becomes |
/// |---|---|---|
/// | nothing | open | told as opened; nothing while it is muted |
/// | nothing | over | told as resolved, after `opened` where the sink needs that; done if it is muted |
/// | sending | open | told as opened; nothing while it is muted |
/// | sending | over | told as resolved, muted or not, after `opened` where the sink needs that |
/// | firing | open | told as worsened, acknowledged, or again |
/// | firing | over | told as resolved, muted or not |
/// | resolved | open | told as opened: somebody took back that it is none |
package struct AlertMachine: Sendable {
    /// Pauses after a failure, in microseconds: doubled from the first to the longest, at once the second where the sink
    /// refuses, and never longer than the last, whatever the sink asks for.
    static let firstPause: Int64 = 1_000_000
    static let refusalPause: Int64 = 60_000_000
    static let longestPause: Int64 = 300_000_000
    static let longestWish: Int64 = 3_600_000_000
    /// What was told of anomalies that are over is forgotten after 30 days.
    static let memory: Int64 = 30 * 86_400_000_000
    private static let day: Int64 = 86_400_000_000
    private static let minute: Int64 = 60_000_000

    private struct Delivery {
        var sink: Int
        var group: String
        var after: [AlertKey: AlertTold]
    }

    private var rules: AlertRules
    private var windows: [MuteWindow]
    private var sinks: [AlertSinkState]
    /// All that are open, and of the others those that a sink may still need to hear of, or that came after one of these.
    private var alerts: [AlertKey: Alert] = [:]
    private var largestID: Int64 = 0
    private var deliveries: [Int64: Delivery] = [:]
    private var number: Int64 = 0
    private var outbox: [AlertAction] = []
    private var isChanged = false
    private var lastForgetting: Int64?
    private var lastAct = Int64.min

    package init(policies: [AlertPolicy], scale: AlertScale, windows: [MuteWindow] = []) {
        sinks = policies.map { AlertSinkState(policy: $0) }
        rules = AlertRules(scale: scale)
        self.windows = windows
    }

    // MARK: Events

    /// What was stored. To be called once, before anything else.
    ///
    /// - Parameters:
    ///   - through: how far each sink is; one that is not there is new, and is told of what is open.
    ///   - largestID: number of the newest anomaly.
    package mutating func restore(
        _ records: [AlertRecord], through: [String: Int64], alerts: [Alert], largestID: Int64, now: Int64
    ) {
        self.largestID = largestID
        isChanged = true
        updateWindows(now)
        let names = Dictionary(alerts.map { ($0.key, $0.stream) }) { $1 }
        for index in sinks.indices { begin(index, records, through, names) }
        // A sink that is configured no more is none of those who were away: should it come back, only what it knows as
        // firing, and what is open then, is news to it.
        for (name, old) in through.sorted(by: { $0.key < $1.key })
        where old < largestID && !sinks.contains(where: { $0.policy.name == name && $0.policy.isKept }) {
            outbox.append(.advance(AlertSinkRecord(sink: name, through: largestID)))
        }
        for alert in alerts { changed(alert, now: now) }
    }

    /// Where a sink stands by what is stored.
    ///
    /// - Parameter names: of the streams of the anomalies that it may know.
    private mutating func begin(
        _ index: Int, _ records: [AlertRecord], _ through: [String: Int64], _ names: [AlertKey: String]
    ) {
        let policy = sinks[index].policy
        sinks[index].through = largestID
        guard policy.isKept else { return }
        sinks[index].keptThrough = through[policy.name]
        sinks[index].through = sinks[index].keptThrough ?? largestID
        for record in records where record.sink == policy.name {
            guard let stream = names[record.key] else { continue }
            if record.state == .done {
                sinks[index].standings[record.key] = .done
                continue
            }
            let told = AlertTold(
                state: record.state, since: record.since, last: record.told, score: record.score,
                deviation: record.deviation, isAcknowledged: record.isAcknowledged, isNamed: record.isListed)
            sinks[index].standings[record.key] = .told(told)
            noteTold(told, stream, index)
        }
    }

    /// When the group of a stream was told something last.
    private mutating func noteTold(_ told: AlertTold, _ stream: String, _ index: Int) {
        if told.state == .sending { return }
        let group = sinks[index].policy.groupBy.group(of: stream)
        let last = sinks[index].groups[group]?.lastTold ?? .min
        sinks[index].groups[group, default: AlertSinkState.Group()].lastTold = max(last, told.last)
    }

    /// An anomaly as it is now.
    package mutating func changed(_ alert: Alert, now: Int64) {
        isChanged = true
        let key = alert.key
        let isNew = alerts[key] == nil
        if isNew, alert.isClosed, sinks.allSatisfy({ alert.id <= $0.through && $0.standings[key]?.isOwed != true }) {
            return sinks.indices.forEach { sinks[$0].standings[key] = nil }
        }
        alerts[key] = alert
        largestID = max(largestID, alert.id)
        for index in sinks.indices {
            if isNew, alert.isClosed, alert.id <= sinks[index].through, sinks[index].standings[key] == nil {
                sinks[index].standings[key] = .done
            }
            refresh(key, index, now)
        }
    }

    /// How a notification fared.
    package mutating func delivered(_ number: Int64, _ outcome: AlertOutcome, now: Int64) {
        guard let delivery = deliveries.removeValue(forKey: number) else { return }
        isChanged = true
        let index = delivery.sink
        sinks[index].underWay -= 1
        sinks[index].groups[delivery.group]?.isUnderWay = false
        switch outcome {
        case .told:
            (sinks[index].failures, sinks[index].retry) = (0, nil)
            sinks[index].groups[delivery.group]?.lastTold = now
            sinks[index].groups[delivery.group]?.since = nil
            for (key, after) in delivery.after.sorted(by: {
                ($0.key.stream, $0.key.start) < ($1.key.stream, $1.key.start)
            }) {
                var told = after
                told.last = now
                keep(told, of: key, index)
                refresh(key, index, now)
            }
            // What has come meanwhile waits anew.
            if let group = sinks[index].groups[delivery.group], !group.pending.isEmpty, group.since == nil {
                sinks[index].groups[delivery.group]?.since = now
            }
        case .failed(_, let wish, let isRefused):
            sinks[index].failures += 1
            let doubled = Self.firstPause << Int64(min(sinks[index].failures - 1, 20))
            let own = min(isRefused ? max(doubled, Self.refusalPause) : doubled, Self.longestPause)
            sinks[index].retry = now + max(own, min(wish, Self.longestWish))
        }
    }

    /// There is a new database, which knows nothing of what was told.
    package mutating func databaseReplaced() {
        largestID = 0
        for key in Array(alerts.keys) { alerts[key]?.id = 0 }
        for index in sinks.indices {
            (sinks[index].through, sinks[index].keptThrough) = (0, nil)
            for (key, standing) in sinks[index].standings {
                if case .told(let told) = standing, told.state.isOwed { keep(told, of: key, index) }
            }
        }
        isChanged = true
    }

    /// Other sinks from now on, or the same ones with other rules; nothing may be on its way. One that was there before goes
    /// on from what it was told. One that is new is told of what is open.
    ///
    /// - Parameters:
    ///   - records: what is stored of what new ones were told, if there have been such before.
    ///   - through: as in `restore`, for the same.
    ///   - alerts: the anomalies that they may know.
    package mutating func change(
        policies: [AlertPolicy], scale: AlertScale, records: [AlertRecord] = [], through: [String: Int64] = [:],
        alerts: [Alert] = [], now: Int64
    ) {
        let old = Dictionary(uniqueKeysWithValues: sinks.map { ($0.policy.name, $0) })
        // As in `restore`.
        for (name, sink) in old.sorted(by: { $0.key < $1.key })
        where sink.keptThrough != nil && !policies.contains(where: { $0.name == name }) {
            outbox.append(.advance(AlertSinkRecord(sink: name, through: largestID)))
        }
        rules.scale = scale
        isChanged = true
        let names = Dictionary(alerts.map { ($0.key, $0.stream) }) { $1 }
        sinks = policies.map { old[$0.name] ?? AlertSinkState(policy: $0) }
        for (index, policy) in policies.enumerated() {
            let isOtherGroup = sinks[index].policy.groupBy != policy.groupBy
            sinks[index].policy = policy
            if old[policy.name] == nil {
                begin(index, records, through, names)
                for (key, alert) in self.alerts
                where alert.isClosed && alert.id <= sinks[index].through && sinks[index].standings[key] == nil {
                    sinks[index].standings[key] = .done
                }
            } else if isOtherGroup {
                sinks[index].groups = [:]
                for (key, alert) in self.alerts {
                    if case .told(let told) = sinks[index].standings[key] { noteTold(told, alert.stream, index) }
                }
            }
        }
        for alert in alerts { changed(alert, now: now) }
        for key in Array(self.alerts.keys) { for index in sinks.indices { refresh(key, index, now) } }
    }

    /// Other windows hold from now on.
    package mutating func change(windows: [MuteWindow]) { self.windows = windows }

    // MARK: Actions

    /// What is due.
    package mutating func act(now: Int64) -> [AlertAction] {
        if now < lastAct { setBack(now) }
        lastAct = now
        updateWindows(now)
        for index in sinks.indices { tellDue(index, now) }
        if isChanged { advance(now) }
        isChanged = false
        defer { outbox = [] }
        return outbox
    }

    /// The clock was set back: times ahead of it are of no use.
    private mutating func setBack(_ now: Int64) {
        for index in sinks.indices {
            sinks[index].retry = sinks[index].retry.map { min($0, now + Self.longestWish) }
            for name in Array(sinks[index].groups.keys) {
                guard let group = sinks[index].groups[name] else { continue }
                sinks[index].groups[name]?.since = group.since.map { min($0, now) }
                sinks[index].groups[name]?.lastTold = group.lastTold.map { min($0, now) }
            }
        }
    }

    /// When `act` is due again if nothing happens until then; nil if never.
    package func deadline(now: Int64) -> Int64? {
        var deadline: Int64?
        func take(_ time: Int64) { deadline = min(deadline ?? .max, time) }
        for sink in sinks where sink.underWay < sink.policy.mostUnderWay {
            for group in sink.groups.values { if let due = due(group, of: sink) { take(due) } }
        }
        if !windows.isEmpty, !alerts.isEmpty { take((now / Self.minute + 1) * Self.minute) }
        return deadline
    }

    // MARK: Questions

    /// How a sink stands.
    package struct Report: Sendable, Equatable {
        package var name: String
        /// News that it has not been told yet.
        package var waiting = 0
        /// Anomalies that it knows as open.
        package var firing = 0
        /// Failures since it was told last.
        package var failures = 0
        /// When it is tried again.
        package var retry: Int64?
        /// Anomalies of which it will never hear, as too many waited.
        package var dropped: Int64 = 0
    }

    /// Those of some streams.
    package func keys(of streams: Set<Int32>) -> [AlertKey] { alerts.keys.filter { streams.contains($0.stream) } }

    /// The smallest number up to which all sinks are done with what is over.
    package var leastThrough: Int64 { sinks.map(\.through).min() ?? largestID }

    package var reports: [Report] {
        sinks.map { sink in
            Report(
                name: sink.policy.name, waiting: sink.groups.values.reduce(0) { $0 + $1.pending.count },
                firing: sink.standings.values.count { $0.isFiring }, failures: sink.failures, retry: sink.retry,
                dropped: sink.dropped)
        }
    }

    /// What a sink knows as open, in the order of their beginnings.
    package func firing(_ index: Int) -> [AlertNotification.Entry] {
        alerts.values.filter { sinks[index].standings[$0.key]?.isFiring == true && !$0.isOver }
            .sorted { ($0.anomaly.start, $0.stream) < ($1.anomaly.start, $1.stream) }
            .map {
                AlertNotification.Entry(
                    alert: $0, event: .ongoing, severity: rules.scale.severity(of: $0), isFiring: true)
            }
    }

    // MARK: Decisions

    /// Puts the alert where it belongs in the sink's group.
    private mutating func refresh(_ key: AlertKey, _ index: Int, _ now: Int64) {
        guard let alert = alerts[key] else { return }
        var need = rules.need(alert, sinks[index].standings[key], sinks[index].policy)
        if need == .settle {
            settle(key, index, now)
            need = .nothing
        }
        let name = sinks[index].policy.groupBy.group(of: alert.stream)
        let isPending = need != .nothing
        let isMember = isPending || sinks[index].standings[key]?.isFiring == true
        guard isMember || sinks[index].groups[name] != nil else { return }
        var group = sinks[index].groups.removeValue(forKey: name) ?? AlertSinkState.Group()
        if isMember { group.members.insert(key) } else { group.members.remove(key) }
        if isPending {
            group.pending.insert(key)
            if group.since == nil, !group.isUnderWay { group.since = now }
            sinks[index].groups[name] = group
            if alert.isOver, sinks[index].standings[key] == nil { boundLate(key, index, now) }
        } else {
            group.pending.remove(key)
            if group.pending.isEmpty { group.since = nil }
            sinks[index].groups[name] = group
        }
    }

    private mutating func settle(_ key: AlertKey, _ index: Int, _ now: Int64) {
        guard case .told(var told) = sinks[index].standings[key] else {
            // What people said will decide the same after a restart; a window will not.
            let isByWindow = alerts[key].map { alert in rules.isInWindow(alert) } ?? false
            if isByWindow { return finish(key, index, now) }
            sinks[index].standings[key] = .done
            return
        }
        told.state = .resolved
        keep(told, of: key, index)
    }

    /// The sink will never be told of it; a restart has to know that as well, as others may be in its way.
    private mutating func finish(_ key: AlertKey, _ index: Int, _ now: Int64) {
        if let alert = alerts[key] {
            var told = AlertTold(alert, now)
            told.state = .done
            keep(told, of: key, index)
        }
        sinks[index].standings[key] = .done
    }

    private mutating func keep(_ told: AlertTold, of key: AlertKey, _ index: Int) {
        sinks[index].standings[key] = .told(told)
        guard sinks[index].policy.isKept else { return }
        outbox.append(
            .keep(
                AlertRecord(
                    key: key, sink: sinks[index].policy.name, anomaly: alerts[key]?.id ?? 0, state: told.state,
                    since: told.since, told: told.last, score: told.score, deviation: told.deviation,
                    isAcknowledged: told.isAcknowledged, isListed: told.isNamed)))
    }

    /// Of what is over and untold, only so much waits.
    private mutating func boundLate(_ key: AlertKey, _ index: Int, _ now: Int64) {
        guard sinks[index].isLate.insert(key).inserted else { return }
        sinks[index].late.append(key)
        let most = sinks[index].policy.mostWaiting
        guard sinks[index].late.count > most else { return }
        let standings = sinks[index].standings
        sinks[index].late.removeAll { standings[$0] != nil }
        let excess = sinks[index].late.count - most
        let untold = sinks[index].late.prefix(max(0, excess))
        sinks[index].late.removeFirst(untold.count)
        sinks[index].isLate = Set(sinks[index].late)
        for late in untold {
            finish(late, index, now)
            sinks[index].dropped += 1
            refresh(late, index, now)
        }
    }

    private mutating func updateWindows(_ now: Int64) {
        let current = windows.filter { $0.isActive(at: now) }
        if current == rules.active { return }
        rules.active = current
        for key in Array(alerts.keys) { for index in sinks.indices { refresh(key, index, now) } }
        isChanged = true
    }

    // MARK: Telling

    /// When the group is to be told of; nil if nothing is to be told.
    private func due(_ group: AlertSinkState.Group, of sink: AlertSinkState) -> Int64? {
        if group.isUnderWay { return nil }
        let policy = sink.policy
        let last = group.lastTold
        var due: Int64?
        if let since = group.since, !group.pending.isEmpty {
            due = max(since + policy.wait, last.map { $0 + policy.interval } ?? .min)
        }
        if policy.repeatInterval > 0, let last, hasRepeatable(group, of: sink) {
            due = min(due ?? .max, last + policy.repeatInterval)
        }
        return due.map { max($0, sink.retry ?? .min) }
    }

    private func hasRepeatable(_ group: AlertSinkState.Group, of sink: AlertSinkState) -> Bool {
        group.members.contains { alerts[$0].map { rules.isRepeatable($0, sink.standings[$0.key]) } ?? false }
    }

    private mutating func tellDue(_ index: Int, _ now: Int64) {
        let sink = sinks[index]
        guard sink.underWay < sink.policy.mostUnderWay else { return }
        var ready: [(due: Int64, name: String)] = []
        for (name, group) in sink.groups {
            if let due = due(group, of: sink) {
                if due <= now { ready.append((due, name)) }
            } else if group.members.isEmpty, !group.isUnderWay,
                group.lastTold.map({ now - $0 > sink.policy.interval }) ?? true
            {
                sinks[index].groups[name] = nil
            }
        }
        ready.sort { ($0.due, $0.name) < ($1.due, $1.name) }
        for (_, name) in ready where sinks[index].underWay < sink.policy.mostUnderWay { tell(name, index, now) }
    }

    private mutating func tell(_ name: String, _ index: Int, _ now: Int64) {
        let sink = sinks[index]
        guard let group = sink.groups[name] else { return }
        let news = AlertNews(of: group.members.compactMap { alerts[$0] }, to: sink, by: rules)
        guard news.isNews || news.isRepetition else { return group.pending.forEach { refresh($0, index, now) } }
        number += 1
        let notification = news.notification(number, group: name, to: sink.policy, time: now)
        var after: [AlertKey: AlertTold] = [:]
        for (place, (entry, rank)) in news.ranked.enumerated() {
            let alert = entry.alert
            let old: AlertTold? = if case .told(let told) = sink.standings[alert.key] { told } else { nil }
            let isNamed = place < notification.entries.count
            if rank == .known, !(isNamed && old?.isNamed == false), news.isNews { continue }
            var told = old ?? AlertTold(alert, now)
            if rank != .known {
                told.state = entry.isFiring ? .firing : .resolved
                (told.score, told.deviation) = (alert.anomaly.peakScore, alert.deviation)
                told.isAcknowledged = alert.subject.acknowledgement != nil
            }
            told.isNamed = told.isNamed || isNamed
            after[alert.key] = told
            let isKnown = old?.state == .sending && old?.isNamed == told.isNamed
            if entry.event == .opened, !isKnown, sink.policy.isKept, !sink.policy.isImmediate {
                told.state = .sending
                keep(told, of: alert.key, index)
            }
        }
        deliveries[number] = Delivery(sink: index, group: name, after: after)
        sinks[index].underWay += 1
        sinks[index].groups[name]?.isUnderWay = true
        outbox.append(.tell(index, notification))
    }

    // MARK: Forgetting

    /// Moves each sink on past what it is done with, and forgets what all are done with.
    private mutating func advance(_ now: Int64) {
        let forgets = lastForgetting.map { now - $0 >= Self.day } ?? true
        for index in sinks.indices {
            var through = largestID
            for alert in alerts.values where sinks[index].standings[alert.key] == nil {
                through = min(through, alert.id - 1)
            }
            sinks[index].through = max(0, through)
            let sink = sinks[index]
            guard sink.policy.isKept, sink.keptThrough != sink.through || forgets else { continue }
            sinks[index].keptThrough = sink.through
            outbox.append(
                .advance(
                    AlertSinkRecord(
                        sink: sink.policy.name, through: sink.through, forgetBefore: forgets ? now - Self.memory : nil))
            )
        }
        if forgets { lastForgetting = now }
        let least = sinks.map(\.through).min() ?? .max
        for (key, alert) in alerts where alert.isClosed && alert.id <= least {
            let isSettled = sinks.allSatisfy { sink in
                sink.standings[key].map { !$0.isOwed } ?? false
            }
            // One that is on its way is told as it was.
            guard isSettled, !deliveries.values.contains(where: { $0.after[key] != nil }) else { continue }
            alerts[key] = nil
            for index in sinks.indices { sinks[index].standings[key] = nil }
        }
    }
}
