/// Finds what the TOML parser behind us does not survive, or would silently get wrong, before it sees a file.
///
/// - toml++ ends the process by `assert` at some mistakes: a section's name that begins with a wrong character
///   (`[$x]`), a `}` in an array, some broken dates and times, very long numbers. TOMLKit compiles it
///   with assertions in every configuration, and without them the same places are undefined behaviour.
/// - toml++ recurses through nested tables when it destroys them, without a limit for dotted keys.
/// - TOMLKit hands strings on as C strings, which end at the first NUL.
enum TOMLPrecheck {
    /// Largest file, in bytes. Thousands of `[[stream]]` sections fit.
    static let largestFile = 1 << 20
    /// Deepest nesting of arrays and inline tables. Our own keys need three levels.
    static let deepestNesting = 32
    /// Most dots in one dotted key. Our own keys need one.
    static let mostDots = 16
    /// Longest number, in characters; toml++ looks back over at most 126.
    static let longestNumber = 100

    /// The first problem, or nil.
    static func problem(in bytes: [UInt8]) -> ConfigurationProblem.Reason? {
        if bytes.count > largestFile {
            return .unreadable("is larger than \(largestFile) bytes, expected a TOML file of at most 1 MiB")
        }
        if let nul = bytes.firstIndex(of: 0) {
            return syntax("contains a NUL byte, expected UTF-8 text", at: nul, in: bytes)
        }
        if let bad = firstInvalidUTF8(in: bytes) {
            return syntax("is not UTF-8 here, expected UTF-8 text", at: bad, in: bytes)
        }
        var scanner = TOMLScanner(bytes: bytes)
        return scanner.scan().map { syntax($0, at: scanner.position, in: bytes) }
    }

    private static func syntax(_ text: String, at offset: Int, in bytes: [UInt8]) -> ConfigurationProblem.Reason {
        let before = bytes[..<offset]
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        // A column is a character, as in the parser's own messages: continuation bytes do not count.
        let column = bytes[start..<offset].count { $0 & 0xC0 != 0x80 } + 1
        return .syntax(line: line, column: column, text)
    }

    /// Offset of the first byte that begins no well-formed UTF-8 sequence.
    private static func firstInvalidUTF8(in bytes: [UInt8]) -> Int? {
        var parser = Unicode.UTF8.ForwardParser()
        var iterator = bytes.makeIterator()
        var offset = 0
        while true {
            switch parser.parseScalar(from: &iterator) {
            case .valid(let scalar): offset += scalar.count
            case .emptyInput: return nil
            case .error: return offset
            }
        }
    }
}
