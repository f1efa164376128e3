package import AnomalyDetection

extension AnomalyKind {
    /// What the kind means, to go on a sentence with.
    package var meaning: String {
        switch self {
        case .spike: "a value that the last ones did not announce"
        case .offSeason: "a value that this time of earlier days, or seasons, did not have"
        case .outOfRange: "a value outside all that was seen before"
        case .levelShift: "values that have been off to one side for some time"
        case .variance: "values that scatter more, or less, than they did"
        case .flatLine: "the same value again and again"
        case .gap: "nothing came for long"
        case .drift: "a level that creeps away"
        case .limit: "a value outside the range that was set for the stream"
        }
    }

    /// One line for each kind, for the help of a command.
    package static var explanation: String {
        let width = allCases.map(\.rawValue.utf8.count).max() ?? 0
        return allCases.map { kind in
            let padding = String(repeating: " ", count: width - kind.rawValue.utf8.count + 2)
            return kind.rawValue + padding + kind.meaning
        }.joined(separator: "\n  ")
    }

    /// The evidence that the name of the kind already tells of.
    fileprivate var evidence: PointFlags {
        switch self {
        case .spike: .unpredicted
        case .offSeason: .offSeason
        case .outOfRange: .outOfRange
        case .levelShift: .lasting
        case .variance: [.variance, .lasting]
        case .flatLine: .flatLine
        case .gap: .gap
        case .drift: .drift
        case .limit: .outOfLimits
        }
    }
}

extension PointFlags {
    /// What speaks for an anomaly beyond its kind, in words.
    package func evidence(beside kind: AnomalyKind?) -> [String] {
        let told = kind?.evidence ?? []
        let words: [(PointFlags, String)] = [
            (.unpredicted, "the network expected something else"),
            (.offSeason, "earlier seasons had nothing like it at this time"),
            (.outOfRange, "outside all that was seen before"),
            (.lasting, "it has been like that for some points"),
            (.flatLine, "the same value for longer than ever"),
            (.gap, "nothing came before it for longer than ever"),
            (.variance, "scattered more, or less, than before"),
            (.drift, "the level has crept away"),
            (.outOfLimits, "outside the range that was set for the stream"),
        ]
        return words.filter { contains($0.0) && !told.contains($0.0) }.map(\.1)
    }
}
