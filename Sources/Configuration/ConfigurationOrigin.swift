/// Where a setting stands.
public struct ConfigurationOrigin: Sendable, Equatable, CustomStringConvertible {
    /// The file, or the flag on the command line.
    public let source: String
    /// Counts from 1; nil on the command line.
    public let line: Int?
    /// Whether the value is nobody's business, as it comes from a credential.
    public let isSecret: Bool

    init(source: String, line: Int? = nil, isSecret: Bool = false) {
        self.source = source
        self.line = line
        self.isSecret = isSecret
    }

    /// `FILE:LINE`, or the flag.
    public var description: String { line.map { "\(source):\($0)" } ?? source }
}

/// Where the keys of a configuration that are set were set last.
public struct ConfigurationOrigins: Sendable, Equatable {
    private var byPath: [String: ConfigurationOrigin] = [:]

    init(_ assignments: [ConfigurationLayer.Assignment] = []) {
        for assignment in assignments { byPath[assignment.key.path] = assignment.origin }
    }

    /// Of the key with this path; nil for one that has its default because nothing sets it.
    public subscript(path: String) -> ConfigurationOrigin? { byPath[path] }

    /// Where something is said does not change what is in force.
    public static func == (one: Self, other: Self) -> Bool { true }
}
