import RecurrentModel

/// What people have ordered for one stream until they take it back: times that are left out, silence about its anomalies,
/// and rules for what is one.
///
/// Ordering something twice is the same as ordering it once, so that a replay may repeat it.
public struct StandingOrders: Sendable, Equatable {
    /// A range of time, in microseconds since 1970, in which the stream is scored, but neither learned from nor flagged; nor
    /// is the first point behind it.
    public struct Exclusion: Sendable, Hashable {
        public var since: Int64
        /// The first time behind it.
        public var until: Int64

        public init(since: Int64, until: Int64) { (self.since, self.until) = (since, until) }

        public func contains(_ time: Int64) -> Bool { since <= time && time < until }
    }

    /// Exclusions that are remembered; of more, the one goes that ends first.
    public static let mostExclusions = 64

    /// In the order of their beginnings.
    public private(set) var exclusions: [Exclusion] = []
    /// Anomalies that begin before this time are not told of.
    public private(set) var mutedUntil: Int64?
    /// The `startSequence` of an anomaly that is not told of.
    public private(set) var mutedAnomaly: Int64?
    /// One for each key at most, in the order of the keys. None of them takes one back.
    public private(set) var rules: [ScoreRule] = []

    public init() {}

    public var isEmpty: Bool { exclusions.isEmpty && mutedUntil == nil && mutedAnomaly == nil && rules.isEmpty }

    /// - Parameter open: `startSequence` of the anomaly that is open.
    public mutating func take(_ act: Feedback.Act, open: Int64?) {
        switch act {
        case .exclude(let range):
            if exclusions.contains(range) { return }
            exclusions.append(range)
            exclusions.sort { ($0.since, $0.until) < ($1.since, $1.until) }
            guard exclusions.count > Self.mostExclusions,
                let first = exclusions.indices.min(by: { exclusions[$0].until < exclusions[$1].until })
            else { return }
            exclusions.remove(at: first)
        case .include(let range): exclusions.removeAll { $0 == range }
        case .mute(let until): (mutedUntil, mutedAnomaly) = (until, open ?? mutedAnomaly)
        case .muteAnomaly(let start): mutedAnomaly = start
        case .unmute: (mutedUntil, mutedAnomaly) = (nil, nil)
        case .unmuteAnomaly(let start): if mutedAnomaly == start { mutedAnomaly = nil }
        case .rule(let rule):
            rules.removeAll { $0.key == rule.key }
            if rule.value != nil { rules.append(rule) }
            rules.sort { $0.place < $1.place }
        case .label, .freeze, .thaw: break
        }
    }

    // MARK: Exclusions

    func excludes(_ time: Int64) -> Bool { exclusions.contains { $0.contains(time) } }

    /// Whether any time between two points, the first of them not included, is excluded.
    func touches(after first: Int64, through last: Int64) -> Bool {
        exclusions.contains { $0.since <= last && $0.until > first }
    }

    /// The time after `time` at which a silence of that length has passed that nobody has excluded: one that meets an
    /// exclusion counts from its end. Nil if that is never.
    func end(ofSilence silence: Int64, after time: Int64) -> Int64? {
        var (end, overflow) = time.addingReportingOverflow(silence)
        for range in exclusions where range.until > time && range.since < end && !overflow {
            let (later, isLarger) = range.until.addingReportingOverflow(silence)
            (end, overflow) = (max(end, later), isLarger)
        }
        return overflow ? nil : end
    }

    // MARK: Silence

    /// An anomaly has opened.
    mutating func noteOpened(_ anomaly: Anomaly) {
        if let mutedUntil, anomaly.start < mutedUntil { mutedAnomaly = anomaly.startSequence }
    }

    /// A point has come: what was ordered until its time is over.
    mutating func pass(_ time: Int64) {
        if let mutedUntil, time >= mutedUntil { self.mutedUntil = nil }
    }

    // MARK: Rules

    /// Settings, with the rules in place of what is configured.
    func applied(to configured: ScoreSettings) -> ScoreSettings {
        var settings = configured
        for rule in rules {
            switch rule {
            case .minDeviation(let number): settings.minDeviation = number ?? configured.minDeviation
            case .minRelativeDeviation(let number):
                settings.minRelativeDeviation = number ?? configured.minRelativeDeviation
            case .direction(let direction): settings.direction = direction ?? configured.direction
            case .expectedRange(let range): settings.expectedRange = range ?? configured.expectedRange
            }
        }
        return settings
    }

    // MARK: State

    func encode(into writer: inout StateWriter) {
        writer.write(exclusions.flatMap { [$0.since, $0.until] })
        writer.write(mutedUntil ?? .min)
        writer.write(mutedAnomaly ?? -1)
        writer.write(Int64(rules.count))
        for rule in rules { writer.write(Array(rule.text.utf8)) }
    }

    mutating func decode(from reader: inout StateReader) throws {
        let times = try reader.readArray(of: Int64.self, atMost: 2 * Self.mostExclusions, field: "exclusions")
        guard times.count % 2 == 0 else {
            throw StateError.invalid(field: "exclusions", found: "\(times.count) times", expected: "an even number")
        }
        exclusions = stride(from: 0, to: times.count, by: 2).map { Exclusion(since: times[$0], until: times[$0 + 1]) }
        let until: Int64 = try reader.read()
        mutedUntil = until == .min ? nil : until
        let anomaly: Int64 = try reader.read()
        mutedAnomaly = anomaly == -1 ? nil : anomaly
        let count = try reader.readCount("rules")
        guard count <= Int64(ScoreRule.keys.count) else {
            throw StateError.invalid(
                field: "rules", found: "\(count)", expected: "at most \(ScoreRule.keys.count)")
        }
        rules = try (0..<count).map { _ in
            let text = String(
                decoding: try reader.readArray(of: UInt8.self, atMost: 200, field: "rule"), as: UTF8.self)
            guard let rule = ScoreRule(text) else {
                throw StateError.invalid(field: "rule", found: "\"\(text)\"", expected: "a known one")
            }
            return rule
        }
    }
}
