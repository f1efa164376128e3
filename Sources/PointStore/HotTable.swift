import Synchronization

/// How much there is in the hot table, and when that is enough.
final class HotTable: Sendable {
    /// Rows from which on the table is sealed: looking one up stays quick, and each stream has had some points since.
    private static let rows = 50_000
    private static let rowsPerStream = 32
    /// Values from which on it is: some 30 MB.
    static let mostValues = 1_000_000
    /// With few slices, so many each: twice a 64th of it all, what the fullest of many has, is sealed in some 15 ms. But a
    /// twentieth in any case, for those who look at the newest points of a few streams.
    private static let slices = 64
    private static let leastShare = 20
    /// What one of them takes of the file, in bytes.
    private static let valueBytes: Int64 = 32

    private struct State {
        var slices = HotSlices()
        var peak = 0
        var generation = 0
    }

    private let state = Mutex(State())
    private let mostValues: Int

    init(mostValues: Int) { self.mostValues = mostValues }

    func set(_ slices: HotSlices) { state.withLock { $0.slices = slices } }

    /// The points of these streams, a slice or all, are sealed, or gone.
    func empty(_ streams: ClosedRange<Int32>) {
        state.withLock {
            $0.slices.empty(streams)
            $0.generation += 1
        }
    }

    /// Counts how often something of the table may have gone.
    var generation: Int { state.withLock { $0.generation } }

    func add(_ commit: HotSlices) {
        state.withLock {
            $0.slices.add(commit)
            $0.peak = max($0.peak, $0.slices.sum(\.values))
        }
    }

    var isEmpty: Bool { state.withLock { $0.slices.isEmpty } }

    /// What it needs of the file between two times that it is sealed, in bytes, as far as this process has seen.
    var peakBytes: Int64 { state.withLock { Int64($0.peak) * Self.valueBytes } }

    /// The streams whose points should be sealed; nil if there is room for more.
    var ripe: ClosedRange<Int32>? {
        state.withLock {
            let slices = $0.slices
            let enough = max(mostValues / Self.leastShare, slices.used * mostValues / Self.slices)
            if slices.sum(\.values) >= max(1, min(mostValues, enough)) { return slices.fullest(by: \.values) }
            let most = max(Self.rows, Self.rowsPerStream * slices.sum(\.streams))
            return slices.sum(\.rows) >= most ? slices.fullest(by: \.rows) : nil
        }
    }
}
