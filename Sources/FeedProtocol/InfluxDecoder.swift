/// InfluxDB's line protocol: `measurement[,tag=value…] field=value[,field=value…] [TIMESTAMP]`.
///
/// Escapes, types and blanks are those of InfluxDB 1 and 2
/// (https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/), with two differences: a string cannot hold
/// a line feed, as lines are told apart before they are read, and `nan` is a missing value.
struct InfluxDecoder: LineDecoder {
    private let options: FeedOptions
    private var set = FieldSet(escapes: .influx)

    init(options: FeedOptions) { self.options = options }

    mutating func decode(
        _ line: UnsafeRawBufferPointer, into sink: inout some FeedSink
    ) throws(FeedLineError) {
        guard var text = ByteCursor(line) else { return }
        let start = text.position
        // Of what becomes no part of a name, nobody else asks whether it is text.
        guard ByteScan.isASCII(from: start, to: text.end) || TextCheck.isUTF8(line) else { throw .invalidUTF8 }
        set.removeAll()
        let name = Self.scanMeasurement(&text)
        guard name.count > 0 else { throw Self.malformed }
        while text.take(UInt8(ascii: ",")) {
            let key = try Self.scanKey(&text, of: start)
            let value = try Self.scanTagValue(&text, of: start)
            try set.addTag(key, value, in: start)
        }
        guard text.take(UInt8(ascii: " ")) else { throw Self.malformed }
        text.skipBlanks()
        try scanFields(&text, of: start)
        text.skipBlanks()
        var time: Int64?
        if !text.isAtEnd {
            time = try (options.timeUnit ?? .nanoseconds).scan(&text)
            text.skipBlanks()
            guard text.isAtEnd else { throw FeedLineError(.fields, "expected nothing after the timestamp") }
        }
        guard set.hasFields else { throw FeedLineError(.value, "expected a field with a number; strings are ignored") }
        try set.emit(name, at: time, as: options.fields, in: start, into: &sink)
    }

    @inline(__always)
    private mutating func scanFields(_ text: inout ByteCursor, of line: UnsafeRawPointer) throws(FeedLineError) {
        repeat {
            let key = try Self.scanKey(&text, of: line)
            if let value = try Self.scanValue(&text) { set.addField(key, value) }
        } while text.take(UInt8(ascii: ","))
        guard text.isAtEnd || ByteCursor.isBlank(text.byte) else { throw Self.malformedValue }
    }

    /// All up to a comma or a space.
    @inline(__always)
    private static func scanMeasurement(_ text: inout ByteCursor) -> TextPiece {
        let start = text.position
        var hasEscapes = false
        scan: while !text.isAtEnd {
            switch text.byte {
            case UInt8(ascii: ","), UInt8(ascii: " "): break scan
            case UInt8(ascii: "\\"):
                hasEscapes = true
                text.advance()
                if !text.isAtEnd { text.advance() }
            default: text.advance()
            }
        }
        return TextPiece(start, from: start, to: text.position, hasEscapes: hasEscapes)
    }

    /// The key of a tag or field; steps over the equals sign behind it.
    @inline(__always)
    private static func scanKey(
        _ text: inout ByteCursor, of line: UnsafeRawPointer
    ) throws(FeedLineError) -> TextPiece {
        let start = text.position
        var hasEscapes = false
        while !text.isAtEnd {
            switch text.byte {
            case UInt8(ascii: "="):
                let key = TextPiece(line, from: start, to: text.position, hasEscapes: hasEscapes)
                guard key.count > 0 else { throw malformed }
                text.advance()
                return key
            case UInt8(ascii: ","), UInt8(ascii: " "): throw malformed
            case UInt8(ascii: "\\"):
                hasEscapes = true
                text.advance()
                if !text.isAtEnd { text.advance() }
            default: text.advance()
            }
        }
        throw malformed
    }

    @inline(__always)
    private static func scanTagValue(
        _ text: inout ByteCursor, of line: UnsafeRawPointer
    ) throws(FeedLineError) -> TextPiece {
        let start = text.position
        var hasEscapes = false
        scan: while !text.isAtEnd {
            switch text.byte {
            case UInt8(ascii: ","), UInt8(ascii: " "): break scan
            case UInt8(ascii: "="): throw malformed
            case UInt8(ascii: "\\"):
                hasEscapes = true
                text.advance()
                if !text.isAtEnd { text.advance() }
            default: text.advance()
            }
        }
        guard text.position > start else { throw FeedLineError(.fields, "expected a value for each tag") }
        return TextPiece(line, from: start, to: text.position, hasEscapes: hasEscapes)
    }

    /// The value of a field: nil for a string.
    @inline(__always)
    private static func scanValue(_ text: inout ByteCursor) throws(FeedLineError) -> Double? {
        switch text.byteOrNUL {
        case UInt8(ascii: "\""):
            try skipString(&text)
            return nil
        case UInt8(ascii: "t"), UInt8(ascii: "T"), UInt8(ascii: "f"), UInt8(ascii: "F"): return try scanBoolean(&text)
        default: break
        }
        let start = text.position
        let value = try FeedValue.scan(&text)
        switch text.byteOrNUL {
        case UInt8(ascii: "i"): try checkInteger(from: start, &text, isSigned: true)
        case UInt8(ascii: "u"): try checkInteger(from: start, &text, isSigned: false)
        default: break
        }
        return value
    }

    private static func skipString(_ text: inout ByteCursor) throws(FeedLineError) {
        text.advance()
        while !text.isAtEnd {
            let byte = text.byte
            text.advance()
            if byte == UInt8(ascii: "\"") { return }
            if byte == UInt8(ascii: "\\"), !text.isAtEnd { text.advance() }
        }
        throw FeedLineError(.value, "expected a closing quote in the same line: a string cannot hold a line feed")
    }

    private static func scanBoolean(_ text: inout ByteCursor) throws(FeedLineError) -> Double {
        let start = text.position
        while !text.isAtEnd, text.byte != UInt8(ascii: ","), text.byte != UInt8(ascii: " ") { text.advance() }
        let word = TextPiece(start, from: start, to: text.position)
        for (spelling, value) in booleans where word.equals(spelling, in: start) { return value }
        throw malformedValue
    }

    private static let booleans: [(StaticString, Double)] = [
        ("t", 1), ("T", 1), ("true", 1), ("True", 1), ("TRUE", 1),
        ("f", 0), ("F", 0), ("false", 0), ("False", 0), ("FALSE", 0),
    ]

    /// Steps over the type behind a whole number of 64 bits.
    @inline(__always)
    private static func checkInteger(
        from start: UnsafeRawPointer, _ text: inout ByteCursor, isSigned: Bool
    ) throws(FeedLineError) {
        var digits = ByteCursor(position: start, end: text.position)
        let isNegative = digits.take(UInt8(ascii: "-"))
        guard isSigned || !isNegative, !digits.isAtEnd else { throw malformedValue }
        // Nearly none has so many digits that it can be too large.
        let isLong = digits.remaining > 18
        var number: UInt64 = 0
        while let digit = digits.digit {
            digits.advance()
            guard isLong else { continue }
            let (tenfold, tooLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = tenfold.addingReportingOverflow(UInt64(digit))
            guard !tooLarge, !overflow else { throw outOfRange }
            number = sum
        }
        guard digits.isAtEnd else { throw malformedValue }
        if isSigned, number > UInt64(Int64.max) + (isNegative ? 1 : 0) { throw outOfRange }
        text.advance()
    }

    private static var malformed: FeedLineError {
        FeedLineError(.fields, "expected measurement[,tag=value…] field=value[,field=value…] [timestamp]")
    }

    private static var malformedValue: FeedLineError {
        FeedLineError(
            .value, "expected a number, a whole number with i or u, true, false, or a string in double quotes")
    }

    private static var outOfRange: FeedLineError {
        FeedLineError(.value, "expected a whole number of 64 bits before i or u")
    }
}
