extension RecordFormat {
    package static let jsonSeq = RecordFormat(
        name: "json-seq", summary: "the objects of json, each behind a record separator (RFC 7464)"
    ) { JSONSeqWriter(options: $0) }
}

/// A JSON text sequence: a reader finds the next object even behind one that was cut off.
struct JSONSeqWriter: RecordWriter {
    private static let separator: UInt8 = 0x1E
    private let json: JSONWriter

    init(options: FormatOptions) {
        json = JSONWriter(options: options)
    }

    func write(_ record: Record, to output: Output) {
        output.write(Self.separator)
        json.write(record, to: output)
    }

    func finish(_ output: Output) {}
}
