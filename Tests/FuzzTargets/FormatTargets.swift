import FeedProtocol

/// Each format by itself, so that the fuzzer learns its words: two bytes of circumstances (options, where the feed is
/// cut), then lines.
extension FuzzTarget {
    static let influx = format(.influx)
    static let json = format(.json)
    static let collectd = format(.collectd)
    static let prometheus = format(.prometheus)
    static let openmetrics = format(.openmetrics)

    /// And what its samples come to.
    static let statsd = format(.statsd) { calls throws(FuzzFinding) in
        // Little room, so that its limits are met, too.
        var aggregator = StatsDAggregator(mostMetrics: 4, mostHeld: 6)
        for (number, call) in calls.enumerated() {
            if case .sample(let name, let sample) = call {
                name.withUnsafeBytes { try? aggregator.add($0, sample) }
            }
            // Another one goes on, in the middle of an interval.
            if number % 3 == 2 { aggregator = StatsDAggregator(mostMetrics: 4, mostHeld: 6, state: aggregator.state) }
            if number % 5 == 4 { try flush(&aggregator) }
        }
        try flush(&aggregator)
        try flush(&aggregator)
    }

    private static func format(
        _ format: FeedFormat,
        then check: @escaping @Sendable ([CheckingSink.Call]) throws(FuzzFinding) -> Void = { _ throws(FuzzFinding) in }
    ) -> FuzzTarget {
        FuzzTarget(name: format.rawValue, longest: 1024) { bytes in
            guard bytes.count >= 2 else { return }
            let units: [FeedTimeUnit?] = [nil] + FeedTimeUnit.allCases
            let options = FeedOptions(
                timeUnit: units[Int(bytes[0] >> 1) % units.count], fields: bytes[0] & 1 == 0 ? .streams : .channels)
            try check(
                try Self.check(FeedDecoder(format: format, options: options), bytes[2...], end: 0, cut: bytes[1]))
        }
    }

    /// The points are such as a sink is promised, and can be written as plain lines.
    private static func flush(_ aggregator: inout StatsDAggregator) throws(FuzzFinding) {
        var sink = CheckingSink()
        var lines: [UInt8] = []
        var points: [CheckingSink.Call] = []
        aggregator.flush { name, value in
            lines += name
            lines += " \(value)\n".utf8
            points.append(.point(name: Array(name), values: [value.bitPattern], time: nil))
        }
        var decoder = FeedDecoder(format: .plain)
        lines.withUnsafeBytes { decoder.consume($0, into: &sink) }
        if let finding = sink.finding { throw finding }
        try expect(sink.calls == points, "points are the same after they were written: \(points); read \(sink.calls)")
    }
}
