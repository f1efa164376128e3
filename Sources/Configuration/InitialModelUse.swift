/// A place of the configuration from which new streams get the file of their first weights, `model.initial`.
///
/// This target knows the file's name only. Whoever reads the file can say by this where it was asked for, and for what.
public struct InitialModelUse: Sendable, Equatable {
    /// Path of the file.
    public var file: String
    /// Where it is set, or where a section changes what a model must be like: as in ``ConfigurationProblem``.
    public var origin: ConfigurationOrigin
    public var key: String
    /// What holds for a stream that begins from the file.
    public var settings: StreamSettings

    /// Where something is said does not change what is in force.
    public static func == (one: Self, other: Self) -> Bool {
        one.file == other.file && one.settings == other.settings
    }
}

extension DaemonConfiguration {
    /// The places, first that of `[model]`, then those of the sections.
    func initialModelUses(
        _ assignments: [ConfigurationLayer.Assignment], _ sections: [ConfigurationLayer.Section]
    ) -> [InitialModelUse] {
        let path = "model.initial"
        var uses: [InitialModelUse] = []
        if let file = defaults.initialModelFile, let last = assignments.last(where: { $0.key.path == path }) {
            uses.append(InitialModelUse(file: file, origin: last.origin, key: path, settings: defaults))
        }
        // Which sections match which streams takes time by the square of their number.
        let isNamed = sections.contains { $0.section.overrides[path] != nil }
        guard defaults.initialModelFile != nil || isNamed else { return uses }
        for section in sections where section.section.keys.contains(where: { $0.hasPrefix("model.") }) {
            // Together with the other sections that match the same streams, as in `sectionContradictions`.
            guard let name = section.section.match.example else { continue }
            let settings = settings(forStream: name)
            guard let file = settings.initialModelFile else { continue }
            uses.append(
                InitialModelUse(
                    file: file, origin: section.origin, key: "\(section.label): \(path)", settings: settings))
        }
        return uses
    }
}
