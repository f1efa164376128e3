public import PointStore

extension Retention {
    /// What the configuration says.
    public init(_ configuration: DaemonConfiguration) {
        let common = Ages(configuration.defaults.retention)
        // Streams with ways of their own are found by their names, which takes a while.
        let isCommon = configuration.streams.isEmpty
        self.init(
            shortest: Ages(configuration.shortestRetention), maxBytes: configuration.retention.maxSize,
            ages: { isCommon ? common : Ages(configuration.settings(forStream: $0).retention) })
    }
}

extension Retention.Ages {
    fileprivate init(_ settings: StreamRetention) {
        self.init(
            raw: settings.raw, fiveMinutes: settings.rollup5m, oneHour: settings.rollup1h,
            anomalies: settings.anomalies)
    }
}
