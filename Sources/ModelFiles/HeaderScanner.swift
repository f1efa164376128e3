/// Reads the JSON of a safetensors header: objects, strings, and lists of integers that are not negative, which is all
/// that the format has.
///
/// Not Foundation's decoder, because that one keeps one of two equal keys in silence, and the format forbids them: two
/// readers could take different tensors from the same file. Never traps; nothing is nested, so nothing recurses.
struct HeaderScanner {
    private let bytes: [UInt8]
    /// Of the next byte, and after the last one.
    private var position: Int
    private let end: Int

    /// - Parameter range: of the header in `bytes`, valid UTF-8.
    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    /// An object: `member` is called for each key and must read its value. Keys are checked to be different.
    mutating func readObject(
        _ what: String, member: (inout HeaderScanner, String) throws(FileFault) -> Void
    ) throws(FileFault) {
        try expect("{", "\(what), an object")
        if skip("}") { return }
        var keys: Set<[UInt8]> = []
        repeat {
            let key = try readString("a key of \(what)")
            // By their bytes: Swift's == also equates canonically equivalent spellings.
            guard keys.insert(Array(key.utf8)).inserted else {
                throw FileFault("\(what)", found: "an object with two keys \(quoted(key))", expected: "each key once")
            }
            try expect(":", "a colon after the key \(quoted(key))")
            try member(&self, key)
        } while skip(",")
        try expect("}", "the end of \(what)")
    }

    /// A list of integers from 0 to 2⁶³ − 1, at most `limit` of them.
    mutating func readIntegers(_ what: String, limit: Int) throws(FileFault) -> [Int] {
        try expect("[", "\(what), a list of integers")
        if skip("]") { return [] }
        var numbers: [Int] = []
        repeat {
            guard numbers.count < limit else {
                throw FileFault(what, found: "a list of more than \(limit) numbers", expected: "at most \(limit)")
            }
            numbers.append(try readInteger(what))
        } while skip(",")
        try expect("]", "the end of \(what)")
        return numbers
    }

    mutating func readString(_ what: String) throws(FileFault) -> String {
        try expect("\"", "\(what), a string")
        var text: [UInt8] = []
        while position < end, bytes[position] != UInt8(ascii: "\"") {
            let byte = bytes[position]
            guard byte >= 0x20 else { throw fault("\(what) without a raw control character") }
            if byte == UInt8(ascii: "\\") {
                text.append(contentsOf: Array(String(try readEscape(what)).utf8))
            } else {
                text.append(byte)
                position += 1
            }
        }
        guard position < end else { throw fault("the end of \(what)") }
        position += 1
        return String(decoding: text, as: UTF8.self)
    }

    /// Nothing but white space may be left.
    mutating func expectEnd() throws(FileFault) {
        skipSpace()
        if position < end { throw fault("nothing after the header's object but spaces") }
    }

    // MARK: Parts

    private mutating func readInteger(_ what: String) throws(FileFault) -> Int {
        skipSpace()
        let start = position
        var number = 0
        while position < end, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            let (product, overflow1) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflow2) = product.addingReportingOverflow(Int(bytes[position] - UInt8(ascii: "0")))
            guard !overflow1, !overflow2 else {
                throw FileFault("a number in \(what)", found: "2⁶³ or more", expected: "an integer below 2⁶³")
            }
            number = sum
            position += 1
        }
        let isWritten = position > start && (bytes[start] != UInt8(ascii: "0") || position == start + 1)
        let next = position < end ? bytes[position] : UInt8(ascii: ",")
        guard isWritten, next != UInt8(ascii: "."), next != UInt8(ascii: "e"), next != UInt8(ascii: "E") else {
            position = start
            throw fault("an integer in \(what), not negative and without leading zeros")
        }
        return number
    }

    /// The position is at the backslash.
    private mutating func readEscape(_ what: String) throws(FileFault) -> Character {
        let start = position
        position += 2
        guard position <= end else { throw fault("the end of \(what)") }
        switch bytes[position - 1] {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            if let high = readHex() {
                if let scalar = Unicode.Scalar(high) { return Character(scalar) }
                // The upper half of a pair of UTF-16; the lower one must follow.
                if (0xD800..<0xDC00).contains(high), position + 2 <= end, bytes[position] == UInt8(ascii: "\\"),
                    bytes[position + 1] == UInt8(ascii: "u")
                {
                    position += 2
                    if let low = readHex(), (0xDC00..<0xE000).contains(low),
                        let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
                    {
                        return Character(scalar)
                    }
                }
            }
        default: break
        }
        position = start
        throw fault("an escape of JSON in \(what)")
    }

    private mutating func readHex() -> UInt32? {
        guard position + 4 <= end else { return nil }
        var number: UInt32 = 0
        for byte in bytes[position..<(position + 4)] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            number = number << 4 | UInt32(digit)
        }
        position += 4
        return number
    }

    private mutating func skipSpace() {
        while position < end {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard position < end, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar, _ expected: String) throws(FileFault) {
        guard skip(character) else { throw fault(expected) }
    }

    private func fault(_ expected: String) -> FileFault {
        guard position < end else { return FileFault("the header", found: "at its end", expected: expected) }
        // Whole characters; the header is valid UTF-8, but its end may cut one.
        let excerpt = String(decoding: bytes[position..<min(end, position + 12)], as: UTF8.self)
        return FileFault(
            "byte \(position) of the file", found: quoted(String(excerpt.prefix(8))), expected: expected)
    }
}
