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
    private var influx: InfluxDecoder
    private var json: JSONLineDecoder
    private var statsD = StatsDDecoder()
    private var collectd = CollectdDecoder()
    private var prometheus = OpenMetricsDecoder(dialect: .prometheus)
    private var openMetrics = OpenMetricsDecoder(dialect: .openMetrics)
    private var sample = OpenMetricsDecoder(dialect: .unknown)

    /// See `FeedDecoder.State.firstRow`.
    var firstRow: [UInt8] { csv.firstRow }

    init(format: FeedFormat, stream: [UInt8]?, options: FeedOptions, firstRow: [UInt8]) {
        self.format = format
        csv = CSVDecoder(stream: stream)
        csv.goOn(after: firstRow)
        influx = InfluxDecoder(options: options)
        json = JSONLineDecoder(options: options)
    }

    @inline(__always)
    mutating func decode(
        _ line: UnsafeRawBufferPointer, into sink: inout some FeedSink
    ) throws(FeedLineError) {
        switch format {
        case .auto: try decodeFound(line, into: &sink)
        case .plain: try plain.decode(line, into: &sink)
        case .graphite: try graphite.decode(line, into: &sink)
        case .csv: try csv.decode(line, into: &sink)
        case .influx: try influx.decode(line, into: &sink)
        case .json: try json.decode(line, into: &sink)
        case .statsd: try statsD.decode(line, into: &sink)
        case .collectd: try collectd.decode(line, into: &sink)
        case .prometheus: try prometheus.decode(line, into: &sink)
        case .openmetrics: try openMetrics.decode(line, into: &sink)
        }
    }

    /// Plain lines come first, so that others cost them nothing.
    @inline(__always)
    private mutating func decodeFound(
        _ line: UnsafeRawBufferPointer, into sink: inout some FeedSink
    ) throws(FeedLineError) {
        if line[0] == UInt8(ascii: "{") { return try json.decode(line, into: &sink) }
        let point: PlainDecoder.Point
        do throws(FeedLineError) {
            point = try plain.parse(line)
        } catch {
            return try decodeOther(line, after: error, into: &sink)
        }
        if line[point.nameLength - 1] == UInt8(ascii: "}"), LineShape(line) == .sample {
            return try sample.decode(line, into: &sink)
        }
        try plain.hand(point, of: line, to: &sink)
    }

    /// - parameter error: why it is no plain line.
    private mutating func decodeOther(
        _ line: UnsafeRawBufferPointer, after error: FeedLineError, into sink: inout some FeedSink
    ) throws(FeedLineError) {
        switch LineShape(line) {
        case .influx: try influx.decode(line, into: &sink)
        case .collectd: try collectd.decode(line, into: &sink)
        case .sample: try sample.decode(line, into: &sink)
        case .statsD:
            throw FeedLineError(
                .fields,
                "expected a line whose format can be found; StatsD is read by a socket of its own (statsd:PATH)")
        case nil: throw error
        }
    }
}
