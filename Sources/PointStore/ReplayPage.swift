import AnomalyDetection
import GRDB

/// Some consecutive points of one stream, in the order of their sequence numbers.
struct ReplayPage {
    /// Rows in a page, unless a single point has more channels.
    private static let rows = 4096

    private let stream: Int32
    private let channels: Int
    private var points: [(sequence: Int64, time: Int64, flags: PointFlags)] = []
    /// The values of all points, `channels` for each.
    private var values: [Double] = []

    var isEmpty: Bool { points.isEmpty }
    /// Whether damage lies behind the last point.
    private(set) var endsAtDamage = false

    /// The first page after a sequence number.
    init(_ database: Database, of stream: Int32, after sequence: Int64) throws {
        self.stream = stream
        channels = try ReplayPage.channels(database, of: stream)
        // The key is by time, and times grow with the sequence: go back from the end to the last point that is not
        // wanted. Restarts replay the newest points only, so that this is short. Late points, whose sequence is 0, may
        // lie anywhere.
        let statement = try database.cachedStatement(
            sql: """
                SELECT time FROM point WHERE stream_id = ?1 AND sequence BETWEEN 1 AND ?2 ORDER BY time DESC LIMIT 1
                """)
        statement.bind(stream, at: 1)
        statement.bind(sequence, at: 2)
        var time = Int64.min
        if sequence > 0 {
            try statement.forEachRow {
                time = $0.int64(0)
                return false
            }
        }
        try load(database, after: time)
    }

    /// The page after this one.
    func next(_ database: Database) throws -> ReplayPage {
        var page = self
        page.endsAtDamage = false
        page.points.removeAll(keepingCapacity: true)
        page.values.removeAll(keepingCapacity: true)
        if let last = points.last { try page.load(database, after: last.time) }
        return page
    }

    func forEach(_ body: (Int64, Int64, [Double], PointFlags) throws -> Void) rethrows {
        for (index, point) in points.enumerated() {
            let start = index * channels
            try body(point.sequence, point.time, Array(values[start..<start + channels]), point.flags)
        }
    }

    private mutating func load(_ database: Database, after time: Int64) throws {
        let statement = try database.cachedStatement(
            sql: """
                SELECT sequence, time, channel, value, flags FROM point
                WHERE stream_id = ?1 AND time > ?2 AND sequence > 0 ORDER BY time, channel LIMIT ?3
                """)
        statement.bind(stream, at: 1)
        statement.bind(time, at: 2)
        statement.bind(Int64(max(1, ReplayPage.rows / channels) * channels), at: 3)
        do {
            try statement.forEachRow { row in
                let channel = Int(row.int64(2))
                if channel == 0 {
                    let flags = PointFlags(rawValue: UInt16(truncatingIfNeeded: row.int64(4)))
                    points.append((row.int64(0), row.int64(1), flags))
                    values.append(contentsOf: repeatElement(.nan, count: channels))
                }
                if channel < channels, !points.isEmpty { values[values.count - channels + channel] = row.double(3) }
                return true
            }
        } catch let error as DatabaseError {
            // What lies before the damage is good, but for the last point, which may lack channels. The page after this
            // one begins with it, and so with the error.
            guard points.count > 1 else { throw error }
            endsAtDamage = true
            points.removeLast()
            values.removeLast(channels)
        }
    }

    private static func channels(_ database: Database, of stream: Int32) throws -> Int {
        let statement = try database.cachedStatement(sql: "SELECT channels FROM stream WHERE id = ?1")
        statement.bind(stream, at: 1)
        var channels = 1
        try statement.forEachRow {
            channels = max(1, Int($0.int64(0)))
            return false
        }
        return channels
    }
}
