public import Configuration
import FeedProtocol
import Foundation
public import Logging
import NIOCore
import NIOPosix
import PointStore
public import ServiceLifecycle
import Synchronization
public import Systemd

/// The daemon: feeds → shards → writer, from start to a clean end.
///
/// `run` returns after a graceful shutdown, or when stdin has ended and there is nothing else to listen to; everything
/// that was received is stored then.
public struct AnomalyDaemon: Service {
    /// What `run` needs to know besides the configuration.
    public struct Options: Sendable {
        /// Read points from stdin.
        public var readsStandardInput = false
        /// Name of the stream that CSV rows on stdin belong to.
        public var stream: [UInt8]?
        /// Sockets that the service manager passed.
        public var passedSockets: [PassedSocket] = []
        /// Create the database's directory if it is missing: for a person's own run.
        public var createsDirectories = false
        public var version: String

        public init(version: String) { self.version = version }
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
        let notifier = Notifier { logger.warning("cannot notify the service manager", metadata: ["cause": "\($0)"]) }
        let watchdog = try Watchdog.interval
        notifier.status("Opening \(configuration.database.path)")
        let (store, setAside) = try openStore()
        let initialModels = try readInitialModels(store)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: min(2, System.coreCount))
        let shards = configuration.daemon.shards > 0 ? configuration.daemon.shards : System.coreCount
        let pipeline = Pipeline(
            store: store, configuration: configuration, initialModels: initialModels, shards: shards, logger: logger)
        pipeline.statistics.setAside.withLock { $0 = setAside }
        let listeners = Listeners(group: group)
        let controls = Listeners(group: group)
        let loops = group.makeIterator().map { ($0, Heartbeat("event loop")) }
        let reporter = StatusReporter(
            pipeline: pipeline, listeners: listeners, configuration: configuration, version: options.version,
            notifier: notifier,
            watchdogTimeout: watchdog.map {
                $0.components.seconds * 1_000_000 + $0.components.attoseconds / Int64(1e12)
            },
            loopBeats: loops.map(\.1), logger: logger)

        let (stopped, storedAll) = AsyncStream<Bool>.makeStream()
        let (ends, end) = AsyncStream<Void>.makeStream()
        let failure = Mutex<StoreError?>(nil)
        try await pipeline.start(store, configuration, initialModels, logger: logger) { error in
            failure.withLock { $0 = error }
            end.yield()
        } stopped: { isComplete in
            storedAll.yield(isComplete)
            storedAll.finish()
        }
        for (loop, beat) in loops {
            loop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(100)) { _ in beat.beat() }
        }
        do {
            try await listen(pipeline, listeners, controls, reporter) { end.yield() }
        } catch {
            await listeners.stopAccepting()
            await controls.stopAccepting()
            throw error
        }
        logger.notice(
            "ready",
            metadata: [
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
                for await _ in ends { break }
                group.cancelAll()
            }
        } onGracefulShutdown: {
            end.yield()
        }

        reporter.stopping()
        await listeners.stopAccepting()
        await listeners.stopReading()
        pipeline.stop()
        var isComplete = false
        for await complete in stopped { isComplete = complete }
        do {
            try store.close()
        } catch {
            logger.error("the database could not be closed cleanly", metadata: ["cause": "\(error)"])
        }
        // Last answers have been written to the connections by now; closing sends them off.
        await listeners.closeConnections()
        await controls.stopAccepting()
        await controls.closeConnections()
        try await group.shutdownGracefully()
        if let error = failure.withLock({ $0 }) { throw error }
        if !isComplete { throw NotStored() }
        logger.notice(
            "stopped, everything accepted is stored", metadata: ["points": "\(pipeline.statistics.points.now)"])
    }

    /// At the end, the last commit kept failing.
    public struct NotStored: Error, CustomStringConvertible {
        public var description: String {
            "the last points could not be stored (see the messages before); clients got no !synced for them"
        }
    }

    /// Also where a damaged database lies that was set aside for a new one; nil if there was none.
    private func openStore() throws -> (store: PointStore, setAside: String?) {
        var options = PointStore.Options()
        options.synchronous = configuration.database.synchronous == .full ? .full : .normal
        options.createsDirectory = self.options.createsDirectories
        let path = configuration.database.path
        do {
            return (try PointStore(path: path, options: options), nil)
        } catch let error as StoreError where error.cause == .damaged && configuration.database.onDamage == .setAside {
            logger.error("the database is damaged", metadata: ["cause": "\(error)"])
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

    private func listen(
        _ pipeline: Pipeline, _ listeners: Listeners, _ controls: Listeners, _ reporter: StatusReporter,
        inputEnded: @escaping @Sendable () -> Void
    ) async throws {
        let feed = configuration.feed
        guard let format = FeedFormat(rawValue: feed.format) else {
            throw ListenError(path: "the feed", cause: "unknown format \(feed.format)")
        }
        let stream = options.stream
        let makeDecoder: @Sendable () -> FeedDecoder = {
            FeedDecoder(format: format, stream: stream, maxLine: feed.maxLine)
        }
        @Sendable func configureFeed(_ listener: String) -> @Sendable (any Channel, Int) throws -> Void {
            { channel, number in
                let peer = Peer.describe(channel, listener: listener, number: number)
                let handler = FeedHandler(pipeline: pipeline) { handOn, command in
                    FeedSession(
                        decoder: makeDecoder(), peer: peer, pipeline: pipeline, maxFuture: feed.maxFuture,
                        handOn: handOn, command: command)
                }
                try channel.pipeline.syncOperations.addHandler(handler)
            }
        }
        let passed = options.passedSockets.filter { $0.kind == .unixStream || $0.kind == .tcp }
        for socket in passed where socket.name != "control" {
            try await listeners.adopt(
                descriptor: socket.descriptor, name: socket.name, configure: configureFeed(socket.name))
        }
        for path in feed.listen where !passed.contains(where: { $0.isBound(to: path) }) {
            try createParent(of: path)
            try await listeners.bind(path: path, mode: feed.socketMode, configure: configureFeed(path))
        }
        try createParent(of: configuration.control.socket)
        let hindsight = HindsightIntake(
            directory: pipeline.directory, writer: pipeline.writer.queue, statistics: pipeline.statistics)
        let models = ModelImport(pipeline: pipeline, configuration: configuration, logger: logger)
        try await controls.bind(path: configuration.control.socket, mode: feed.socketMode) { channel, _ in
            try channel.pipeline.syncOperations.addHandler(
                ControlHandler(status: { reporter.status() }, models: models, hindsight: hindsight))
        }
        if options.readsStandardInput {
            let endsWithInput = listeners.paths.isEmpty
            StandardInput(pipeline: pipeline, maxFuture: feed.maxFuture, makeDecoder: makeDecoder).start {
                if endsWithInput { inputEnded() }
            }
        }
    }

    private func createParent(of path: String) throws {
        guard options.createsDirectories else { return }
        let parent = URL(filePath: path).deletingLastPathComponent()
        if !FileManager.default.fileExists(atPath: parent.path) {
            try FileManager.default.createDirectory(
                at: parent, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
    }
}
