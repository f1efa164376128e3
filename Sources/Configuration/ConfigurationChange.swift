/// A key whose value differs between two configurations.
public struct ConfigurationChange: Sendable, Equatable {
    /// Such as `model.hidden`; `[[stream]]` for all sections together.
    public let key: String
    /// As a file would have them; empty for sections, and for what comes from a credential.
    public let old, new: String
}

extension DaemonConfiguration {
    /// What would be different with another configuration, in the order of the keys.
    public func changes(to other: DaemonConfiguration) -> [ConfigurationChange] {
        var changes: [ConfigurationChange] = []
        for key in ConfigurationKey.all {
            let (old, new) = (key.text(in: self), key.text(in: other))
            if old == new { continue }
            let isSecret = [origins, other.origins].contains { $0[key.path]?.isSecret == true }
            changes.append(ConfigurationChange(key: key.path, old: isSecret ? "" : old, new: isSecret ? "" : new))
        }
        if sinks != other.sinks { changes.append(ConfigurationChange(key: "[[sink]]", old: "", new: "")) }
        if mutes != other.mutes { changes.append(ConfigurationChange(key: "[[mute]]", old: "", new: "")) }
        if streams != other.streams { changes.append(ConfigurationChange(key: "[[stream]]", old: "", new: "")) }
        return changes
    }
}
