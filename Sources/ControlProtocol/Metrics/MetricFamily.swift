/// One metric with its values, as the daemon sends it.
public struct MetricFamily: Sendable, Equatable, Codable {
    /// What its values are, by OpenMetrics' names.
    public enum Kind: String, Sendable, Codable {
        case counter, gauge, histogram, info
    }

    /// One line of the exposition.
    public struct Sample: Sendable, Equatable, Codable {
        /// What follows the name of the family, such as `_total`, `_bucket`, `_sum`; empty for gauges.
        public var suffix: String
        /// In the order in which they are printed.
        public var labels: [Label]
        /// Finite.
        public var value: Double

        public init(suffix: String = "", labels: [Label] = [], value: Double) {
            self.suffix = suffix
            self.labels = labels
            self.value = value
        }
    }

    public struct Label: Sendable, Equatable, Codable {
        public var name: String
        public var value: String

        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// Without the suffixes of its samples.
    public var name: String
    public var kind: Kind
    /// Base unit, with which the name ends; empty if it has none.
    public var unit: String
    /// A sentence without its full stop.
    public var help: String
    public var samples: [Sample]

    public init(_ metric: Metric, samples: [Sample]) {
        let definition = metric.definition
        name = metric.rawValue
        kind = definition.kind
        unit = definition.unit
        help = definition.help
        self.samples = samples
    }
}

/// The daemon's answer to a request for its metrics.
public struct MetricsReply: Sendable, Equatable, Codable {
    /// In the order of ``Metric``.
    public var families: [MetricFamily]

    public init(families: [MetricFamily]) { self.families = families }
}
