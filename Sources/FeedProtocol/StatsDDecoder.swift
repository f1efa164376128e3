/// StatsD: `name:value|type[|@rate][|#tag:value,…]`, with several values (`name:1:2|ms`) or several samples
/// (`name:1|c:2|c`) in one line. Types are c, g, ms, h, d and s.
///
/// https://github.com/statsd/statsd/blob/master/docs/metric_types.md, and for tags, distributions and several values
/// https://docs.datadoghq.com/developers/dogstatsd/datagram_shell/
struct StatsDDecoder: LineDecoder {
    /// Samples that memory is kept for.
    private static let mostKept = 1024

    private var samples: [StatsDSample] = []
    private var set = FieldSet(escapes: .none)

    mutating func decode(
        _ line: UnsafeRawBufferPointer, into sink: inout some FeedSink
    ) throws(FeedLineError) {
        guard var text = ByteCursor(line) else { return }
        let start = text.position
        guard ByteScan.isASCII(from: start, to: text.end) || TextCheck.isUTF8(line) else { throw .invalidUTF8 }
        set.removeAll()
        samples.removeAll(keepingCapacity: samples.count <= Self.mostKept)
        Self.skip(&text)
        let name = TextPiece(start, from: start, to: text.position)
        guard name.count > 0, text.byteOrNUL == UInt8(ascii: ":") else { throw Self.malformed }
        while text.take(UInt8(ascii: ":")) { try scanSamples(&text, of: start) }
        guard text.isAtEnd else { throw Self.malformed }

        try set.makeName(name, in: start)
        var failure: FeedLineError?
        for sample in samples {
            do throws(FeedLineError) {
                try set.withName { name throws(FeedLineError) in try sink.sample(name: name, sample) }
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    /// One or several values with the type of them all, and what stands behind it.
    private mutating func scanSamples(_ text: inout ByteCursor, of line: UnsafeRawPointer) throws(FeedLineError) {
        let values = text
        Self.skip(&text, over: UInt8(ascii: ":"))
        let end = text.position
        guard text.take(UInt8(ascii: "|")) else { throw Self.malformed }
        let type = text.position
        Self.skip(&text)
        let kind = try Self.kind(TextPiece(line, from: type, to: text.position), in: line)
        let first = samples.count
        try scanValues(ByteCursor(position: values.position, end: end), kind)
        var rate = 1.0
        while text.take(UInt8(ascii: "|")) {
            switch text.byteOrNUL {
            case UInt8(ascii: "@"): rate = try Self.scanRate(&text)
            case UInt8(ascii: "#"): try scanTags(&text, of: line)
            // Of which container it is.
            case UInt8(ascii: "c"), UInt8(ascii: "e"): Self.skip(&text, over: UInt8(ascii: ":"))
            default: throw FeedLineError(.fields, "expected @RATE or #TAG:VALUE,… behind the type")
            }
        }
        for index in first..<samples.count { samples[index].rate = rate }
    }

    /// Steps up to `|`, and unless it is stepped over, up to `:`.
    @inline(__always)
    private static func skip(_ text: inout ByteCursor, over passed: UInt8 = 0) {
        while !text.isAtEnd, text.byte != UInt8(ascii: "|"), text.byte != UInt8(ascii: ":") || passed == text.byte {
            text.advance()
        }
    }

    private enum Letter { case count, gauge, timing, member }

    @inline(__always)
    private static func kind(_ word: TextPiece, in line: UnsafeRawPointer) throws(FeedLineError) -> Letter {
        if word.equals("c", in: line) { return .count }
        if word.equals("ms", in: line) || word.equals("h", in: line) || word.equals("d", in: line) { return .timing }
        if word.equals("g", in: line) { return .gauge }
        if word.equals("s", in: line) { return .member }
        throw FeedLineError(.fields, "expected one of the types c, g, ms, h, d and s")
    }

    private mutating func scanValues(_ all: ByteCursor, _ kind: Letter) throws(FeedLineError) {
        var text = all
        repeat {
            if kind == .member {
                samples.append(StatsDSample(.member(Self.hashMember(&text))))
                continue
            }
            let isSigned = text.byteOrNUL == UInt8(ascii: "+") || text.byteOrNUL == UInt8(ascii: "-")
            guard let value = try? DecimalNumber.scan(&text) else { throw Self.malformedValue }
            switch kind {
            case .count: samples.append(StatsDSample(.count(value)))
            case .timing: samples.append(StatsDSample(.timing(value)))
            case .gauge, .member: samples.append(StatsDSample(isSigned ? .change(value) : .gauge(value)))
            }
        } while text.take(UInt8(ascii: ":"))
        guard text.isAtEnd else { throw Self.malformedValue }
    }

    /// FNV-1a, which is the same in every process.
    private static func hashMember(_ text: inout ByteCursor) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        while !text.isAtEnd, text.byte != UInt8(ascii: ":") {
            hash = (hash ^ UInt64(text.byte)) &* 0x100_0000_01B3
            text.advance()
        }
        return hash
    }

    private static func scanRate(_ text: inout ByteCursor) throws(FeedLineError) -> Double {
        text.advance()
        guard let rate = try? DecimalNumber.scan(&text), rate > 0, rate <= 1,
            text.isAtEnd || text.byte == UInt8(ascii: "|") || text.byte == UInt8(ascii: ":")
        else { throw FeedLineError(.value, "expected a sample rate above 0 and at most 1 after @") }
        return rate
    }

    /// `#tag:value,tag,…`, up to the next `|`.
    private mutating func scanTags(_ text: inout ByteCursor, of line: UnsafeRawPointer) throws(FeedLineError) {
        text.advance()
        while !text.isAtEnd, text.byte != UInt8(ascii: "|") {
            let start = text.position
            var keyEnd: UnsafeRawPointer?
            while !text.isAtEnd, text.byte != UInt8(ascii: ","), text.byte != UInt8(ascii: "|") {
                if text.byte == UInt8(ascii: ":"), keyEnd == nil { keyEnd = text.position }
                text.advance()
            }
            let key = TextPiece(line, from: start, to: keyEnd ?? text.position)
            let value = keyEnd.map { TextPiece(line, from: $0 + 1, to: text.position) }
            // A comma too much is common.
            if key.count > 0 { try set.addTag(key, value, in: line) }
            _ = text.take(UInt8(ascii: ","))
        }
    }

    private static var malformed: FeedLineError {
        FeedLineError(.fields, "expected name:value|type[|@rate][|#tag:value,…], the type being c, g, ms, h, d or s")
    }

    private static var malformedValue: FeedLineError { FeedLineError(.value, "expected a finite decimal number") }
}
