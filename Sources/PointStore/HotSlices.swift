import GRDB

/// How much of the hot table each slice of the streams has. What is sealed at once is one slice, all points of it: little
/// enough that nobody waits for it, and still many points of each of its streams.
///
/// A slice is as many streams with neighbouring ids, whose rows lie side by side in the index and in each commit.
struct HotSlices: Sendable {
    struct Slice: Sendable {
        var rows = 0
        /// Values that this process has added: one for each channel of a point.
        var values = 0
        /// Streams with a row of their own in one commit, as far as it has had points since it was sealed.
        var streams = 0
        /// Whether it ever had points.
        var isUsed = false
    }

    private static let most = 128
    /// As a power of two: with fewer streams in each, there would be more slices than are worth it.
    private static let leastWidth = 4

    static let allStreams = Int32.min...Int32.max

    private var slices = [Slice](repeating: Slice(), count: most)
    private var width = leastWidth

    init() {}

    /// Rows alone, which SQLite counts in the index: the table itself may be large, and opening must be quick.
    init(of database: Database) throws {
        let streams = try database.cachedStatement(sql: "SELECT stream_id, count(*) FROM hot GROUP BY stream_id")
        try streams.forEachRow { row in
            add(rows: Int(row.int64(1)), values: 0, of: row.int32(0))
            return true
        }
    }

    var isEmpty: Bool { slices.allSatisfy { $0.rows == 0 } }

    /// Of all slices.
    func sum(_ size: KeyPath<Slice, Int>) -> Int { slices.reduce(0) { $0 + $1[keyPath: size] } }

    /// Slices that ever had points.
    var used: Int { slices.count { $0.isUsed } }

    mutating func add(rows: Int, values: Int, of stream: Int32) {
        // Ids begin with 1; a damaged file may have any.
        let stream = Int(max(0, stream))
        while stream >> width >= Self.most { widen() }
        slices[stream >> width].add(Slice(rows: rows, values: values, isUsed: true))
    }

    /// What a commit has added.
    mutating func add(_ commit: HotSlices) {
        var commit = commit
        while commit.width < width { commit.widen() }
        while width < commit.width { widen() }
        for index in slices.indices {
            let new = commit.slices[index]
            slices[index].add(new)
            // Of streams that are few, each may have many rows in it.
            slices[index].streams = max(slices[index].streams, min(new.rows, new.values))
        }
    }

    /// The streams of the slice that has the most values, or the most rows; all if no other has any.
    func fullest(by size: KeyPath<Slice, Int>) -> ClosedRange<Int32> {
        let index = slices.indices.max { slices[$0][keyPath: size] < slices[$1][keyPath: size] } ?? 0
        if slices[index].rows == sum(\.rows) { return Self.allStreams }
        let first = index << width
        return (index == 0 ? .min : Int32(clamping: first))...Int32(clamping: first + 1 << width - 1)
    }

    /// These streams, those of a slice or all, have no points in it any more.
    mutating func empty(_ streams: ClosedRange<Int32>) {
        for index in slices.indices {
            guard streams == Self.allStreams || index == Int(max(0, streams.lowerBound)) >> width else { continue }
            slices[index] = Slice(isUsed: slices[index].isUsed)
        }
    }

    /// Twice as many streams in each.
    private mutating func widen() {
        width += 1
        for index in slices.indices {
            var both = Slice()
            for half in [2 * index, 2 * index + 1] where half < Self.most { both.add(slices[half]) }
            slices[index] = both
        }
    }
}

extension HotSlices.Slice {
    mutating func add(_ other: Self) {
        rows += other.rows
        values += other.values
        streams += other.streams
        isUsed = isUsed || other.isUsed
    }
}
