/// One thing that is wrong with a configuration: where, which key, what was found and what was expected.
public struct ConfigurationProblem: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Reason: Sendable, Equatable {
        /// The file cannot be read; with the cause.
        case unreadable(String)
        /// The text is not TOML. Line and column count from 1.
        case syntax(line: Int, column: Int, String)
        /// No such key; with the nearest known one, or, if none is near, with all that are possible in its place.
        case unknownKey(suggestion: String?, known: [String])
        /// Wrong type or out of range.
        case wrongValue(found: String, expected: String)
        /// Right alone, but not together with another key.
        case conflict(String)
    }

    /// The file, or the flag on the command line.
    public var source: String
    /// Counts from 1; nil where none is known, as on the command line. A syntax error has its own.
    public var line: Int?
    /// Dotted path of the key (`model.hidden`), with its section in front if that is a `[[stream]]`; nil if the
    /// problem belongs to no key.
    public var key: String?
    public var reason: Reason

    public init(source: String, line: Int? = nil, key: String? = nil, reason: Reason) {
        self.source = source
        self.line = line
        self.key = key
        self.reason = reason
    }

    /// One line: `FILE[:LINE[:COLUMN]]: [KEY: ]what is wrong`.
    public var description: String {
        switch reason {
        case .syntax(let line, let column, let text): return "\(source):\(line):\(column): \(text)"
        default: return source + (line.map { ":\($0)" } ?? "") + ": " + (key.map { $0 + ": " } ?? "") + explanation
        }
    }

    private var explanation: String {
        switch reason {
        case .unreadable(let cause): return cause
        case .syntax(_, _, let text): return text
        case .unknownKey(let suggestion?, _): return "unknown key; did you mean \(suggestion)?"
        case .unknownKey(nil, let known): return "unknown key; known here: " + known.joined(separator: ", ")
        case .wrongValue(let found, let expected): return "expected \(expected), found \(found)"
        case .conflict(let text): return text
        }
    }
}

extension ConfigurationProblem.Reason {
    /// The same without what a file says: a secret must not be told by a problem.
    var hidden: Self {
        switch self {
        case .syntax(let line, let column, _):
            .syntax(line: line, column: column, "is not TOML; what stands in a credential is not shown")
        case .wrongValue(_, let expected): .wrongValue(found: "something else, which is not shown", expected: expected)
        case .unreadable, .unknownKey, .conflict: self
        }
    }
}

/// All that is wrong with a configuration, never empty.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    public let problems: [ConfigurationProblem]

    public init(problems: [ConfigurationProblem]) { self.problems = problems }

    /// One problem a line.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
