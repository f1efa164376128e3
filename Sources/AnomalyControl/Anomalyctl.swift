public import ArgumentParser
import ControlProtocol
import Glibc

/// The program: finds the command, runs it, and tells the shell how it went.
public struct Anomalyctl: ParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "anomalyctl",
        abstract: "See what anomalyd predicts, what it found, and how it does.",
        discussion: """
            EXAMPLES:
              What was wrong since yesterday:
                anomalyctl query --anomalies --since yesterday
              What is going on now, each anomaly as one:
                anomalyctl anomalies --open
              Whom the daemon has told of it:
                anomalyctl alerts
              What the newest anomaly of a stream means:
                anomalyctl explain cpu.load
              What it looks like:
                anomalyctl plot cpu.load --since yesterday
              The last week as a page, with charts:
                anomalyctl report -o week.html
              It was none:
                anomalyctl label 17 --false-positive
              Maintenance until tomorrow, and only what is too high:
                anomalyctl exclude 'web.*' --until tomorrow
                anomalyctl rule set web.latency direction=above
              Follow all streams whose names begin with "web.":
                anomalyctl query -f 'web.*'
              The streams, the strangest first:
                anomalyctl streams --sort score
              What was strange in the last four weeks, knowing what came after:
                anomalyctl rescore cpu.load --since -4w
              How the daemon does:
                anomalyctl status
              How well the cells predict files of your own:
                anomalyctl backtest *.csv --cell rnn,lstm,gru
              Whether the database is sound:
                anomalyctl db verify
              A model that new streams start from:
                anomalyctl train *.csv -o model.safetensors

            query, streams, anomalies, alerts, explain, plot, report, sql, train, model and db read the database and work without the daemon; \
            status, alerts test, label, exclude, rule, anomalies ack and mute, and model freeze, snapshot, rollback and reset ask the daemon; \
            rescore works with and without it; backtest reads and writes nothing but the files that it is given.

            \(ExitStatus.explanation)
            """,
        version: ProgramVersion.current,
        subcommands: [
            QueryCommand.self, StreamsCommand.self, AnomaliesCommand.self, AlertsCommand.self, ExplainCommand.self,
            PlotCommand.self,
            ReportCommand.self, LabelCommand.self, ExcludeCommand.self, RuleCommand.self, StatusCommand.self,
            MetricsCommand.self,
            RescoreCommand.self, BacktestCommand.self, TrainCommand.self, ModelCommand.self, SQLCommand.self,
            DBCommand.self,
        ])

    /// Also read here, so that they may stand before the command.
    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    public init() {}

    public static func main() {
        // A closed pipe is an error of write(2) that we handle, not a death.
        signal(SIGPIPE, SIG_IGN)
        Glibc.exit(status(ofRunning: Array(CommandLine.arguments.dropFirst())).rawValue)
    }

    /// The command that `arguments`, without the program's name, ask for.
    ///
    /// - Throws: what the parser says of arguments that make no sense, and of requests for help.
    package static func command(for arguments: [String]) throws -> any ParsableCommand {
        try parseAsRoot(arguments)
    }

    /// Runs a command line with the output and the clock of this process.
    private static func status(ofRunning arguments: [String]) -> ExitStatus {
        do {
            var command = try command(for: arguments)
            if let command = command as? any ReportingCommand {
                try run(command)
            } else {
                try command.run()
            }
            return .success
        } catch {
            return report(error)
        }
    }

    private static func run(_ command: some ReportingCommand) throws {
        let surroundings = Surroundings.current()
        let isPaged = isatty(STDOUT_FILENO) == 1 && (command as? any PagedCommand)?.allowsPager == true
        let pager = isPaged ? Pager.open() : nil
        defer { pager?.close() }
        let output = Output(descriptor: pager?.descriptor ?? STDOUT_FILENO)
        do {
            try command.run(in: surroundings, output: output)
        } catch let error where !(error is OutputClosed) {
            // What was printed before the error belongs before the message.
            try output.flush()
            throw error
        }
        try output.flush()
    }

    /// Tells the user of `error` on the right channel.
    private static func report(_ error: any Error) -> ExitStatus {
        if error is OutputClosed { return .success }
        if let failure = Failure(explaining: error) {
            tell(failure.text, on: STDERR_FILENO)
            return failure.status
        }
        // What is left comes from the parser: help, version, completion scripts, and errors of usage.
        let isAnswer = exitCode(for: error) == .success
        tell(fullMessage(for: error) + "\n", on: isAnswer ? STDOUT_FILENO : STDERR_FILENO)
        return isAnswer ? .success : exitCode(for: error) == .validationFailure ? .usage : .failure
    }

    private static func tell(_ text: String, on descriptor: Int32) {
        let channel = Output(descriptor: descriptor)
        channel.write(text)
        // There is nobody left to tell of an error here.
        try? channel.flush()
    }
}
