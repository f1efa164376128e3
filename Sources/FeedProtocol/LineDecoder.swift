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
    /// Those that a connection of plain lines never needs.
    private struct Others {
        var influx: InfluxDecoder
        var json: JSONLineDecoder
        var statsD = StatsDDecoder()
        var collectd = CollectdDecoder()
        var prometheus = OpenMetricsDecoder(dialect: .prometheus)
        var openMetrics = OpenMetricsDecoder(dialect: .openMetrics)
        var sample = OpenMetricsDecoder(dialect: .unknown)

        init(_ options: FeedOptions) {
            influx = InfluxDecoder(options: options)
            json = JSONLineDecoder(options: options)
        }
    }

    let format: FeedFormat
    private let options: FeedOptions
    private var plain = PlainDecoder(dialect: .plain)
    private var graphite = PlainDecoder(dialect: .graphite)
    private var csv: CSVDecoder
    /// None or one: an array, so that each connection has the kilobyte for it only once a line needs it.
    private var others: [Others] = []

    /// See `FeedDecoder.State.firstRow`.
    var firstRow: [UInt8] { csv.firstRow }

    init(format: FeedFormat, stream: [UInt8]?, options: FeedOptions, firstRow: [UInt8]) {
        self.format = format
        self.options = options
        csv = CSVDecoder(stream: stream)
        csv.goOn(after: firstRow)
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
        case .influx, .json, .statsd, .collectd, .prometheus, .openmetrics: try decodeOther(line, format, into: &sink)
        }
    }

    @inline(__always)
    private mutating func decodeOther(
        _ line: UnsafeRawBufferPointer, _ format: FeedFormat, into sink: inout some FeedSink
    ) throws(FeedLineError) {
        if others.isEmpty { others.append(Others(options)) }
        switch format {
        case .influx: try others[0].influx.decode(line, into: &sink)
        case .json: try others[0].json.decode(line, into: &sink)
        case .statsd: try others[0].statsD.decode(line, into: &sink)
        case .collectd: try others[0].collectd.decode(line, into: &sink)
        case .prometheus: try others[0].prometheus.decode(line, into: &sink)
        case .openmetrics: try others[0].openMetrics.decode(line, into: &sink)
        // A sample whose format was found.
        case .auto, .plain, .graphite, .csv: try others[0].sample.decode(line, into: &sink)
        }
    }

    /// Plain lines come first, so that others cost them nothing.
    @inline(__always)
    private mutating func decodeFound(
        _ line: UnsafeRawBufferPointer, into sink: inout some FeedSink
    ) throws(FeedLineError) {
        if line[0] == UInt8(ascii: "{") { return try decodeOther(line, .json, into: &sink) }
        let point: PlainDecoder.Point
        do throws(FeedLineError) {
            point = try plain.parse(line)
        } catch {
            return try decodeNotPlain(line, because: error, into: &sink)
        }
        if line[point.nameLength - 1] == UInt8(ascii: "}"), LineShape(line) == .sample {
            return try decodeOther(line, .auto, into: &sink)
        }
        try plain.hand(point, of: line, to: &sink)
    }

    private mutating func decodeNotPlain(
        _ line: UnsafeRawBufferPointer, because error: FeedLineError, into sink: inout some FeedSink
    ) throws(FeedLineError) {
        switch LineShape(line) {
        case .influx: try decodeOther(line, .influx, into: &sink)
        case .collectd: try decodeOther(line, .collectd, into: &sink)
        case .sample: try decodeOther(line, .auto, into: &sink)
        case .statsD:
            throw FeedLineError(
                .fields,
                "expected a line whose format can be found; StatsD is read by a socket of its own (statsd:PATH)")
        case nil: throw error
        }
    }
}
