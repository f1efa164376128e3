import ArgumentParser
import Configuration
import PointStore

/// The options that every command takes, before or after its name.
struct CommonOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The database to read (default: anomaly.db in $STATE_DIRECTORY or /var/lib/anomalyd).",
            valueName: "file"),
        completion: .file())
    var database: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The daemon's control socket (default: control.sock in $RUNTIME_DIRECTORY or /run/anomalyd).",
            valueName: "path"),
        completion: .file())
    var socket: String?

    /// Opens the database for reading.
    func openStore(in surroundings: Surroundings) throws -> StoreReader {
        try StoreReader(path: database ?? surroundings.paths.database)
    }

    func controlClient(in surroundings: Surroundings) -> ControlClient {
        ControlClient(path: socket ?? surroundings.paths.controlSocket)
    }
}

/// How a command prints records.
struct OutputOptions: ParsableArguments {
    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp("How to print.", valueName: "format"))
    var format = RecordFormat.table

    @Flag(help: "Print times in UTC rather than in the local zone ($TZ).")
    var utc = false

    @Flag(help: "Leave out the line with the names of the columns.")
    var noHeader = false

    @Flag(name: .shortAndLong, help: "Say nothing where there is nothing to print.")
    var quiet = false

    func writer(of schema: Schema, in surroundings: Surroundings) -> any RecordWriter {
        var schema = schema
        if quiet { schema.emptyText = "" }
        let zone = surroundings.zone(utc: utc)
        return format.writer(
            FormatOptions(schema: schema, terminal: surroundings.terminal, zone: zone, hasHeader: !noHeader))
    }
}

extension RecordFormat: ExpressibleByArgument {
    package init?(argument: String) {
        guard let format = Self.all.first(where: { $0.name == argument }) else { return nil }
        self = format
    }

    package static var allValueStrings: [String] { all.map(\.name) }
    package var defaultValueDescription: String { name }

    /// One line for each format, for the help of a command.
    static var explanation: String {
        let width = all.map(\.name.count).max() ?? 0
        return all.map { format in
            format.name + String(repeating: " ", count: width - format.name.count + 2) + format.summary
        }.joined(separator: "\n  ")
    }
}
