import AnomalyConfiguration
import ControlProtocol
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// All that tells of anomalies: the sinks that are configured, and the dispatcher that tells them.
final class AlertService: Sendable {
    let dispatcher: AlertDispatcher
    private let journal: JournalSink
    /// Stays what it is while the daemon runs, as its followers do; nil if there is none.
    private let socket: SocketSink?
    private let group: any EventLoopGroup
    private let logger: Logger
    private let state: Mutex<State>

    private struct State {
        var alerts: DaemonConfiguration.Alerts
        var sinks: [AlertSinkSettings]
        /// Those that are not closed.
        var webhooks: [WebhookSink]
    }

    /// - Parameter group: its event loops send to webhooks.
    init(
        _ configuration: DaemonConfiguration, pipeline: Pipeline, group: any EventLoopGroup, logger: Logger
    ) {
        let alerts = configuration.alerts
        journal = JournalSink(logger: logger)
        socket = alerts.socket.isEmpty ? nil : SocketSink(link: alerts.link, logger: logger)
        self.group = group
        self.logger = logger
        let members = Self.members(configuration, journal, socket, group, logger)
        state = Mutex(State(alerts: alerts, sinks: configuration.sinks, webhooks: Self.webhooks(of: members)))
        dispatcher = AlertDispatcher(
            members: members, scale: AlertScale(alerts), windows: configuration.mutes,
            database: configuration.database.path, directory: pipeline.directory, writer: pipeline.writer.queue,
            logger: logger)
    }

    private static func members(
        _ configuration: DaemonConfiguration, _ journal: JournalSink, _ socket: SocketSink?,
        _ group: any EventLoopGroup, _ logger: Logger
    ) -> [AlertDispatcher.Member] {
        let alerts = configuration.alerts
        var members: [AlertDispatcher.Member] = []
        if alerts.journal {
            var policy = AlertPolicy(name: AlertSinkSettings.journal)
            (policy.isImmediate, policy.opensFirst, policy.tellsMutedEnds) = (true, true, false)
            members.append(AlertDispatcher.Member(policy: policy, sink: journal))
        }
        if let socket {
            var policy = AlertPolicy(name: AlertSinkSettings.socket)
            (policy.isImmediate, policy.isKept) = (true, false)
            members.append(AlertDispatcher.Member(policy: policy, sink: socket))
        }
        for settings in configuration.sinks {
            let sink: any AlertSink =
                settings.url.isEmpty
                ? HookSink(settings, link: alerts.link, logger: logger)
                : WebhookSink(settings, link: alerts.link, group: group)
            members.append(AlertDispatcher.Member(policy: AlertPolicy(settings, alerts), sink: sink))
        }
        return members
    }

    private static func webhooks(of members: [AlertDispatcher.Member]) -> [WebhookSink] {
        members.compactMap { $0.sink as? WebhookSink }
    }

    /// Lets another configuration hold, but for where followers come.
    func change(_ new: DaemonConfiguration) {
        dispatcher.inbox.add { $0.windows = new.mutes }
        let isSame = state.withLock { state in
            defer { (state.alerts, state.sinks) = (new.alerts, new.sinks) }
            return state.alerts == new.alerts && state.sinks == new.sinks
        }
        if isSame { return }
        socket?.change(link: new.alerts.link)
        let members = Self.members(new, journal, socket, group, logger)
        let webhooks = Self.webhooks(of: members)
        state.withLock { $0.webhooks += webhooks }
        dispatcher.inbox.add {
            $0.plan = AlertPlan(members: members, scale: AlertScale(new.alerts)) { [self] in
                Task { await close { webhook in !webhooks.contains { $0 === webhook } } }
            }
        }
    }

    /// Lets followers come. That they can't is told, and keeps nobody from being served: another daemon of the same user
    /// may be theirs.
    func open(
        _ listeners: Listeners, _ alerts: DaemonConfiguration.Alerts, _ options: AnomalyDaemon.Options
    ) async {
        if alerts.socket.isEmpty { return }
        do {
            try options.createParent(of: alerts.socket)
            try await bind(listeners, alerts)
        } catch {
            logger.tell(.followersRefused, ["cause": "\(error)", "socket": "\(alerts.socket)"])
        }
    }

    private func bind(_ listeners: Listeners, _ alerts: DaemonConfiguration.Alerts) async throws {
        let inbox = dispatcher.inbox
        try await listeners.bind(path: alerts.socket, mode: alerts.socketMode) { channel, _, left in
            try channel.pipeline.syncOperations.addHandler(FollowerHandler(left: left))
            inbox.add { $0.followers.append(channel) }
        }
    }

    /// To be called when the dispatcher has ended.
    func close() async { await close { _ in true } }

    private func close(_ isOver: (WebhookSink) -> Bool) async {
        let over = state.withLock { state in
            let over = state.webhooks.filter(isOver)
            state.webhooks.removeAll(where: isOver)
            return over
        }
        for webhook in over { await webhook.close() }
    }

    /// How the sinks do, for `anomalyctl status`.
    var status: [DaemonStatus.Sink] {
        dispatcher.reports.map { standing in
            DaemonStatus.Sink(
                name: standing.report.name, kind: standing.kind, firing: standing.report.firing,
                waiting: standing.report.waiting, failures: standing.report.failures,
                dropped: standing.report.dropped, lastTold: standing.lastTold, trouble: standing.cause,
                followers: standing.followers, droppedFollowers: standing.droppedFollowers)
        }
    }
}

extension AlertScale {
    fileprivate init(_ alerts: DaemonConfiguration.Alerts) {
        self.init(warning: alerts.warningScore, critical: alerts.criticalScore, worsenFactor: alerts.worsenFactor)
    }
}

extension AlertPolicy {
    /// A sink's own values in place of those for all.
    init(_ sink: AlertSinkSettings, _ alerts: DaemonConfiguration.Alerts) {
        self.init(name: sink.name)
        streams = sink.streams
        minSeverity = sink.minSeverity
        groupBy = sink.groupBy ?? alerts.groupBy
        wait = sink.groupWait ?? alerts.groupWait
        interval = sink.groupInterval ?? alerts.groupInterval
        repeatInterval = sink.repeatInterval ?? alerts.repeatInterval
        mostNamed = sink.maxAlerts ?? alerts.maxAlerts
        mostWaiting = alerts.queue
        tellsResolved = sink.resolved
        // Who takes Alertmanager's messages knows an alert by its beginning.
        opensFirst = !sink.url.isEmpty
        mostUnderWay = sink.maxRunning
    }
}
