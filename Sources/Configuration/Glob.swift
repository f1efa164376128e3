/// A pattern for stream names, compiled once and matched as often as needed.
///
/// | written | stands for |
/// |---|---|
/// | `*` | any characters, none included; dots and slashes are characters like others |
/// | `?` | exactly one character |
/// | `[abc]`, `[a-z0-9]` | one character of the set; `]` first and `-` first or last stand for themselves |
/// | `[!a-z]` | one character outside the set |
/// | `\` | takes away the special meaning of the character behind it, in a set as well |
///
/// All else stands for itself, and the whole name must match. Characters are Unicode scalars, compared as they are:
/// upper and lower case differ, and nothing is normalised, because a feed's bytes are not either.
///
/// ```swift
/// let glob = try Glob("web.*.latency")
/// glob.matches("web.eu.1.latency")  // true
/// glob.specificity                  // 12
/// ```
public struct Glob: Sendable, Equatable, CustomStringConvertible {
    /// The pattern as it was written.
    public let pattern: String
    /// How many characters of the pattern stand for themselves. Where several globs match a name, the one with the
    /// most of them says the most about it.
    public let specificity: Int
    /// The one name that matches, escapes removed; nil if the pattern has a wildcard or a set.
    public let literal: String?

    private let tokens: [Token]

    private enum Token: Sendable, Equatable {
        /// One character out of these.
        case one([ClosedRange<UInt32>])
        /// Any number of any characters.
        case many
    }

    public var description: String { pattern }

    /// Compiles a pattern.
    /// - Throws: ``GlobError`` if a set has no end or an inverted range, or if a `\` has nothing behind it.
    public init(_ pattern: String) throws(GlobError) {
        var parser = Parser(scalars: Array(pattern.unicodeScalars))
        try parser.parse()
        self.pattern = pattern
        tokens = parser.tokens
        specificity = parser.literal.count
        literal = parser.literal.count == parser.tokens.count ? String(parser.literal) : nil
    }

    /// Whether the whole name matches. At most (length of the name) × (length of the pattern) steps.
    public func matches(_ name: some StringProtocol) -> Bool {
        let scalars = name.unicodeScalars
        var index = scalars.startIndex
        var token = 0
        // Where to go on if what follows the last `*` does not fit: it takes one character more. Earlier ones need
        // no second try, since the last one can take whatever they would have taken.
        var retry: (token: Int, index: String.UnicodeScalarView.Index)?
        while true {
            if token < tokens.count {
                switch tokens[token] {
                case .many:
                    token += 1
                    retry = (token, index)
                    continue
                case .one(let set):
                    if index < scalars.endIndex, set.contains(where: { $0.contains(scalars[index].value) }) {
                        token += 1
                        index = scalars.index(after: index)
                        continue
                    }
                }
            } else if index == scalars.endIndex {
                return true
            }
            guard let last = retry, last.index < scalars.endIndex else { return false }
            index = scalars.index(after: last.index)
            token = last.token
            retry = (token, index)
        }
    }

    /// A short name that matches, with nothing for each `*`; nil if there is none. Lets a check try out what a section
    /// means for at least one stream.
    package var example: String? {
        var name = String.UnicodeScalarView()
        for case .one(let set) in tokens {
            // A set that excludes every character matches nothing, so there is no example either.
            guard let first = set.first else { return nil }
            let letter = (UInt32(UInt8(ascii: "a"))...UInt32(UInt8(ascii: "z"))).first { letter in
                set.contains { $0.contains(letter) }
            }
            guard let scalar = Unicode.Scalar(letter ?? first.lowerBound) else { return nil }
            name.append(scalar)
        }
        return String(name)
    }

    /// Every Unicode scalar; the gap between the two ranges belongs to UTF-16's surrogates.
    private static let every: [ClosedRange<UInt32>] = [0...0xD7FF, 0xE000...0x10FFFF]

    private struct Parser {
        let scalars: [Unicode.Scalar]
        var position = 0
        var tokens: [Token] = []
        var literal = String.UnicodeScalarView()

        init(scalars: [Unicode.Scalar]) {
            self.scalars = scalars
        }

        mutating func parse() throws(GlobError) {
            while position < scalars.count {
                let scalar = scalars[position]
                position += 1
                switch scalar {
                case "*":
                    if tokens.last != .many { tokens.append(.many) }
                case "?":
                    tokens.append(.one(Glob.every))
                case "[":
                    tokens.append(.one(try parseSet()))
                default:
                    let plain = scalar == "\\" ? try escaped() : scalar
                    tokens.append(.one([plain.value...plain.value]))
                    literal.append(plain)
                }
            }
        }

        /// The set behind a `[`.
        private mutating func parseSet() throws(GlobError) -> [ClosedRange<UInt32>] {
            let start = position - 1
            var ranges: [ClosedRange<UInt32>] = []
            let isNegated = position < scalars.count && scalars[position] == "!"
            if isNegated { position += 1 }
            let first = position
            while position < scalars.count {
                if scalars[position] == "]", position > first {
                    position += 1
                    return isNegated ? Self.complement(of: ranges) : ranges
                }
                let low = try member()
                var high = low
                if position + 1 < scalars.count, scalars[position] == "-", scalars[position + 1] != "]" {
                    position += 1
                    high = try member()
                }
                guard low <= high else { throw .invertedRange(String(low) + "-" + String(high)) }
                ranges.append(low.value...high.value)
            }
            throw .unclosedSet(offset: start)
        }

        private mutating func member() throws(GlobError) -> Unicode.Scalar {
            let scalar = scalars[position]
            position += 1
            return scalar == "\\" ? try escaped() : scalar
        }

        /// The character behind a `\`.
        private mutating func escaped() throws(GlobError) -> Unicode.Scalar {
            guard position < scalars.count else { throw .danglingEscape }
            defer { position += 1 }
            return scalars[position]
        }

        private static func complement(of ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
            var result: [ClosedRange<UInt32>] = []
            for whole in Glob.every {
                var next = whole.lowerBound
                for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) where range.overlaps(whole) {
                    if range.lowerBound > next { result.append(next...(range.lowerBound - 1)) }
                    next = max(next, range.upperBound + 1)
                }
                if next <= whole.upperBound { result.append(next...whole.upperBound) }
            }
            return result
        }
    }
}

/// Why a pattern is not a glob.
public enum GlobError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A `[` without its `]`; the offset counts characters from 0.
    case unclosedSet(offset: Int)
    /// A range whose ends stand the wrong way round, such as `z-a`.
    case invertedRange(String)
    /// A `\` at the very end.
    case danglingEscape

    public var description: String {
        switch self {
        case .unclosedSet(let offset):
            return "the set that begins with the \"[\" at character \(offset + 1) has no \"]\""
        case .invertedRange(let range): return "the range \"\(range)\" runs backwards"
        case .danglingEscape: return "the \"\\\" at the end has nothing to escape"
        }
    }
}
