/// A rule for what is an anomaly, which somebody sets for one stream while the daemon runs: it holds in place of the
/// configuration's until it is taken back.
public enum ScoreRule: Sendable, Equatable {
    /// As the `ScoreSettings` of these names. Nil: the configuration's holds again.
    case minDeviation(Double?)
    case minRelativeDeviation(Double?)
    case direction(DeviationDirection?)
    case expectedRange(ExpectedRange?)

    /// The names of all, as the configuration's keys have them behind "score.".
    public static let keys = ["min_deviation", "min_relative_deviation", "direction", "expected_range"]

    /// Its name among `keys`.
    public var key: String { Self.keys[place] }

    /// The place of its name among `keys`.
    var place: Int {
        switch self {
        case .minDeviation: 0
        case .minRelativeDeviation: 1
        case .direction: 2
        case .expectedRange: 3
        }
    }

    /// Its value as TOML; nil if it takes one back.
    public var value: String? {
        switch self {
        case .minDeviation(let number), .minRelativeDeviation(let number): number.map { "\($0)" }
        case .direction(let direction): direction.map { "\"\($0.rawValue)\"" }
        case .expectedRange(let range): range.map(\.text)
        }
    }

    /// Such as `direction = "above"`; the key alone if it takes one back.
    public var text: String { value.map { "\(key) = \($0)" } ?? key }

    /// The rule in such a text; nil if it is none. Spaces don't matter, nor do quotes.
    public init?(_ text: String) {
        let characters = text.filter { !" \t\"'".contains($0) }
        let parts = characters.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        self.init(key: String(parts[0]), value: parts.count > 1 ? String(parts[1]) : nil)
    }

    private init?(key: String, value: String?) {
        func number(through largest: Double) -> Double?? {
            guard let value else { return .some(nil) }
            guard let number = Double(value), (0...largest).contains(number) else { return nil }
            return number
        }
        switch key {
        case Self.keys[0]:
            guard let number = number(through: ScoreSettings.largestDeviation) else { return nil }
            self = .minDeviation(number)
        case Self.keys[1]:
            guard let number = number(through: ScoreSettings.largestRelativeDeviation) else { return nil }
            self = .minRelativeDeviation(number)
        case Self.keys[2]:
            let direction = value.flatMap { DeviationDirection(rawValue: $0) }
            if value != nil, direction == nil { return nil }
            self = .direction(direction)
        case Self.keys[3]:
            let range = value.flatMap { ExpectedRange($0) }
            if value != nil, range == nil { return nil }
            self = .expectedRange(range)
        default: return nil
        }
    }
}

/// In which direction a value must be off to be an anomaly.
public enum DeviationDirection: String, Sendable, CaseIterable {
    case both, above, below

    /// Whether something that is off by so much is off in this direction.
    func admits(_ deviation: Double) -> Bool {
        switch self {
        case .both: true
        case .above: deviation > 0
        case .below: deviation < 0
        }
    }
}

/// The values that a stream may have whatever its model thinks.
public struct ExpectedRange: Sendable, Equatable {
    public var low: Double
    public var high: Double

    /// Nil unless `low` is at most `high`. An infinite end is none.
    public init?(_ low: Double, _ high: Double) {
        guard low <= high else { return nil }
        (self.low, self.high) = (low, high)
    }

    /// The range in a text such as `[0.0, 100.0]`.
    init?(_ text: String) {
        let inner = text.filter { $0 != " " }
        guard inner.first == "[", inner.last == "]" else { return nil }
        let numbers = inner.dropFirst().dropLast().split(separator: ",", omittingEmptySubsequences: false)
            .map { Double($0) }
        guard numbers.count == 2, let low = numbers[0], let high = numbers[1] else { return nil }
        self.init(low, high)
    }

    /// As TOML writes it.
    public var text: String { "[\(low), \(high)]" }

    func contains(_ value: Double) -> Bool { value >= low && value <= high }
}
