import AnomalyConfiguration
package import ArgumentParser
import PointStore
import Presentation

/// `anomalyctl db disk-usage`: what takes how much of the file.
package struct DBDiskUsageCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "disk-usage",
        abstract: "Say what takes how much of the database.",
        discussion: """
            Prints the bytes of each table with its indexes, the largest first, and of those with points how many values \
            (channels of points) they hold, and bytes for each. Points are appended to hot as rows that any program can \
            read; when there are enough, they come to rest in chunk, compressed; point_row has those of older versions \
            and those that came late. rollup_5m and rollup_1h have them summed up over five minutes and an hour. \
            checkpoint has the saved models. Of these, expired is what is older than [retention] keeps it and will be \
            deleted. Pages that nothing uses (free) are written to before the file grows, or given back (see \
            anomalyctl db vacuum); log is the write-ahead log beside the file. Reads the whole file, and the daemon may \
            be running.

            EXAMPLES:
              For people:
                anomalyctl db disk-usage
              Bytes for each sealed value, for a script:
                anomalyctl db disk-usage -o json | jq 'select(.part == "chunk") | .bytes_per_value'

            FORMATS:
              \(RecordFormat.explanation)
            """)

    @OptionGroup(title: "CONFIGURATION OPTIONS")
    var configurationOptions: ConfigurationOptions

    @OptionGroup(title: "OUTPUT OPTIONS")
    var outputOptions: OutputOptions

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func run(in surroundings: Surroundings, output: Output) throws {
        let configuration = try configurationOptions.configuration(in: surroundings, of: common.instance)
        let usage = try DiskUsage(
            path: common.databasePath(in: surroundings), retention: Retention(configuration), now: surroundings.now())
        let parts =
            usage.tables.map { DiskPart(name: $0.name, bytes: $0.bytes, values: $0.values) }
            + [DiskPart(name: "free", bytes: usage.freeBytes)]
        let files = [
            DiskPart(name: "expired", bytes: usage.expiredBytes, values: usage.expiredValues),
            DiskPart(name: "file", bytes: usage.fileBytes), DiskPart(name: "log", bytes: usage.logBytes),
        ]
        let whole = parts.reduce(0) { $0 + $1.bytes }
        var writer = outputOptions.writer(of: .diskUsage(parts + files), in: surroundings)
        for part in parts { writer.write(Record(part, of: whole), to: output) }
        for file in files { writer.write(Record(file, of: 0), to: output) }
        writer.finish(output)
    }
}

/// A table of the file, or what else takes room.
private struct DiskPart {
    var name: String
    var bytes: Int64
    var values: Int64?
}

extension Schema {
    fileprivate static func diskUsage(_ parts: [DiskPart]) -> Schema {
        func widest(_ text: (DiskPart) -> String) -> Int { parts.map { TextWidth.of(text($0)) }.max() ?? 0 }
        return Schema(
            columns: [
                Column("part", "PART", .text, textWidth: widest(\.name)),
                Column("bytes", "BYTES", .integer, textWidth: widest { NumberText.grouped($0.bytes) }),
                Column("share", "SHARE", .score),
                Column("values", "VALUES", .integer, textWidth: widest { $0.values.map(NumberText.grouped) ?? "" }),
                Column("bytes_per_value", "B/VALUE", .number),
            ],
            emptyText: "no tables", subject: "part")
    }
}

extension Record {
    /// - Parameter whole: bytes that the part is a share of; 0 for none.
    fileprivate init(_ part: DiskPart, of whole: Int64) {
        let values = part.values.map(Double.init) ?? 0
        self.init(fields: [
            .text(part.name), .integer(part.bytes),
            .number(whole > 0 ? Double(part.bytes) / Double(whole) : .nan),
            part.values.map(Field.integer) ?? .none,
            .number(values > 0 ? Double(part.bytes) / values : .nan),
        ])
    }
}
