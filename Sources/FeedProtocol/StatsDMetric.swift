/// What is known of one StatsD metric in the interval that is going on.
struct StatsDMetric: Sendable, Equatable, Codable {
    enum Kind: String, Sendable, Codable {
        case counter, gauge, timer, set
    }

    /// Values of a timer that are kept for its percentile; of more, a random sample is.
    static let mostKept = 1000
    /// What a timer's names end in, before its tags.
    static let longestSuffix = 6

    let kind: Kind
    /// Of a counter the sum, of a gauge its value, of a timer the sum of its values.
    private(set) var sum = 0.0
    /// Events of a timer, those included that were not told of.
    private(set) var count = 0.0
    /// Events that were told of.
    private(set) var seen = 0
    private(set) var maximum = 0.0
    private(set) var kept: [Double] = []
    private(set) var members: Set<UInt64> = []
    /// Intervals without an event.
    private(set) var idle = 0
    private var random: UInt64

    init(_ kind: Kind, seed: UInt64) {
        self.kind = kind
        random = seed
    }

    /// Values and members that it holds.
    var held: Int { kept.count + members.count }

    /// - parameter hasRoom: whether one more value or member may be held.
    /// - throws: `FeedLineError` with the reason `value` if it can't be counted.
    mutating func add(_ sample: StatsDSample, hasRoom: Bool) throws(FeedLineError) {
        var new = self.sum
        switch sample.kind {
        case .count(let value): new += value / sample.rate
        case .gauge(let value): new = value
        case .change(let value): new += value
        case .timing(let value): new += value
        case .member(let hash):
            guard hasRoom || members.contains(hash) else {
                throw FeedLineError(.value, "expected fewer different members and times in one interval")
            }
            members.insert(hash)
        }
        let weight = 1 / sample.rate
        guard new.isFinite, (count + weight).isFinite else {
            throw FeedLineError(.value, "expected a value that the sum has room for")
        }
        sum = new
        count += weight
        seen += 1
        guard case .timing(let value) = sample.kind else { return }
        maximum = seen == 1 ? value : max(maximum, value)
        keep(value, hasRoom: hasRoom)
    }

    /// Algorithm R: each of the values so far is kept with the same probability.
    private mutating func keep(_ value: Double, hasRoom: Bool) {
        if hasRoom, kept.count < Self.mostKept, kept.count == seen - 1 { return kept.append(value) }
        random &+= 0x9E37_79B9_7F4A_7C15
        var mixed = random
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        let place = Int((mixed ^ mixed >> 31).multipliedFullWidth(by: UInt64(seen)).high)
        if place < kept.count { kept[place] = value }
    }

    /// Ends the interval.
    ///
    /// - parameter emit: gets each value that it comes to, with what is appended to the name.
    mutating func flush(_ emit: (_ suffix: StaticString, _ value: Double) -> Void) {
        switch kind {
        case .counter: emit("", sum)
        case .gauge: if seen > 0 { emit("", sum) }
        case .set: emit("", Double(members.count))
        case .timer:
            emit(".count", count)
            if seen > 0 {
                emit(".mean", sum / Double(seen))
                if !kept.isEmpty { emit(".p95", percentile) }
                emit(".max", maximum)
            }
        }
        idle = seen > 0 ? 0 : idle + 1
        if kind != .gauge { sum = 0 }
        count = 0
        seen = 0
        maximum = 0
        kept = []
        members = []
    }

    /// The smallest value that at least 95 of 100 are not above.
    private var percentile: Double {
        kept.sorted()[(kept.count * 95 + 99) / 100 - 1]
    }
}
