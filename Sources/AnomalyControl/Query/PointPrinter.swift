package import PointStore

/// Writes points with the names of their streams.
package struct PointPrinter {
    private var names: [Int32: String]
    private let hindsight: HindsightColumns
    private var writer: any RecordWriter
    package let output: Output

    /// - Parameter hindsight: that of the writer's schema.
    package init(
        streams: [StreamRecord], hindsight: HindsightColumns = .hidden, writer: any RecordWriter, output: Output
    ) {
        self.hindsight = hindsight
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
        writer.write(Record(point, stream: name, hindsight: hindsight), to: output)
        try output.checkpoint()
    }

    /// After the last point.
    package mutating func finish() {
        writer.finish(output)
    }
}
