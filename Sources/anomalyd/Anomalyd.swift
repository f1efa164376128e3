import AnomalyConfiguration
import AnomalyDaemon
import ArgumentParser
import ControlProtocol
import FeedProtocol
import Foundation
import Logging
import PointStore
import ServiceLifecycle
import Systemd
import UnixSignals

@main
struct Anomalyd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "anomalyd",
        abstract: "Watches numeric streams for anomalies.",
        discussion: """
            Takes points from Unix sockets and stdin, predicts each value with an online recurrent network before it \
            sees it, scores how rare the residual is, learns, and stores it all in SQLite. Ask it with anomalyctl.

            EXAMPLES
              anomalyd                                   as the configuration file says
              anomalyd --listen /tmp/feed.sock --database /tmp/a.db
              echo "room.temperature 21.5" | socat - UNIX-CONNECT:/tmp/feed.sock
              anomalyd --stdin --format csv --stream taxi --database /tmp/a.db < taxi.csv
              anomalyd --listen /tmp/feed.sock --listen statsd:/tmp/statsd.sock

            CONFIGURATION
              In this order, the later over the earlier:
                anomalyd.toml in /usr/lib/anomalyd, /usr/local/lib/anomalyd, /etc/anomalyd
                anomalyd.toml.d/*.toml in these, by name; one in /etc masks its like
                anomalyd@NAME.toml and anomalyd@NAME.toml.d/*.toml (--instance NAME)
                $CREDENTIALS_DIRECTORY/*.toml (LoadCredential=)
                the command line
              A person's own run has ~/.config/anomalyd instead of these folders.

              --cat-config prints the files that count, in order, as comments: the path of \
            each and what it sets. Then what is in force: each value that is set, with its \
            file and line. It is a configuration file again, but for credentials, which are \
            named and not shown.

            SIGNALS
              SIGTERM, SIGINT  stop, with everything accepted stored
              SIGHUP           read the configuration again: the log level, limits of
                               connections and new streams, and who may come hold at
                               once, other keys at the next start, which the log says;
                               if any file is wrong, nothing changes

            EXIT STATUS
              0  stopped as asked, everything accepted is stored
              1  failure
              2  wrong usage or configuration
              5  not permitted
              6  damaged database
            """,
        version: ProgramVersion.current)

    @Option(
        help: ArgumentHelp(
            "Read the configuration from this file instead of all others but credentials.", valueName: "FILE"),
        completion: .file())
    var config: String?
    @Option(
        help: ArgumentHelp(
            "Be one of several daemons, with files of its own in /var/lib/anomalyd-instances/NAME and "
                + "/run/anomalyd-instances/NAME.", valueName: "NAME"),
        transform: instanceName)
    var instance: InstanceName?
    @Flag(help: "Read points from stdin; end with it, unless --listen is given as well.")
    var stdin = false
    @Option(
        help: ArgumentHelp(
            "Say on stdout, for this program, that each line on stdin is stored: rsyslog (omprog with "
                + "confirmMessages=\"on\").", valueName: "PROGRAM"),
        completion: .list(Confirmation.allCases.map(\.rawValue)), transform: confirmation)
    var confirm: Confirmation?
    @Option(
        help: ArgumentHelp(
            "Listen on this Unix socket instead of the configured ones; statsd:PATH for one with a format of its own. "
                + "May be repeated.",
            valueName: "PATH"),
        completion: .file())
    var listen: [String] = []
    @Option(
        help: ArgumentHelp(
            "Format of the feeds: \(DaemonConfiguration.Feed.formats.joined(separator: ", ")).", valueName: "F"),
        completion: .list(DaemonConfiguration.Feed.formats))
    var format: String?
    @Option(help: ArgumentHelp("Stream that CSV rows belong to.", valueName: "NAME"))
    var stream: String?
    @Option(help: ArgumentHelp("The SQLite file.", valueName: "FILE"), completion: .file())
    var database: String?
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Set any configuration key, for example --set model.hidden=32. May be repeated.", valueName: "KEY=VALUE"),
        completion: .list(ConfigurationKey.all.map { $0.path + "=" }))
    var assignments: [String] = []
    @Option(
        name: .customLong("log-level"),
        help: ArgumentHelp(
            "Least important messages to log: trace, debug, info, notice, warning, error or critical.", valueName: "L"),
        completion: .list(DaemonConfiguration.LogLevel.allCases.map(\.rawValue)))
    var logLevel: String?
    @Flag(name: .customLong("check-config"), help: "Check the configuration and exit.")
    var checkConfig = false
    @Flag(
        name: .customLong("cat-config"),
        help: "Print the configuration files that count and what is in force, and exit.")
    var catConfig = false

    static func main() async {
        // Dispatch sets a priority for each of its threads, may not as an ordinary user, and complains on stderr at
        // every start. Nothing of ours logs through it.
        setenv("LIBDISPATCH_LOG", "NO", 0)
        do {
            var command = try parseAsRoot()
            if let anomalyd = command as? Anomalyd { try await anomalyd.run() } else { try command.run() }
        } catch {
            ExitStatus.exit(for: error)
        }
    }

    func run() async throws {
        // Before any other thread runs: it changes the environment.
        let passed = try PassedSockets.take()
        let paths = DefaultPaths.current(instance)
        let files = readFiles(paths)
        let configuration = try resolve(files, paths)
        if catConfig {
            print(files.listing)
            print(configuration.effectiveFile(paths: paths), terminator: "")
            return
        }
        if checkConfig {
            _ = try InitialModels(configuration, logger: quiet)
            print("The configuration is valid.")
            return
        }

        // All instances are of one user.
        if instance != nil { Surroundings.hideFromOwnUser() }
        let threshold = LogThreshold(Logger.Level(configuration.daemon.logLevel))
        let logger = Logger(label: "anomalyd") { _ in log(threshold) }
        var options = AnomalyDaemon.Options(version: ProgramVersion.current)
        options.readsStandardInput = stdin
        options.confirmation = confirm
        options.stream = stream.map { Array($0.utf8) }
        options.passedSockets = passed.all
        options.credentials = credentials
        options.createsDirectories = paths != .service(instance)
        options.reload = Reload(signals: await hangups(), threshold: threshold) {
            try resolve(readFiles(paths), paths)
        }
        // A client that goes away while we answer is no reason to die.
        signal(SIGPIPE, SIG_IGN)
        let daemon = AnomalyDaemon(configuration: configuration, options: options, logger: logger)
        let services = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: daemon, successTerminationBehavior: .gracefullyShutdownGroup)],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet))
        try await services.run()
    }

    /// The lifecycle library tells of every step at debug level only; its warnings are worth having.
    private var quiet: Logger { Logger(label: "lifecycle") { _ in log(LogThreshold(.warning)) } }

    private func log(_ threshold: LogThreshold) -> any LogHandler {
        Surroundings.isRunUnderJournal && Journal.isReachable ? JournalLog(threshold) : StandardErrorLog(threshold)
    }

    /// One element for each SIGHUP, which no longer ends the process.
    private func hangups() async -> AsyncStream<Void> {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        let (hangups, hangup) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        Task {
            for await _ in signals { hangup.yield() }
        }
        return hangups
    }

    /// The files as they are now.
    private func readFiles(_ paths: DefaultPaths) -> ConfigurationFiles {
        ConfigurationFiles(paths: paths, explicit: config, credentials: credentials)
    }

    private var credentials: String? { ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"] }

    private func resolve(_ files: ConfigurationFiles, _ paths: DefaultPaths) throws -> DaemonConfiguration {
        var flags = ConfigurationLayer()
        for assignment in assignments { flags.set(assignment) }
        if let format { flags.set("feed.format", to: format, flag: "--format") }
        if let database { flags.set("database.path", to: database, flag: "--database") }
        if let logLevel { flags.set("daemon.log_level", to: logLevel, flag: "--log-level") }
        if !listen.isEmpty || stdin { flags.set("feed.listen", to: listen, flag: "--listen") }
        let configuration = try DaemonConfiguration(layers: files.layers + [flags], paths: paths)
        if let stream {
            try stream.utf8.withContiguousStorageIfAvailable { try StreamName.check(UnsafeRawBufferPointer($0)) }
        } else if configuration.feed.takes("csv") {
            throw ValidationError("the format csv needs --stream NAME: CSV rows carry no name")
        }
        if confirm != nil, !stdin || configuration.feed.format == "statsd" {
            throw ValidationError("--confirm needs --stdin, and a format whose lines are points")
        }
        return configuration
    }
}

private func instanceName(_ text: String) throws -> InstanceName {
    guard let name = InstanceName(text) else { throw ValidationError("expected \(InstanceName.expectation)") }
    return name
}

private func confirmation(_ text: String) throws -> Confirmation {
    guard let confirmation = Confirmation(rawValue: text) else {
        throw ValidationError("expected \(Confirmation.allCases.map(\.rawValue).joined(separator: " or "))")
    }
    return confirmation
}
