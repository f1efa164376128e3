/// One format. Blank lines, `#` comments and `!` commands are the same for all formats and never reach it.
protocol LineDecoder {
    /// Hands the points of one line to `sink`.
    ///
    /// A line of several points is checked as a whole before the first of them is handed on, so that a rejected line
    /// leaves nothing behind.
    ///
    /// - parameter line: at least one byte, without the line's end, beginning with no blank.
    mutating func decode(
        _ line: UnsafeRawBufferPointer, into sink: inout some FeedSink
    ) throws(FeedLineError)
}

/// The register of formats: one of each, since several lines of a feed may belong together (the header of CSV), and
/// the choice between them.
struct LineDecoders {
    let format: FeedFormat
    private var plain = PlainDecoder(dialect: .plain)
    private var graphite = PlainDecoder(dialect: .graphite)
    private var csv: CSVDecoder

    /// See `FeedDecoder.State.firstRow`.
    var firstRow: [UInt8] { csv.firstRow }

    init(format: FeedFormat, stream: [UInt8]?, firstRow: [UInt8]) {
        self.format = format
        csv = CSVDecoder(stream: stream)
        csv.goOn(after: firstRow)
    }

    @inline(__always)
    mutating func decode(
        _ line: UnsafeRawBufferPointer, into sink: inout some FeedSink
    ) throws(FeedLineError) {
        switch format {
        case .auto, .plain: try plain.decode(line, into: &sink)
        case .graphite: try graphite.decode(line, into: &sink)
        case .csv: try csv.decode(line, into: &sink)
        }
    }
}
