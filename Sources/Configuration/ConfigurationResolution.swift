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

        // Path of a key → who set it last.
        var origins: [String: String] = [:]
        for layer in layers {
            for assignment in layer.assignments {
                assignment.key.set(assignment.value, in: &self)
                origins[assignment.key.path] = assignment.source
            }
        }
        setStreams(layers.flatMap { $0.sections.map(\.section) })
        let contradictions = daemonContradictions(origins) + sectionContradictions(layers.flatMap(\.sections))
        guard contradictions.isEmpty else { throw ConfigurationError(problems: contradictions) }
    }

    private func daemonContradictions(_ origins: [String: String]) -> [ConfigurationProblem] {
        let daemon = DaemonRule.all.map { (key: $0.key, others: $0.others, text: $0.problem(self)) }
        let stream = StreamRule.all.map { (key: $0.key, others: $0.others, text: $0.problem(defaults)) }
        return (daemon + stream).compactMap { rule in
            rule.text.map { text in
                let source = origins[rule.key] ?? rule.others.lazy.compactMap { origins[$0] }.first ?? "defaults"
                return ConfigurationProblem(source: source, key: rule.key, reason: .conflict(text))
            }
        }
    }

    /// Tries out each section on a stream that it matches, together with the other sections that match it.
    private func sectionContradictions(_ sections: [ConfigurationLayer.Section]) -> [ConfigurationProblem] {
        sections.flatMap { section -> [ConfigurationProblem] in
            let rules = StreamRule.all.filter { $0.concerns(section.section.overrides.keys) }
            guard !rules.isEmpty, let name = section.section.match.example else { return [] }
            var settings = defaults
            for other in streams where other.match.matches(name) { other.apply(to: &settings) }
            return rules.compactMap { rule in
                rule.problem(settings).map { text in
                    ConfigurationProblem(
                        source: section.source, key: "\(section.label): \(rule.key)", reason: .conflict(text))
                }
            }
        }
    }
}
