/// Just enough of a TOML lexer to tell text in strings and comments from structure, for `TOMLPrecheck`. Where a
/// document is not valid, the parser stops at the same place or earlier, so a difference behind it does no harm.
struct TOMLScanner {
    let bytes: [UInt8]
    /// Where the scan stands; after a problem, where the problem is.
    private(set) var position = 0
    /// Where each section header and each key outside of brackets begins.
    private(set) var statements: [Int] = []
    /// Brackets that are open, the innermost last.
    private var open: [UInt8] = []
    /// Dots in the current key.
    private var dots = 0
    /// Whether only white space stands before the position on its line, outside of brackets.
    private var isStatementStart = true
    /// Whether the position is in the line of a section header.
    private var isHeader = false
    /// Whether the next thing that is neither white space nor a comment begins a value.
    private var isValueStart = false

    /// What may stand on a line before a statement, or instead of one.
    private static let separators = [" ", "\t", "\r", "\n", "#"].map { UInt8(ascii: $0) }

    /// - Parameter bytes: UTF-8 without NUL.
    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// What is wrong at `position`, or nil.
    mutating func scan() -> String? {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        while position < bytes.count {
            if let problem = step() { return problem }
            position += 1
        }
        return nil
    }

    /// Scans one byte, or a whole comment or string; leaves the position on the last byte of it.
    private mutating func step() -> String? {
        let byte = bytes[position]
        let wasStatementStart = isStatementStart
        let wasValueStart = isValueStart
        isStatementStart = false
        isValueStart = false
        if wasStatementStart, !Self.separators.contains(byte) { statements.append(position) }
        switch byte {
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
            isStatementStart = wasStatementStart
            isValueStart = wasValueStart
        case UInt8(ascii: "\n"):
            dots = 0
            isStatementStart = open.isEmpty
            isHeader = false
            isValueStart = wasValueStart
        case UInt8(ascii: "#"):
            skipComment()
            isValueStart = wasValueStart
        case UInt8(ascii: "="):
            dots = 0
            isValueStart = true
        case UInt8(ascii: ","):
            dots = 0
            isValueStart = open.last == UInt8(ascii: "[")
        case UInt8(ascii: "\""):
            return skipBasicString()
        case UInt8(ascii: "'"):
            skipLiteralString()
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            dots = 0
            open.append(byte)
            if open.count > TOMLPrecheck.deepestNesting {
                return "values nested more than \(TOMLPrecheck.deepestNesting) deep, expected at most 3"
            }
            if wasStatementStart {
                isHeader = true
                return headerProblem()
            }
            isValueStart = byte == UInt8(ascii: "[") && !isHeader
        case UInt8(ascii: "]"), UInt8(ascii: "}"):
            dots = 0
            // ASCII has each closing bracket two places behind its opening one.
            guard open.popLast() == byte - 2 else {
                return "a \"\(Character(Unicode.Scalar(byte)))\" that closes nothing"
            }
        case UInt8(ascii: "."):
            dots += 1
            if dots > TOMLPrecheck.mostDots {
                return "a key with more than \(TOMLPrecheck.mostDots) dots, expected at most one"
            }
        case 0x80...:
            return "a character outside of ASCII, expected only in quotation marks and comments"
        case ..<0x20, 0x7F:
            return "a control character, expected only as an escape sequence in quotation marks"
        default:
            if wasValueStart { return numberProblem() }
        }
        return nil
    }

    /// What is wrong with the section header that begins at the position.
    private func headerProblem() -> String? {
        guard bytes[position] == UInt8(ascii: "[") else { return nil }
        var next = position + 1
        if next < bytes.count, bytes[next] == UInt8(ascii: "[") { next += 1 }
        while next < bytes.count, bytes[next] == UInt8(ascii: " ") || bytes[next] == UInt8(ascii: "\t") { next += 1 }
        guard next < bytes.count else { return nil }
        switch bytes[next] {
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "]"): return nil
        case let byte where isBareKey(byte): return nil
        default: return "a section without a name, expected [NAME] or [[NAME]]"
        }
    }

    /// What is wrong with the value that begins at the position, if it begins like a number or a date.
    private func numberProblem() -> String? {
        guard isDigit(at: position) || bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-")
        else { return nil }
        var end = position
        var digits: [UInt8] = []
        while end < bytes.count, !isValueEnd(bytes[end]), end - position <= TOMLPrecheck.longestNumber {
            guard isBareKey(bytes[end]) || bytes[end] == UInt8(ascii: ".") || bytes[end] == UInt8(ascii: "+") else {
                return "a value that is no number, expected a number or a string in quotation marks"
            }
            if bytes[end] != UInt8(ascii: "_") { digits.append(bytes[end]) }
            end += 1
        }
        if end - position > TOMLPrecheck.longestNumber {
            return "a number of more than \(TOMLPrecheck.longestNumber) characters"
        }
        let isDate = digits.count == 10 && digits[4] == UInt8(ascii: "-") && digits[7] == UInt8(ascii: "-")
        if isDate, end < bytes.count, bytes[end] == UInt8(ascii: " "), isDigit(at: end + 1) {
            return "a date with a time, which no key takes"
        }
        return nil
    }

    private mutating func skipComment() {
        while position + 1 < bytes.count, bytes[position + 1] != UInt8(ascii: "\n") { position += 1 }
    }

    /// An escaped NUL is a problem.
    private mutating func skipBasicString() -> String? {
        let mark = UInt8(ascii: "\"")
        let isMultiline = isTriple(mark)
        position += isMultiline ? 3 : 1
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: "\\"):
                if hasPrefix("\\u0000") || hasPrefix("\\U00000000") {
                    return "contains a NUL character, which no key or value may have"
                }
                position += 1
            case mark where !isMultiline: return nil
            case mark where isTriple(mark):
                finishTriple(mark)
                return nil
            case UInt8(ascii: "\n") where !isMultiline: return nil
            default: break
            }
            position += 1
        }
        return nil
    }

    private mutating func skipLiteralString() {
        let mark = UInt8(ascii: "'")
        let isMultiline = isTriple(mark)
        position += isMultiline ? 3 : 1
        while position < bytes.count {
            switch bytes[position] {
            case mark where !isMultiline: return
            case mark where isTriple(mark): return finishTriple(mark)
            case UInt8(ascii: "\n") where !isMultiline: return
            default: break
            }
            position += 1
        }
    }

    /// A multi-line string may end in up to two marks of its own before the three that close it.
    private mutating func finishTriple(_ mark: UInt8) {
        position += 2
        var own = 0
        while own < 2, position + 1 < bytes.count, bytes[position + 1] == mark {
            position += 1
            own += 1
        }
    }

    private func isTriple(_ mark: UInt8) -> Bool {
        position + 2 < bytes.count && bytes[position] == mark && bytes[position + 1] == mark
            && bytes[position + 2] == mark
    }

    private func hasPrefix(_ text: StaticString) -> Bool {
        let end = position + text.utf8CodeUnitCount
        guard end <= bytes.count else { return false }
        return text.withUTF8Buffer { bytes[position..<end].elementsEqual($0) }
    }

    private func isDigit(at offset: Int) -> Bool {
        offset < bytes.count && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[offset])
    }

    private func isValueEnd(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"), UInt8(ascii: "]"),
            UInt8(ascii: "}"), UInt8(ascii: ","), UInt8(ascii: "#"):
            return true
        default: return false
        }
    }

    private func isBareKey(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            return true
        default: return false
        }
    }
}
