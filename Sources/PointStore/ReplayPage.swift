import AnomalyDetection
import CPoints
import GRDB

/// Some consecutive points of one stream, in the order of their sequence numbers.
struct ReplayPage {
    /// Values in a page, unless a single point, or row of packed ones, has more.
    private static let values = 4096

    private let stream: Int32
    private let channels: Int
    private let parts: StoreSchema.Parts
    private var points: [(sequence: Int64, time: Int64, flags: PointFlags)] = []
    /// The values of all points, `channels` for each.
    private var values: [Double] = []
    /// Whether no more points come that have rows of their own: all others are after those.
    private var isBehindRows = false

    var isEmpty: Bool { points.isEmpty }
    /// Whether damage lies behind the last point.
    private(set) var endsAtDamage = false

    /// The first page after a sequence number.
    init(_ database: Database, of stream: Int32, after sequence: Int64, parts: StoreSchema.Parts) throws {
        self.stream = stream
        self.parts = parts
        channels = try ReplayPage.channels(database, of: stream)
        try loadRows(database, after: try timeOfRow(database, upTo: sequence))
        guard isBehindRows, !endsAtDamage, parts.contains(.packed) else { return }
        if let last = points.last {
            try loadPacked(database, after: last.time)
        } else {
            do {
                try PackedQueries.forEach(database, of: stream, channels: channels, after: sequence) {
                    append($0, from: Int(max(0, sequence + 1 - $0.firstSequence)))
                    return !isFull
                }
            } catch let error as DatabaseError {
                try keepWhatIsGood(before: error)
            }
        }
    }

    /// The page after this one.
    func next(_ database: Database) throws -> ReplayPage {
        var page = self
        page.endsAtDamage = false
        page.points.removeAll(keepingCapacity: true)
        page.values.removeAll(keepingCapacity: true)
        guard let last = points.last else { return page }
        if !isBehindRows { try page.loadRows(database, after: last.time) }
        if page.isBehindRows, !page.endsAtDamage, parts.contains(.packed) {
            try page.loadPacked(database, after: page.points.last?.time ?? last.time)
        }
        return page
    }

    func forEach(_ body: (Int64, Int64, [Double], PointFlags) throws -> Void) rethrows {
        for (index, point) in points.enumerated() {
            let start = index * channels
            try body(point.sequence, point.time, Array(values[start..<start + channels]), point.flags)
        }
    }

    private var isFull: Bool { values.count >= ReplayPage.values }

    private mutating func loadPacked(_ database: Database, after time: Int64) throws {
        if isFull || time == .max { return }
        do {
            try PackedQueries.forEach(database, of: stream, channels: channels, times: (time + 1)...Int64.max) {
                append($0, from: $0.firstIndex(notBefore: time + 1))
                return !isFull
            }
        } catch let error as DatabaseError {
            try keepWhatIsGood(before: error)
        }
    }

    private mutating func append(_ packed: PackedPoints, from first: Int) {
        for index in min(first, packed.count)..<packed.count {
            points.append((packed.firstSequence + Int64(index), packed.time(at: index), packed.flags(at: index)))
            for channel in packed.channels { values.append(channel[index].value) }
        }
    }

    /// What lies before damage is good. The page after this one begins with the error.
    private mutating func keepWhatIsGood(before error: DatabaseError) throws {
        guard !points.isEmpty else { throw error }
        endsAtDamage = true
    }

    // MARK: Points with rows of their own

    /// The time of the last point up to `sequence` that has a row.
    private func timeOfRow(_ database: Database, upTo sequence: Int64) throws -> Int64 {
        // The key is by time, and times grow with the sequence. Late points, whose sequence is 0, may lie anywhere.
        let statement = try database.cachedStatement(
            sql: """
                SELECT time FROM \(parts.rowTable) WHERE stream_id = ?1 AND sequence BETWEEN 1 AND ?2
                ORDER BY time DESC LIMIT 1
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
        return time
    }

    private mutating func loadRows(_ database: Database, after time: Int64) throws {
        let statement = try database.cachedStatement(
            sql: """
                SELECT sequence, time, channel, value, flags FROM \(parts.rowTable)
                WHERE stream_id = ?1 AND time > ?2 AND sequence > 0 ORDER BY time, channel LIMIT ?3
                """)
        let limit = max(1, ReplayPage.values / channels) * channels
        statement.bind(stream, at: 1)
        statement.bind(time, at: 2)
        statement.bind(Int64(limit), at: 3)
        var seen = 0
        do {
            try statement.forEachRow { row in
                seen += 1
                let channel = Int(row.int64(2))
                if channel == 0 {
                    let flags = PointFlags(rawValue: UInt16(truncatingIfNeeded: row.int64(4)))
                    points.append((row.int64(0), row.int64(1), flags))
                    values.append(contentsOf: repeatElement(.nan, count: channels))
                }
                if channel < channels, !points.isEmpty { values[values.count - channels + channel] = row.double(3) }
                return true
            }
            isBehindRows = seen < limit
        } catch let error as DatabaseError {
            // But for the last point, which may lack channels.
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
