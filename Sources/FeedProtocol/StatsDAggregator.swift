/// Gathers the samples of StatsD clients into points, one or a few for each metric and interval. It knows no clock:
/// whoever has one ends the intervals.
///
/// | metric | points, at the end of an interval |
/// |---|---|
/// | counter | the sum, each sample divided by its rate; 0 in an interval without samples |
/// | gauge | its last value; none in an interval without samples, but changes go on from the value |
/// | timer | `.count` as a counter's, and `.mean`, `.p95` and `.max` if there was a sample |
/// | set | how many different members; 0 in an interval without samples |
///
/// A metric is forgotten after `patience` intervals without a sample. What is held is bounded: names by
/// `mostMetrics`, and values of timers and members of sets, all together, by `mostHeld`.
public struct StatsDAggregator: Sendable {
    /// What it would take to go on elsewhere, as at the start of a new process.
    public struct State: Sendable, Equatable, Codable {
        struct Entry: Sendable, Equatable, Codable {
            var name: String
            var metric: StatsDMetric
        }

        var entries: [Entry] = []

        public init() {}
    }

    /// Intervals without a sample after which a metric is forgotten.
    public static let patience = 360

    private let mostMetrics: Int
    private let mostHeld: Int
    private var metrics: [StatsDMetric] = []
    /// Names of all metrics, one behind the other, and where each ends.
    private var names: [UInt8] = []
    private var ends: [Int] = []
    /// Open-addressed: numbers of metrics, or −1. Its length is a power of two, more than twice the metrics.
    private var slots: [Int32] = Array(repeating: -1, count: 64)
    private var held = 0
    /// Samples in the interval that is going on.
    public private(set) var samples = 0
    private var name: [UInt8] = []

    /// - parameters:
    ///   - mostMetrics: metrics that are known at once.
    ///   - mostHeld: values of timers and members of sets that are held at once, 8 bytes each.
    ///   - state: of the aggregator that this one goes on for.
    public init(mostMetrics: Int = 50_000, mostHeld: Int = 1 << 20, state: State = State()) {
        self.mostMetrics = mostMetrics
        self.mostHeld = mostHeld
        for entry in state.entries.prefix(mostMetrics) {
            Array(entry.name.utf8).withUnsafeBytes { append($0, entry.metric) }
            held += entry.metric.held
            samples += entry.metric.seen
        }
    }

    public var state: State {
        var state = State()
        for index in metrics.indices {
            state.entries.append(
                State.Entry(name: String(decoding: names[range(index)], as: UTF8.self), metric: metrics[index]))
        }
        return state
    }

    /// Metrics that are known.
    public var count: Int { metrics.count }

    /// Adds a sample.
    ///
    /// - parameter name: NAME as `StreamName.check` accepts it.
    /// - throws: `FeedLineError` with the reason `maxStreams`, `name`, `fields` or `value`; nothing is counted then.
    public mutating func add(_ name: UnsafeRawBufferPointer, _ sample: StatsDSample) throws(FeedLineError) {
        let kind: StatsDMetric.Kind =
            switch sample.kind {
            case .count: .counter
            case .gauge, .change: .gauge
            case .timing: .timer
            case .member: .set
            }
        let index: Int
        if let known = find(name) { index = known } else { index = try found(name, kind) }
        guard metrics[index].kind == kind else {
            throw FeedLineError(
                .fields, "expected a sample of a \(metrics[index].kind.rawValue), as this metric's first")
        }
        let before = metrics[index].held
        try metrics[index].add(sample, hasRoom: held < mostHeld)
        held += metrics[index].held - before
        samples += 1
    }

    /// Ends the interval.
    ///
    /// - parameter emit: gets the points, in an order that depends on the samples alone: NAME, valid during the call,
    ///   and a finite value, never −0.0.
    public mutating func flush(_ emit: (_ name: UnsafeRawBufferPointer, _ value: Double) -> Void) {
        for index in metrics.indices {
            let range = range(index)
            let (name, names) = (self.name, self.names)
            var whole = name
            metrics[index].flush { suffix, value in
                Self.compose(names[range], suffix, into: &whole)
                whole.withUnsafeBytes { emit($0, value + 0.0) }
            }
            self.name = whole
        }
        held = 0
        samples = 0
        if metrics.contains(where: { $0.idle >= Self.patience }) { forget() }
    }

    /// Puts a suffix before the tags of a name.
    private static func compose(_ name: ArraySlice<UInt8>, _ suffix: StaticString, into whole: inout [UInt8]) {
        let tags = name.firstIndex(of: UInt8(ascii: ";")) ?? name.endIndex
        whole.removeAll(keepingCapacity: true)
        whole += name[..<tags]
        whole += UnsafeBufferPointer(start: suffix.utf8Start, count: suffix.utf8CodeUnitCount)
        whole += name[tags...]
    }

    private mutating func forget() {
        let old = self
        (metrics, names, ends) = ([], [], [])
        slots = Array(repeating: -1, count: 64)
        for index in old.metrics.indices where old.metrics[index].idle < Self.patience {
            old.names[old.range(index)].withUnsafeBytes { append($0, old.metrics[index]) }
        }
    }

    // MARK: Names

    private func range(_ index: Int) -> Range<Int> { (index == 0 ? 0 : ends[index - 1])..<ends[index] }

    private func find(_ name: UnsafeRawBufferPointer) -> Int? {
        var slot = Int(truncatingIfNeeded: Self.hash(name)) & (slots.count - 1)
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            if names[range(index)].elementsEqual(name) { return index }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// Makes a new metric.
    private mutating func found(
        _ name: UnsafeRawBufferPointer, _ kind: StatsDMetric.Kind
    ) throws(FeedLineError) -> Int {
        guard metrics.count < mostMetrics else {
            throw FeedLineError(
                .maxStreams, "expected one of the \(metrics.count) metrics that there are (daemon.max_streams)")
        }
        let longest = StreamName.maximumLength - (kind == .timer ? StatsDMetric.longestSuffix : 0)
        guard name.count <= longest else {
            throw FeedLineError(
                .name, "expected a name of at most \(longest) bytes with its tags, for what is appended")
        }
        append(name, StatsDMetric(kind, seed: Self.hash(name)))
        return metrics.count - 1
    }

    private mutating func append(_ name: UnsafeRawBufferPointer, _ metric: StatsDMetric) {
        metrics.append(metric)
        names += name
        ends.append(names.count)
        if metrics.count * 2 < slots.count { return enter(metrics.count - 1) }
        slots = Array(repeating: -1, count: slots.count * 2)
        for index in metrics.indices { enter(index) }
    }

    private mutating func enter(_ index: Int) {
        var slot = names[range(index)].withUnsafeBytes { Int(truncatingIfNeeded: Self.hash($0)) } & (slots.count - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Int32(index)
    }

    /// FNV-1a, mixed at the end: the same in every process.
    private static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return hash ^ hash >> 32
    }
}
