/// One row of the table of keys. Reading, checking, writing, the commented file and the documentation all follow from
/// the rows alone.
public struct ConfigurationKey: Sendable {
    /// Section and name: `model.hidden`.
    public let path: String
    /// Unit of the value: "points", "bytes"; empty if it has none.
    public let unit: String
    /// What values are taken, as the end of a sentence that begins with "expected".
    public let expectation: String
    /// What the key means, in one or two sentences.
    public let summary: String
    /// How to choose the value, as the end of a sentence.
    public let choosing: String

    /// Whether a `[[stream]]` section may set it.
    public var isPerStream: Bool { streamSetter != nil }

    /// Path and name as `Suggestion` compares them, so that thousands of unknown keys are not slow.
    let foldedPath: [UInt8]
    let foldedName: [UInt8]

    let accepts: @Sendable (ConfigurationValue) -> Bool
    /// Whether the value names a file, whose path counts from the folder of the file that names it.
    let namesFile: Bool
    private let daemonSetter: @Sendable (ConfigurationValue, inout DaemonConfiguration) -> Void
    private let streamSetter: (@Sendable (ConfigurationValue, inout StreamSettings) -> Void)?
    private let getter: @Sendable (DaemonConfiguration) -> ConfigurationValue

    /// A key of the daemon as a whole.
    init<Value>(
        _ path: String, daemon property: any WritableKeyPath<DaemonConfiguration, Value> & Sendable,
        _ kind: ValueKind<Value>, unit: String = "", _ summary: String, choosing: String
    ) {
        self.path = path
        foldedPath = Suggestion.folded(path)
        foldedName = Array(foldedPath.drop { $0 != UInt8(ascii: ".") }.dropFirst())
        self.unit = unit
        expectation = kind.expectation
        self.summary = summary
        self.choosing = choosing
        accepts = { kind.decode($0) != nil }
        namesFile = kind.namesFile
        daemonSetter = { value, configuration in
            if let value = kind.decode(value) { configuration[keyPath: property] = value }
        }
        streamSetter = nil
        getter = { kind.encode($0[keyPath: property]) }
    }

    /// A key that streams may have values of their own for.
    init<Value>(
        _ path: String, stream property: any WritableKeyPath<StreamSettings, Value> & Sendable,
        _ kind: ValueKind<Value>, unit: String = "", _ summary: String, choosing: String
    ) {
        self.path = path
        foldedPath = Suggestion.folded(path)
        foldedName = Array(foldedPath.drop { $0 != UInt8(ascii: ".") }.dropFirst())
        self.unit = unit
        expectation = kind.expectation
        self.summary = summary
        self.choosing = choosing
        accepts = { kind.decode($0) != nil }
        namesFile = kind.namesFile
        let setter: @Sendable (ConfigurationValue, inout StreamSettings) -> Void = { value, settings in
            if let value = kind.decode(value) { settings[keyPath: property] = value }
        }
        daemonSetter = { setter($0, &$1.defaults) }
        streamSetter = setter
        getter = { kind.encode($0.defaults[keyPath: property]) }
    }

    /// The name without its section.
    var name: Substring { path[path.index(after: path.firstIndex(of: ".") ?? path.startIndex)...] }

    func set(_ value: ConfigurationValue, in configuration: inout DaemonConfiguration) {
        daemonSetter(value, &configuration)
    }

    func set(_ value: ConfigurationValue, in settings: inout StreamSettings) {
        streamSetter?(value, &settings)
    }

    func value(in configuration: DaemonConfiguration) -> ConfigurationValue {
        getter(configuration)
    }

    /// The value in a configuration, as TOML.
    public func text(in configuration: DaemonConfiguration) -> String {
        value(in: configuration).toml
    }
}

/// A section of the file.
package struct ConfigurationGroup: Sendable {
    /// Its name in brackets.
    package let name: String
    /// What its keys are about, in one line.
    package let heading: String
    package let keys: [ConfigurationKey]
}

extension ConfigurationKey {
    /// All keys, in the order of the commented file.
    public static let all: [ConfigurationKey] = groups.flatMap(\.keys)

    package static let groups: [ConfigurationGroup] = daemonGroups + streamGroups

    private static let byPath = Dictionary(uniqueKeysWithValues: all.map { ($0.path, $0) })

    /// The key with this path.
    public static func named(_ path: String) -> ConfigurationKey? {
        byPath[path]
    }
}
