/// `NAME VALUE[,VALUE…] [TIMESTAMP]`, and Graphite's plaintext as its stricter form. Fields are separated by any number
/// of spaces and tabs.
struct PlainDecoder: LineDecoder {
    enum Dialect {
        case plain
        /// Exactly `NAME VALUE TIMESTAMP`: a line that lost its end is noticed.
        case graphite
    }

    private let dialect: Dialect
    /// The values of the line that is being read; kept for its memory.
    private var values = ValueList()

    init(dialect: Dialect) { self.dialect = dialect }

    mutating func decode(
        _ line: UnsafeRawBufferPointer, into sink: inout some FeedSink
    ) throws(FeedLineError) {
        let point = try parse(line)
        try hand(point, of: line, to: &sink)
    }

    /// Hands on the point that was parsed last.
    @inline(__always)
    func hand(
        _ point: Point, of line: UnsafeRawBufferPointer, to sink: inout some FeedSink
    ) throws(FeedLineError) {
        let name = UnsafeRawBufferPointer(rebasing: line[..<point.nameLength])
        try values.withValues { values throws(FeedLineError) in
            try sink.point(name: name, values: values, time: point.time)
        }
    }

    /// Everything but the values, which are in `values`.
    struct Point {
        var nameLength: Int
        var time: Int64?
    }

    @inline(__always)
    mutating func parse(_ line: UnsafeRawBufferPointer) throws(FeedLineError) -> Point {
        guard var text = ByteCursor(line) else { throw tooFewFields }
        let start = text.position
        let (nameEnd, isPlainASCII) = ByteScan.nameEnd(from: start, to: text.end)
        let name = UnsafeRawBufferPointer(start: start, count: nameEnd - start)
        try StreamName.checkText(name, isPlainASCII: isPlainASCII)
        text.position = nameEnd
        text.skipBlanks()
        guard !text.isAtEnd else { throw tooFewFields }
        // Another control character ended the name.
        guard text.position != nameEnd else { throw .controlCharacter }

        try parseValues(&text)
        text.skipBlanks()
        let time = try parseTime(&text)
        return Point(nameLength: name.count, time: time)
    }

    @inline(__always)
    private mutating func parseValues(_ text: inout ByteCursor) throws(FeedLineError) {
        values.removeAll()
        while true {
            let isMissing = text.isAtEnd || text.byte == UInt8(ascii: ",") || ByteCursor.isBlank(text.byte)
            values.append(isMissing ? .nan : try FeedValue.scan(&text))
            guard text.take(UInt8(ascii: ",")) else { break }
        }
        guard text.isAtEnd || ByteCursor.isBlank(text.byte) else { throw .malformedValue }
        guard dialect == .plain || values.count == 1 else {
            throw FeedLineError(.fields, "expected one VALUE; only the plain format has lists")
        }
    }

    /// The rest of the line, from the first byte after the values and their blanks.
    @inline(__always)
    private func parseTime(_ text: inout ByteCursor) throws(FeedLineError) -> Int64? {
        if text.isAtEnd {
            guard dialect == .plain else { throw tooFewFields }
            return nil
        }
        let time = FeedTime.takeArrival(&text) ? nil : try FeedTime.scanUnixSeconds(&text)
        guard text.isAtEnd || ByteCursor.isBlank(text.byte) else { throw .malformedTime }
        text.skipBlanks()
        guard text.isAtEnd else { throw tooManyFields }
        return time
    }

    private var tooFewFields: FeedLineError {
        switch dialect {
        case .plain: FeedLineError(.fields, "expected NAME VALUE[,VALUE…] [TIMESTAMP], found fewer fields")
        case .graphite: FeedLineError(.fields, "expected NAME VALUE TIMESTAMP, found fewer fields")
        }
    }

    private var tooManyFields: FeedLineError {
        FeedLineError(.fields, "expected nothing after TIMESTAMP; a NAME holds no spaces")
    }
}
