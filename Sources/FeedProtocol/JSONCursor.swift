/// Steps over JSON (RFC 8259) and says what it was. Strict: what the RFC does not allow is an error.
struct JSONCursor {
    /// Objects and arrays that may lie in each other.
    static let deepest = 64

    /// What a value is.
    enum Kind {
        case string(TextPiece)
        case number
        case boolean(Bool)
        case null
        case object
        case array
    }

    /// A value: what it is and where it stands.
    struct Value {
        var kind: Kind
        var start: Int
    }

    private(set) var text: ByteCursor
    /// Where the line begins.
    private let line: UnsafeRawPointer

    init(_ text: ByteCursor, of line: UnsafeRawPointer) {
        self.text = text
        self.line = line
    }

    var isAtEnd: Bool { text.isAtEnd }

    @inline(__always)
    mutating func skipBlanks() { text.skipBlanks() }

    /// Steps over `byte` and the blanks around it, if it is here.
    @inline(__always)
    mutating func take(_ byte: UInt8) -> Bool {
        text.skipBlanks()
        guard text.take(byte) else { return false }
        text.skipBlanks()
        return true
    }

    /// Steps over the name of a member, and the colon behind it.
    @inline(__always)
    mutating func key() throws(FeedLineError) -> TextPiece {
        guard text.byteOrNUL == UInt8(ascii: "\"") else { throw Self.malformed }
        let key = try string()
        guard take(UInt8(ascii: ":")) else { throw Self.malformed }
        return key
    }

    /// Steps over a value.
    @inline(__always)
    mutating func value() throws(FeedLineError) -> Value {
        let start = text.position - line
        switch text.byteOrNUL {
        case UInt8(ascii: "\""): return Value(kind: .string(try string()), start: start)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            try skipNumber()
            return Value(kind: .number, start: start)
        case UInt8(ascii: "{"):
            try skipNested()
            return Value(kind: .object, start: start)
        case UInt8(ascii: "["):
            try skipNested()
            return Value(kind: .array, start: start)
        default: return Value(kind: try literal(), start: start)
        }
    }

    /// Steps over a string.
    ///
    /// - returns: what stands between the quotes.
    @inline(__always)
    private mutating func string() throws(FeedLineError) -> TextPiece {
        text.advance()
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
                guard JSONEscape.take(&text) != nil else {
                    throw FeedLineError(.fields, "expected JSON: a backslash begins no escape there")
                }
            case 0..<0x20: throw .controlCharacter
            default: text.advance()
            }
        }
        throw FeedLineError(.fields, "expected JSON: a string has no end in this line")
    }

    /// A number as the RFC writes it: no plus sign, no zero in front, digits on both sides of a point.
    @inline(__always)
    private mutating func skipNumber() throws(FeedLineError) {
        _ = text.take(UInt8(ascii: "-"))
        if !text.take(UInt8(ascii: "0")) { try skipDigits() }
        if text.take(UInt8(ascii: ".")) { try skipDigits() }
        if text.byteOrNUL | 0x20 == UInt8(ascii: "e") {
            text.advance()
            if !text.take(UInt8(ascii: "-")) { _ = text.take(UInt8(ascii: "+")) }
            try skipDigits()
        }
    }

    @inline(__always)
    private mutating func skipDigits() throws(FeedLineError) {
        guard text.digit != nil else { throw FeedLineError(.fields, "expected a number as JSON writes it") }
        while text.digit != nil { text.advance() }
    }

    private mutating func literal() throws(FeedLineError) -> Kind {
        if skip("true") { return .boolean(true) }
        if skip("false") { return .boolean(false) }
        if skip("null") { return .null }
        throw Self.malformed
    }

    private mutating func skip(_ word: StaticString) -> Bool {
        let end = text.position + min(text.remaining, word.utf8CodeUnitCount)
        guard TextPiece(line, from: text.position, to: end).equals(word, in: line) else { return false }
        text.position = end
        return true
    }

    /// An object or an array with all in it. Without recursion: a line of 64 KiB can open 65,536 of them.
    private mutating func skipNested() throws(FeedLineError) {
        // One bit each for those that are open: 1 for an object.
        var open: UInt64 = 0
        var depth = 0
        repeat {
            let isObject = text.take(UInt8(ascii: "{"))
            if isObject || text.take(UInt8(ascii: "[")) {
                guard depth < Self.deepest else {
                    throw FeedLineError(.fields, "expected objects and arrays at most \(Self.deepest) deep")
                }
                open = open << 1 | (isObject ? 1 : 0)
                depth += 1
                text.skipBlanks()
                if !text.take(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
                    if isObject { _ = try key() }
                    continue
                }
                open >>= 1
                depth -= 1
            } else {
                _ = try scalar()
            }
            // Behind a value: what comes next in what holds it, or its end.
            while depth > 0 {
                text.skipBlanks()
                let isObject = open & 1 == 1
                if take(UInt8(ascii: ",")) {
                    if isObject { _ = try key() }
                    break
                }
                guard text.take(isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else { throw Self.malformed }
                open >>= 1
                depth -= 1
            }
        } while depth > 0
    }

    private mutating func scalar() throws(FeedLineError) {
        switch text.byteOrNUL {
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try skipNumber()
        default: _ = try literal()
        }
    }

    static var malformed: FeedLineError { FeedLineError(.fields, "expected one JSON object") }
}
