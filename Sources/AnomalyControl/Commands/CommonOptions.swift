import AnomalyConfiguration
import ArgumentParser
import PointStore
import Presentation

/// The options that every command takes, before or after its name.
struct CommonOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The database to read (default: the daemon's database.path, usually /var/lib/anomalyd/anomaly.db).",
            valueName: "file"),
        completion: .file())
    var database: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The daemon's control socket (default: its control.socket, usually /run/anomalyd/control.sock).",
            valueName: "path"),
        completion: .file())
    var socket: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The daemon that anomalyd@NAME.service runs, with files in /var/lib/anomalyd-instances/NAME.",
            valueName: "name"),
        transform: { text in
            guard let name = InstanceName(text) else { throw ValidationError("expected \(InstanceName.expectation)") }
            return name
        })
    var instance: InstanceName?

    /// Opens the database for reading.
    func openStore(in surroundings: Surroundings) throws -> StoreReader {
        try StoreReader(path: databasePath(in: surroundings))
    }

    func databasePath(in surroundings: Surroundings) -> String {
        database ?? places(in: surroundings).database
    }

    func controlClient(in surroundings: Surroundings) -> ControlClient {
        ControlClient(path: socket ?? places(in: surroundings).controlSocket)
    }

    private func places(in surroundings: Surroundings) -> ClientPlaces {
        ClientPlaces(paths: surroundings.paths(of: instance))
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
    static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
    package var defaultValueDescription: String { name }

    /// One line for each format, for the help of a command.
    static var explanation: String {
        let width = all.map(\.name.count).max() ?? 0
        return all.map { format in
            format.name + String(repeating: " ", count: width - format.name.count + 2) + format.summary
        }.joined(separator: "\n  ")
    }
}
