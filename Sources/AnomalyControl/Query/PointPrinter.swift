package import PointStore
import Presentation

/// Writes points with the names of their streams.
package struct PointPrinter {
    private var names: [Int32: String]
    private let hindsight: HindsightColumns
    private let fields: FieldChoice?
    private var writer: any RecordWriter
    package let output: Output

    /// - Parameters:
    ///   - hindsight: that of the schema of points.
    ///   - fields: those that the writer's schema has; nil for all.
    package init(
        streams: [StreamRecord], hindsight: HindsightColumns = .hidden, fields: FieldChoice? = nil,
        writer: any RecordWriter, output: Output
    ) {
        self.hindsight = hindsight
        self.fields = fields
        names = streams.names
        self.writer = writer
        self.output = output
    }

    /// Streams that have been found since.
    package mutating func add(_ streams: [StreamRecord]) {
        for stream in streams { names[stream.id] = stream.name }
    }

    /// Writes one point; passes the output on when its buffer is full.
    ///
    /// A point of a stream that began after the names were read is left out: for a listing it is newer than the
    /// question, and whoever follows adds the names first.
    package mutating func print(_ point: StoredPoint) throws {
        guard let name = names[point.stream] else { return }
        try write(Record(point, stream: name, hindsight: hindsight))
    }

    /// The same for what `--step` makes of points.
    mutating func print(_ bucket: Bucket) throws {
        guard let name = names[bucket.stream] else { return }
        try write(Record(bucket, stream: name))
    }

    /// The columns that the writer wants one by one, one stream after the other; nil if it takes points as they come.
    var groupedFields: [Int]? { (writer as? any GroupedWriter)?.fields }

    /// Writes one of `groupedFields` of one channel of a point.
    mutating func print(_ point: StoredPoint, field: Int, channel: Int) throws {
        guard let name = names[point.stream], var grouped = writer as? any GroupedWriter else { return }
        let record = Record(point, stream: name, hindsight: hindsight)
        grouped.write(field: field, channel: channel, of: fields?.record(record) ?? record, to: output)
        writer = grouped
        try output.checkpoint()
    }

    private mutating func write(_ record: Record) throws {
        writer.write(fields?.record(record) ?? record, to: output)
        try output.checkpoint()
    }

    /// After the last point.
    package mutating func finish() {
        writer.finish(output)
    }
}
