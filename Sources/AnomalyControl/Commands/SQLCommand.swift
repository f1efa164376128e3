package import ArgumentParser
import Glibc
import PointStore

/// `anomalyctl sql`: what no other command answers.
package struct SQLCommand: PagedCommand {
    package static let configuration = CommandConfiguration(
        commandName: "sql",
        abstract: "Ask the database in SQL.",
        discussion: """
            Runs SQLite's SQL on the database, for reading only, with the daemon running or stopped. The table points \
            has all stored points, wherever they lie in the file:

            \(PointsTableText.schema.split(separator: "\n").dropFirst().dropLast().joined(separator: "\n"))

            Name the stream and a range of t to stay fast: such a query reads no more than it has to. The other tables \
            (stream, anomaly, hindsight, feedback …) explain themselves: anomalyctl sql, then .schema.

            Without statements, they are read from standard input, each when its semicolon has come; at a terminal \
            there is a prompt, and .help.

            EXAMPLES:
              How many points each stream has:
                anomalyctl sql 'SELECT stream, count(*) FROM points GROUP BY stream'
              The worst hours of a day:
                anomalyctl sql "SELECT substr(time, 1, 13) AS hour, max(score), sum(anomaly) FROM points \
            WHERE time >= '2026-11-23' AND time < '2026-11-24' GROUP BY hour ORDER BY 2 DESC LIMIT 5"
              A stream whose name comes from elsewhere, as CSV:
                anomalyctl sql -p name="$NAME" 'SELECT t, value FROM points WHERE stream = :name ORDER BY t' -o csv
              What surrounded each anomaly's peak:
                anomalyctl sql 'SELECT a.id, p.time, p.value, p.prediction FROM anomaly a \
            JOIN stream s ON s.id = a.stream_id JOIN points p ON p.stream = s.name \
            AND p.t BETWEEN a.peak_time - 60000000 AND a.peak_time + 60000000'

            FORMATS:
              \(SQLFormat.explanation)

            In other programs (the sqlite3 shell, Python …) the table points is there once they have loaded the library \
            /usr/lib/anomalyd/points.so.
            """)

    @Argument(help: "Statements, with semicolons between them.")
    var statements: String?

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Read statements from a file; - is standard input.", valueName: "file"),
        completion: .file())
    var file: String?

    @Option(
        name: .shortAndLong, parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "What :name stands for in the statements; a number if it looks like one. May be repeated.",
            valueName: "name=value"),
        transform: SQLParameter.init(_:))
    var param: [SQLParameter] = []

    @Flag(help: "Never start a pager ($ANOMALYCTL_PAGER, $SYSTEMD_PAGER, $PAGER, else less).")
    var noPager = false

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp("How to print.", valueName: "format"))
    var format = SQLFormat.table

    @Flag(help: "Leave out the line with the names of the columns.")
    var noHeader = false

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func validate() throws {
        if statements != nil, file != nil {
            throw ValidationError("Give statements either on the command line or in --file.")
        }
    }

    package var allowsPager: Bool { !noPager && (statements != nil || file.map { $0 != "-" } == true) }

    package func run(in surroundings: Surroundings, output: Output) throws {
        let session = try SQLSession(path: common.databasePath(in: surroundings)) { Interruption.happened }
        let parameters = Dictionary(param.map { ($0.name, $0.value) }) { $1 }
        var printer = SQLPrinter(format: format, hasHeader: !noHeader, in: surroundings, output: output)
        if let statements {
            do { try session.run(statements, parameters: parameters, into: &printer) } catch let error as SQLError {
                throw Failure(error, in: statements)
            }
            return
        }
        var descriptor = STDIN_FILENO
        if let file, file != "-" {
            descriptor = open(file, O_RDONLY | O_CLOEXEC)
            if descriptor < 0 {
                throw Failure(
                    errno == EACCES ? .notPermitted : .failure,
                    "cannot open \(file): \(String(cString: strerror(errno)))")
            }
        }
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        let input = SQLInput(descriptor: descriptor)
        var shell = SQLShell(
            session, parameters: parameters, printer: printer, input: input, output: output,
            isInteractive: input.isTerminal && output.isTerminal)
        try shell.run()
    }
}

/// The value of `--param`.
struct SQLParameter: Sendable, Equatable {
    var name: String
    var value: SQLValue

    init(_ text: String) throws {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, parts[0].allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" })
        else {
            throw ValidationError("expected a name of letters, digits and _, an equals sign, and a value")
        }
        name = String(parts[0])
        let text = String(parts[1])
        if let number = Int64(text) {
            value = .integer(number)
        } else if let number = Double(text), number.isFinite {
            value = .real(number)
        } else {
            value = .text(text)
        }
    }
}

extension SQLFormat: ExpressibleByArgument {
    /// One line for each format, for the help.
    static var explanation: String {
        let width = allCases.map(\.rawValue.count).max() ?? 0
        return allCases.map { format in
            let summary =
                format == .table ? "aligned columns for people" : format.record.summary
            return format.rawValue + String(repeating: " ", count: width - format.rawValue.count + 2) + summary
        }.joined(separator: "\n  ")
    }
}
