import AnomalyConfiguration
import ControlProtocol
import Logging
import NIOCore
import NIOPosix

/// All that tells of anomalies: the sinks that are configured, and the dispatcher that tells them.
struct AlertService: Sendable {
    let dispatcher: AlertDispatcher
    private let webhooks: [WebhookSink]
    private let logger: Logger

    /// - Parameter group: its event loops send to webhooks.
    init(
        _ configuration: DaemonConfiguration, pipeline: Pipeline, group: any EventLoopGroup, logger: Logger
    ) {
        let alerts = configuration.alerts
        var members: [AlertDispatcher.Member] = []
        if alerts.journal {
            var policy = AlertPolicy(name: AlertSinkSettings.journal)
            (policy.isImmediate, policy.opensFirst, policy.tellsMutedEnds) = (true, true, false)
            members.append(AlertDispatcher.Member(policy: policy, sink: JournalSink(logger: logger)))
        }
        if !alerts.socket.isEmpty {
            var policy = AlertPolicy(name: AlertSinkSettings.socket)
            (policy.isImmediate, policy.isKept) = (true, false)
            members.append(
                AlertDispatcher.Member(policy: policy, sink: SocketSink(link: alerts.link, logger: logger)))
        }
        var webhooks: [WebhookSink] = []
        for settings in configuration.sinks {
            let policy = AlertPolicy(settings, alerts)
            if settings.url.isEmpty {
                let sink = HookSink(settings, link: alerts.link, logger: logger)
                members.append(AlertDispatcher.Member(policy: policy, sink: sink))
            } else {
                let sink = WebhookSink(settings, link: alerts.link, group: group)
                webhooks.append(sink)
                members.append(AlertDispatcher.Member(policy: policy, sink: sink))
            }
        }
        self.webhooks = webhooks
        self.logger = logger
        dispatcher = AlertDispatcher(
            members: members,
            scale: AlertScale(
                warning: alerts.warningScore, critical: alerts.criticalScore, worsenFactor: alerts.worsenFactor),
            windows: configuration.mutes, database: configuration.database.path, directory: pipeline.directory,
            writer: pipeline.writer.queue, logger: logger)
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
    func close() async { for webhook in webhooks { await webhook.close() } }

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
