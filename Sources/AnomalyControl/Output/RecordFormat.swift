package import Presentation

/// A way to print records, chosen with `-o NAME`.
///
/// To add one: a file with a `RecordWriter` and a `RecordFormat` for it, and the format's name in `all`.
package struct RecordFormat: Sendable {
    package var name: String
    /// What it is, in the help.
    package var summary: String
    /// Whether its lines make no sense without the name and the time of a stream.
    package var needsNames: Bool
    /// Whether it wants all of one field of one stream together, as a `GroupedWriter` does.
    package var isGrouped: Bool
    package var writer: @Sendable (FormatOptions) -> any RecordWriter

    package static let all: [RecordFormat] = [.table, .short, .json, .jsonSeq, .csv, .influx, .openMetrics]

    package init(
        name: String, summary: String, needsNames: Bool = false, isGrouped: Bool = false,
        writer: @escaping @Sendable (FormatOptions) -> any RecordWriter
    ) {
        self.needsNames = needsNames
        self.isGrouped = isGrouped
        self.name = name
        self.summary = summary
        self.writer = writer
    }
}

/// What a format may want to know before it writes.
package struct FormatOptions: Sendable {
    package var schema: Schema
    package var terminal: Terminal
    /// The zone of times meant for people.
    package var zone: any Zone
    /// Whether to begin with the names of the columns, if the format has such a line.
    package var hasHeader: Bool

    package init(schema: Schema, terminal: Terminal, zone: any Zone, hasHeader: Bool = true) {
        self.schema = schema
        self.terminal = terminal
        self.zone = zone
        self.hasHeader = hasHeader
    }
}

/// Turns records into bytes, one after the other, keeping none.
package protocol RecordWriter {
    mutating func write(_ record: Record, to output: Output)
    /// After the last record.
    mutating func finish(_ output: Output)
}

/// A format that wants all of one field of one stream together. Records may also come as they are; then it keeps them.
package protocol GroupedWriter: RecordWriter {
    /// Indices of the columns that it writes, in the order in which it wants them.
    var fields: [Int] { get }
    /// Writes one field of a record; all records of one stream and channel after each other, the oldest first.
    mutating func write(field: Int, channel: Int, of record: Record, to output: Output)
}
