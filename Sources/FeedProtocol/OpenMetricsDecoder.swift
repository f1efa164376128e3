/// Samples of Prometheus' text format 0.0.4 and of OpenMetrics 1.0: `name[{label="value",…}] value [TIMESTAMP]`, and
/// of the latter an exemplar behind it, which is ignored.
///
/// A stream is named `name;label=value;label=value`, in the order of the labels' names. The comments of both, `# TYPE`,
/// `# HELP` and `# EOF` among them, are comments of every feed.
///
/// https://prometheus.io/docs/instrumenting/exposition_formats/, https://prometheus.io/docs/specs/om/open_metrics_spec/
struct OpenMetricsDecoder: LineDecoder {
    enum Dialect {
        /// Times in milliseconds.
        case prometheus
        /// Times in seconds.
        case openMetrics
        /// Nobody has said which: a sample with a time is rejected.
        case unknown
    }

    private let dialect: Dialect
    private var set = FieldSet(escapes: .quoted)

    init(dialect: Dialect) { self.dialect = dialect }

    mutating func decode(
        _ line: UnsafeRawBufferPointer, into sink: inout some FeedSink
    ) throws(FeedLineError) {
        guard var text = ByteCursor(line) else { return }
        let start = text.position
        guard ByteScan.isASCII(from: start, to: text.end) || TextCheck.isUTF8(line) else { throw .invalidUTF8 }
        set.removeAll()
        var name: TextPiece?
        if Self.takeName(&text) { name = TextPiece(start, from: start, to: text.position) }
        let nameEnd = text.position
        text.skipBlanks()
        if text.take(UInt8(ascii: "{")) {
            try scanLabels(&text, of: start, name: &name)
            text.skipBlanks()
        } else if text.position == nameEnd {
            throw Self.malformed
        }
        guard let name, !text.isAtEnd else { throw Self.malformed }
        set.addField(name, try FeedValue.scan(&text))
        guard text.isAtEnd || ByteCursor.isBlank(text.byte) else { throw Self.malformedValue }
        text.skipBlanks()
        let time = try scanTime(&text)
        try skipExemplar(&text, of: start)
        guard text.isAtEnd else { throw FeedLineError(.fields, "expected nothing after the time") }
        try set.emit(name, at: time, as: .channels, in: start, into: &sink)
    }

    private func scanTime(_ text: inout ByteCursor) throws(FeedLineError) -> Int64? {
        if text.isAtEnd || text.byte == UInt8(ascii: "#") { return nil }
        let time: Int64
        switch dialect {
        case .prometheus: time = try FeedTimeUnit.milliseconds.scan(&text)
        case .openMetrics: time = try FeedTime.scanUnixSeconds(&text)
        case .unknown:
            throw FeedLineError(
                .timestamp,
                "expected a sample without a time: in the format prometheus it is in milliseconds, in openmetrics in "
                    + "seconds, and auto knows neither")
        }
        guard text.isAtEnd || ByteCursor.isBlank(text.byte) else {
            throw FeedLineError(
                .timestamp,
                dialect == .prometheus
                    ? "expected whole milliseconds since 1970; seconds are of the format openmetrics"
                    : "expected seconds since 1970, without an exponent")
        }
        text.skipBlanks()
        return time
    }

    /// `# {label="value"} value [TIMESTAMP]`.
    private mutating func skipExemplar(
        _ text: inout ByteCursor, of line: UnsafeRawPointer
    ) throws(FeedLineError) {
        guard dialect != .prometheus, text.take(UInt8(ascii: "#")) else { return }
        text.skipBlanks()
        guard text.take(UInt8(ascii: "{")) else { throw Self.malformedExemplar }
        while !text.isAtEnd, text.byte != UInt8(ascii: "}") {
            if text.take(UInt8(ascii: "\"")) {
                while !text.isAtEnd, text.byte != UInt8(ascii: "\"") {
                    if text.take(UInt8(ascii: "\\")), text.isAtEnd { break }
                    text.advance()
                }
            }
            if !text.isAtEnd { text.advance() }
        }
        guard text.take(UInt8(ascii: "}")) else { throw Self.malformedExemplar }
        text.skipBlanks()
        guard !text.isAtEnd else { throw Self.malformedExemplar }
        _ = try FeedValue.scan(&text)
        text.skipBlanks()
        if !text.isAtEnd { _ = try FeedTime.scanUnixSeconds(&text) }
        text.skipBlanks()
    }

    /// Steps over all from behind the opening brace to behind the closing one. A name in quotes without a value is that
    /// of the metric, as newer Prometheus writes what the old names could not hold.
    @inline(__always)
    private mutating func scanLabels(
        _ text: inout ByteCursor, of line: UnsafeRawPointer, name: inout TextPiece?
    ) throws(FeedLineError) {
        text.skipBlanks()
        while !text.take(UInt8(ascii: "}")) {
            let key: TextPiece
            if text.byteOrNUL == UInt8(ascii: "\"") {
                key = try Self.scanQuoted(&text, of: line)
                text.skipBlanks()
                if name == nil, text.byteOrNUL != UInt8(ascii: "=") {
                    name = key
                    try Self.endLabel(&text)
                    continue
                }
            } else {
                let start = text.position
                guard Self.takeName(&text) else { throw Self.malformed }
                key = TextPiece(line, from: start, to: text.position)
            }
            text.skipBlanks()
            guard text.take(UInt8(ascii: "=")) else { throw Self.malformed }
            text.skipBlanks()
            try set.addTag(key, try Self.scanQuoted(&text, of: line), in: line)
            try Self.endLabel(&text)
        }
    }

    /// Steps over the comma behind a label; there may be one behind the last, too.
    @inline(__always)
    private static func endLabel(_ text: inout ByteCursor) throws(FeedLineError) {
        text.skipBlanks()
        guard text.take(UInt8(ascii: ",")) || text.byteOrNUL == UInt8(ascii: "}") else { throw malformed }
        text.skipBlanks()
    }

    /// What stands between quotes, where a backslash stands before a quote, another one, or the n of a line feed.
    @inline(__always)
    private static func scanQuoted(
        _ text: inout ByteCursor, of line: UnsafeRawPointer
    ) throws(FeedLineError) -> TextPiece {
        guard text.take(UInt8(ascii: "\"")) else { throw malformed }
        let start = text.position
        var hasEscapes = false
        while !text.isAtEnd {
            switch text.byte {
            case UInt8(ascii: "\""):
                let piece = TextPiece(line, from: start, to: text.position, hasEscapes: hasEscapes)
                text.advance()
                return piece
            case UInt8(ascii: "\\"):
                hasEscapes = true
                text.advance()
                if !text.isAtEnd { text.advance() }
            default: text.advance()
            }
        }
        throw malformed
    }

    /// Steps over letters, digits, underscores and colons that begin with no digit, if there are any.
    @inline(__always)
    static func takeName(_ text: inout ByteCursor) -> Bool {
        if text.digit != nil { return false }
        let start = text.position
        scan: while !text.isAtEnd {
            switch text.byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ":"):
                text.advance()
            default: break scan
            }
        }
        return text.position > start
    }

    private static var malformed: FeedLineError {
        FeedLineError(.fields, "expected name[{label=\"value\",…}] value [time]")
    }

    private static var malformedValue: FeedLineError {
        FeedLineError(.value, "expected a number, or NaN for a missing one")
    }

    private static var malformedExemplar: FeedLineError {
        FeedLineError(.fields, "expected an exemplar after #: {label=\"value\"} value [time]")
    }
}
