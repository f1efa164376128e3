public import AnomalyConfiguration
import AnomalyDetection
import FeedProtocol
import Foundation
import LivePage
public import Logging
import NIOCore
import NIOPosix
import PointStore
public import ServiceLifecycle
import Synchronization
public import Systemd
import WebServer

/// The daemon: feeds → shards → writer, from start to a clean end.
///
/// `run` returns after a graceful shutdown, or when stdin has ended and there is nothing else to listen to; everything
/// that was received is stored then.
public struct AnomalyDaemon: Service {
    /// What `run` needs to know besides the configuration.
    public struct Options: Sendable {
        /// Read points from stdin.
        public var readsStandardInput = false
        /// Who is told on stdout of each line on stdin that is stored.
        public var confirmation: Confirmation?
        /// Name of the stream that CSV rows on stdin belong to.
        public var stream: [UInt8]?
        /// Sockets that the service manager passed.
        public var passedSockets: [PassedSocket] = []
        /// Folder with the service manager's credentials (`$CREDENTIALS_DIRECTORY`); nil if it passed none.
        public var credentials: String?
        /// Create the database's directory if it is missing: for a person's own run.
        public var createsDirectories = false
        /// What a request to read the configuration again does; nothing if nil.
        public var reload: Reload?
        public var version: String

        public init(version: String) { self.version = version }

        /// Makes the directory that a file shall lie in, in a person's own run.
        func createParent(of path: String) throws {
            guard createsDirectories else { return }
            let parent = URL(filePath: path).deletingLastPathComponent()
            if !FileManager.default.fileExists(atPath: parent.path) {
                try FileManager.default.createDirectory(
                    at: parent, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            }
        }
    }

    private let configuration: DaemonConfiguration
    private let options: Options
    private let logger: Logger

    public init(configuration: DaemonConfiguration, options: Options, logger: Logger) {
        self.configuration = configuration
        self.options = options
        self.logger = logger
    }

    /// - Throws: `ConfigurationError` if a file that `model.initial` names can't be used; `StoreError` if the database
    ///   can't be opened; `ListenError`, `SystemdError`; ``NotStored`` if at the end not everything could be stored.
    public func run() async throws {
        let logger = logger
        let notifier = Notifier { logger.tell(.cannotNotify, ["cause": "\($0)"]) }
        let watchdog = try Watchdog.interval
        notifier.status("Opening \(configuration.database.path)")
        let (store, setAside) = try openStore(notifier)
        let initialModels = try readInitialModels(store)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: min(2, System.coreCount))
        let shards = configuration.daemon.shards > 0 ? configuration.daemon.shards : System.coreCount
        let pipeline = Pipeline(
            store: store, configuration: configuration, initialModels: initialModels, shards: shards, logger: logger)
        let refusals = RefusalLog(logger: logger, statistics: pipeline.statistics)
        let most = feedDescriptors()
        let listeners = Listeners(
            group: group, door: .feed(configuration.feed, most: most), refusals: refusals, logger: logger)
        let controls = Listeners(
            group: group, door: .control(configuration.control), refusals: refusals, logger: logger)
        pipeline.statistics.setAside.withLock { $0 = setAside }
        let loops = group.makeIterator().map { ($0, Heartbeat("event loop")) }
        let alerts = AlertService(configuration, pipeline: pipeline, group: group, logger: logger)
        let followers = Listeners(group: group, door: .alerts(configuration.alerts), refusals: refusals, logger: logger)
        let reporter = StatusReporter(
            pipeline: pipeline, alerts: alerts, listeners: listeners, configuration: configuration,
            version: options.version,
            notifier: notifier,
            watchdogTimeout: watchdog.map {
                $0.components.seconds * 1_000_000 + $0.components.attoseconds / Int64(1e12)
            },
            loopBeats: loops.map(\.1), logger: logger)

        let metrics = MetricsReporter(
            pipeline: pipeline, reporter: reporter, database: configuration.database.path)
        var page: LivePage?
        let web = try WebEntrance.open(
            configuration.http, options, refusals: refusals, statistics: pipeline.statistics, group: group,
            logger: logger
        ) { canChange in
            let routes: [any WebRoutes] = [HealthRoutes(reporter: reporter), MetricsRoutes(metrics: metrics)]
            guard configuration.http.page else { return routes }
            let live = PageEntrance.page(pipeline, reporter, configuration, canChange: canChange, logger: logger)
            page = live
            return routes + [live]
        }
        metrics.watch(web)
        let keeper = MemoryKeeper(pipeline: pipeline, configured: configuration.daemon.memoryLimit, logger: logger)
        keeper.start()
        defer { keeper.end() }
        let (stopped, storedAll) = AsyncStream<Bool>.makeStream()
        let (ends, end) = AsyncStream<Void>.makeStream()
        let failure = Mutex<StoreError?>(nil)
        try pipeline.start(store, alerts: alerts.dispatcher) { error in
            failure.withLock { $0 = error }
            end.yield()
        } stopped: { isComplete in
            storedAll.yield(isComplete)
            storedAll.finish()
        }
        alerts.dispatcher.start()
        for (loop, beat) in loops {
            loop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(100)) { _ in beat.beat() }
        }
        let left = ConnectionStore.inherit(options.passedSockets, notifier)
        let connectionStore = ConnectionStore(notifier, kept: left.connections.count)
        pipeline.statsD.start(pipeline, left: left.statsD)
        let entrances = FeedEntrances(
            pipeline: pipeline, listeners: listeners, feed: configuration.feed, options: options,
            store: connectionStore, logger: logger)
        let control = Mutex(configuration.control)
        let apply: @Sendable (DaemonConfiguration) -> Void = { new in
            listeners.change(.feed(new.feed, most: most))
            controls.change(.control(new.control))
            pipeline.directory.change(FoundingLimits(new))
            alerts.change(new)
            followers.change(.alerts(new.alerts))
            control.withLock { $0 = new.control }
        }
        let datagrams: [DatagramFeed]
        do {
            datagrams = try await entrances.open(left: left.connections) { end.yield() }
            try await openControl(pipeline, alerts, controls, reporter, metrics, refusals) { control.withLock { $0 } }
            try await web?.bind()
            web?.addresses.forEach(listeners.announce)
        } catch {
            await listeners.stopAccepting()
            await controls.stopAccepting()
            throw error
        }
        await alerts.open(followers, configuration.alerts, options)
        logger.tell(
            .ready,
            [
                "streams": "\(pipeline.directory.count)", "database": "\(configuration.database.path)",
                "listening": "\(listeners.paths.joined(separator: " "))",
            ])
        reporter.ready()

        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    while !Task.isCancelled {
                        reporter.tick()
                        try? await Task.sleep(for: reporter.tickInterval)
                    }
                }
                if let web { group.addTask { await web.run() } }
                if let reload = options.reload {
                    group.addTask { await reload.run(configuration, notifier, logger, apply: apply) }
                }
                for await _ in ends { break }
                await page?.close()
                await web?.stop(within: .seconds(2))
                group.cancelAll()
            }
        } onGracefulShutdown: {
            end.yield()
        }

        reporter.stopping()
        let extender = TimeoutExtender(notifier) { pipeline.heartbeats.contains { $0.age < 10_000_000 } }
        defer { extender.end() }
        await listeners.stopAccepting()
        await listeners.stopReading()
        datagrams.forEach { $0.stop(within: 3) }
        await pipeline.takeHeld()
        await listeners.onEachConnection(FeedHandler.seal)
        let gathered = pipeline.statsD.stop(mayLeave: connectionStore != nil, within: 3)
        pipeline.stop()
        var isComplete = false
        for await complete in stopped { isComplete = complete }
        await alerts.dispatcher.finish { try store.commit(&$0) }
        do {
            try store.close()
        } catch {
            logger.tell(.notClosed, ["cause": "\(error)"])
        }
        let isStored = isComplete && !pipeline.shards.contains(where: \.hasLostPoints)
        // A client must hear that its lines are not stored, by the end of its connection.
        if isStored, let connectionStore { await leaveConnections(listeners, gathered, connectionStore) }
        // Last answers have been written to the connections by now; closing sends them off.
        await listeners.closeConnections()
        await connectionStore?.settle()
        await controls.stopAccepting()
        await controls.closeConnections()
        await followers.stopAccepting()
        await followers.closeConnections()
        await alerts.close()
        try await group.shutdownGracefully()
        if let error = failure.withLock({ $0 }) { throw error }
        if !isStored { throw NotStored() }
        logger.tell(.stopped, ["points": "\(pipeline.statistics.points.now)"])
    }

    /// At the end, the last commit kept failing.
    public struct NotStored: Error, CustomStringConvertible {
        public var description: String {
            "the last points could not be stored (see the messages before); clients got no !synced for them"
        }
    }

    /// Also where a damaged database lies that was set aside for a new one; nil if there was none.
    private func openStore(_ notifier: Notifier) throws -> (store: PointStore, setAside: String?) {
        let extender = TimeoutExtender(notifier)
        defer { extender.end() }
        var options = PointStore.Options()
        options.synchronous = configuration.database.synchronous == .full ? .full : .normal
        options.createsDirectory = self.options.createsDirectories
        options.newestFormat = Int32(Detector.stateVersion)
        options.fit(Retention(configuration))
        let path = configuration.database.path
        do {
            return (try PointStore(path: path, options: options), nil)
        } catch let error as StoreError where error.cause == .damaged && configuration.database.onDamage == .setAside {
            logger.tell(.damaged, ["cause": "\(error)"])
            let aside = try PointStore.setAsideDamaged(path)
            let store = try PointStore(path: path, options: options)
            DamageNote.log(aside, for: path, logger)
            return (store, aside)
        }
    }

    private func readInitialModels(_ store: PointStore) throws -> InitialModels {
        let used = Set(try store.streams().map { configuration.settings(forStream: $0.name).initialModel })
        return try InitialModels(configuration, logger: logger) { used.contains($0) }
    }

    /// Feed connections that the process may have open at once. Warns if they are fewer than configured.
    private func feedDescriptors() -> Int {
        let limit = DescriptorLimit.raise()
        let others =
            configuration.control.maxConnections + WebEntrance.mostConnections(configuration.http, options)
        let most = DescriptorLimit.feedConnections(limit: limit, others: others)
        if most < configuration.feed.maxConnections {
            logger.tell(
                .tooFewFiles,
                [
                    "feed.max_connections": "\(configuration.feed.maxConnections)", "accepts": "\(most)",
                    "files": "\(limit)", "hint": "raise LimitNOFILE= (systemd) or ulimit -Hn",
                ])
        }
        return most
    }

    private func leaveConnections(
        _ listeners: Listeners, _ gathered: SavedSamples?, _ store: ConnectionStore
    ) async {
        do {
            try await store.handOver(listeners, gathered)
        } catch {
            logger.tell(.connectionsNotLeft, ["cause": "\(error)"])
        }
    }

    /// - Parameter current: the configuration as it is now.
    private func openControl(
        _ pipeline: Pipeline, _ alerts: AlertService, _ controls: Listeners, _ reporter: StatusReporter,
        _ metrics: MetricsReporter, _ refusals: RefusalLog,
        current: @escaping @Sendable () -> DaemonConfiguration.Control
    ) async throws {
        let control = configuration.control
        let models = ModelImport(pipeline: pipeline, configuration: configuration, logger: logger)
        let hindsight = HindsightIntake(
            directory: pipeline.directory, writer: pipeline.writer.queue, statistics: pipeline.statistics)
        let configure: Listeners.Configure = { [logger] channel, visitor, left in
            let control = current()
            let surroundings = ControlHandler.Surroundings(
                configuration: control, operators: AccessList(users: control.allowUsers, groups: control.allowGroups),
                status: { reporter.status() }, metrics: metrics, models: models, hindsight: hindsight,
                feedback: FeedbackIntake(pipeline: pipeline), alerts: alerts.dispatcher.inbox,
                vacuum: VacuumIntake(writer: pipeline.writer.queue, statistics: pipeline.statistics),
                commits: pipeline.writer.watch, followers: pipeline.followers, refusals: refusals, logger: logger)
            try channel.pipeline.syncOperations.addHandler(ControlHandler(surroundings, peer: visitor.peer))
            channel.closeFuture.whenComplete { _ in left() }
        }
        for socket in options.passedSockets where socket.name == FeedEntrances.controlName && socket.kind == .unixStream
        {
            try await controls.adopt(descriptor: socket.descriptor, name: socket.name, configure: configure)
        }
        if options.passedSockets.contains(where: { $0.isBound(to: control.socket) }) { return }
        try options.createParent(of: control.socket)
        try await controls.bind(path: control.socket, mode: control.socketMode, configure: configure)
    }
}
