extension DaemonConfiguration {
    /// The defaults with layers on top of them, each over the one before: defaults < files < command line.
    ///
    /// `[[stream]]` sections of all layers are kept; among equally specific ones a later layer's wins. A key that is
    /// set on the command line replaces the value of its section in the file; a `[[stream]]` section of a file still
    /// has its own.
    ///
    /// - Throws: ``ConfigurationError`` with every problem of every layer, or, if there is none, with every
    ///   contradiction between keys.
    public init(layers: [ConfigurationLayer], paths: DefaultPaths) throws(ConfigurationError) {
        self.init(paths: paths)
        let problems = layers.flatMap(\.problems)
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }

        let assignments = layers.flatMap(\.assignments)
        for assignment in assignments { assignment.key.set(assignment.value, in: &self) }
        origins = ConfigurationOrigins(assignments)
        setStreams(layers.flatMap { $0.sections.map(\.section) })
        for sink in layers.flatMap(\.sinks) {
            sinks.removeAll { $0.name == sink.name && $0.origin.source != sink.origin.source }
            sinks.append(sink)
        }
        mutes = layers.flatMap(\.mutes)
        let contradictions =
            daemonContradictions(assignments) + sectionContradictions(layers.flatMap(\.sections))
            + doubledSinks
        guard contradictions.isEmpty else { throw ConfigurationError(problems: contradictions) }
        initialModels = initialModelUses(assignments, layers.flatMap(\.sections))
    }

    private func daemonContradictions(_ assignments: [ConfigurationLayer.Assignment]) -> [ConfigurationProblem] {
        let daemon = DaemonRule.all.map { (key: $0.key, others: $0.others, text: $0.problem(self)) }
        let stream = StreamRule.all.map { (key: $0.key, others: $0.others, text: $0.problem(defaults)) }
        return (daemon + stream).compactMap { rule in
            rule.text.map { text in
                // Before the last of the keys was set, nothing was wrong.
                let keys = [rule.key] + rule.others
                let last = assignments.last { keys.contains($0.key.path) }?.origin
                let isSecret = keys.contains { origins[$0]?.isSecret == true }
                return ConfigurationProblem(
                    source: last?.source ?? "defaults", line: last?.line, key: rule.key,
                    reason: .conflict(isSecret ? Self.contradiction(rule.others) : text))
            }
        }
    }

    /// What a sink was told is kept under its name.
    private var doubledSinks: [ConfigurationProblem] {
        sinks.indices.filter { index in sinks[..<index].contains { $0.name == sinks[index].name } }.map { index in
            let (name, origin) = (sinks[index].name, sinks[index].origin)
            return ConfigurationProblem(
                source: origin.source, line: origin.line, key: "sink: name",
                reason: .conflict(
                    "names \(origin.isSecret ? "a sink" : ConfigurationValue.quoted(name)) twice, expected different names"
                ))
        }
    }

    /// A section that contradicts itself or the defaults is tried out on a stream that it matches, together with the
    /// other sections that match it: a more general one may make it right.
    private func sectionContradictions(_ sections: [ConfigurationLayer.Section]) -> [ConfigurationProblem] {
        sections.flatMap { section -> [ConfigurationProblem] in
            var alone = defaults
            section.section.apply(to: &alone)
            let keys = section.section.overrides.keys
            let rules = StreamRule.all.filter { $0.concerns(keys) && $0.problem(alone) != nil }
            guard !rules.isEmpty, let name = section.section.match.example else { return [] }
            var settings = defaults
            for other in streams where other.match.matches(name) { other.apply(to: &settings) }
            let isSecret = streams.contains { $0.origin.isSecret && $0.match.matches(name) }
            return rules.compactMap { rule in
                rule.problem(settings).map { text in
                    let isSecret = isSecret || ([rule.key] + rule.others).contains { origins[$0]?.isSecret == true }
                    return ConfigurationProblem(
                        source: section.origin.source, line: section.origin.line,
                        key: "\(section.label): \(rule.key)",
                        reason: .conflict(isSecret ? Self.contradiction(rule.others) : text))
                }
            }
        }
    }

    /// What is said where a credential takes part, whose values nobody may see.
    private static func contradiction(_ others: [String]) -> String {
        let with = others.isEmpty ? "" : " together with " + others.joined(separator: " and ")
        return "cannot be as it is\(with), expected values that agree; those of a credential are not shown"
    }
}
