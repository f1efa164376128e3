import AnomalyDetection
import CPoints
import GRDB

/// What a page of points is made of: one stream's points in a range of time. Pages hold whole points.
struct PageRequest {
    var stream: Int32
    var channels: Int
    /// Both inclusive; nothing if `from` is after `to`.
    var from: Int64
    var to: Int64
    var order: TimeOrder
    /// Points that are looked at, so that a rare match does not make one read long; at least 1.
    var points: Int
    /// Which of them are handed out, by their flags and score.
    var isWanted: (PointFlags, Double) -> Bool

    /// Leaves out what lies behind the point of this time, in the order of the request.
    mutating func end(at time: Int64) {
        if order == .oldestFirst { to = min(to, time) } else { from = max(from, time) }
    }

    /// Leaves out the point of this time and all before it, in the order of the request.
    mutating func goOn(behind time: Int64) {
        let last = order == .oldestFirst ? to : from
        if time == last { (from, to) = (1, 0) } else if order == .oldestFirst { from = time + 1 } else { to = time - 1 }
    }
}

/// The wanted points of a page, in the order of the request.
struct PointPage {
    var points: [StoredPoint] = []
    /// Time of the last point that was looked at; nil if none lies behind it.
    var end: Int64?

    /// Reads a page of all tiers.
    init(_ database: Database, _ request: PageRequest, parts: StoreSchema.Parts) throws {
        guard parts.contains(.packed) else {
            self = try PointPage(rows: database, request, table: parts.rowTable)
            return
        }
        // Rows of an older version come before all others: they are read first where they are the first, so that little is
        // read for nothing. (Late points, which have rows as well, are few.)
        let rowsFirst = request.order == .oldestFirst
        func page(_ request: PageRequest, rows: Bool) throws -> PointPage {
            rows
                ? try PointPage(rows: database, request, table: parts.rowTable)
                : try PointPage(packed: database, request)
        }
        self = try page(request, rows: rowsFirst)
        var narrowed = request
        if let end { narrowed.end(at: end) }
        let other = try page(narrowed, rows: !rowsFirst)
        if let last = other.end {
            let isBehind = { (point: StoredPoint) in rowsFirst ? point.time > last : point.time < last }
            points.removeAll(where: isBehind)
            end = last
        }
        if points.isEmpty {
            points = other.points
        } else if !other.points.isEmpty {
            points = Self.merged(points, other.points) { rowsFirst ? $0.time < $1.time : $0.time > $1.time }
        }
    }

    private init(packed database: Database, _ request: PageRequest) throws {
        if request.from > request.to { return }
        let isForward = request.order == .oldestFirst
        var left = request.points
        try PackedQueries.forEach(
            database, of: request.stream, channels: request.channels, times: request.from...request.to,
            order: request.order
        ) { packed in
            let first = packed.firstIndex(notBefore: request.from)
            let last = request.to == .max ? packed.count : packed.firstIndex(notBefore: request.to + 1)
            let taken = max(0, min(left, last - first))
            for offset in 0..<taken {
                let index = isForward ? first + offset : last - 1 - offset
                if request.isWanted(packed.flags(at: index), packed.channels[0][index].score) {
                    points.append(packed.point(at: index, of: request.stream))
                }
            }
            left -= taken
            if left == 0 { end = packed.time(at: isForward ? first + taken - 1 : last - taken) }
            return left > 0
        }
    }

    private init(rows database: Database, _ request: PageRequest, table: String) throws {
        if request.from > request.to { return }
        let direction = request.order == .oldestFirst ? "ASC" : "DESC"
        let statement = try database.cachedStatement(
            sql: """
                SELECT time, flags, score, sequence, value, prediction, lower, upper, residual FROM \(table)
                WHERE stream_id = ?1 AND time BETWEEN ?2 AND ?3
                ORDER BY time \(direction), channel \(direction) LIMIT ?4
                """)
        let limit = request.points * request.channels
        statement.bind(request.stream, at: 1)
        statement.bind(request.from, at: 2)
        statement.bind(request.to, at: 3)
        statement.bind(Int64(limit), at: 4)
        var seen = 0
        var last: Int64?
        var isWanted = false
        try statement.forEachRow { row in
            seen += 1
            let time = row.int64(0)
            if time != last {
                last = time
                let flags = PointFlags(rawValue: UInt16(truncatingIfNeeded: row.int64(1)))
                isWanted = request.isWanted(flags, row.double(2))
                if isWanted {
                    points.append(
                        StoredPoint(
                            stream: request.stream, sequence: row.int64(3), time: time, score: row.double(2),
                            flags: flags, channels: []))
                }
            }
            if isWanted {
                points[points.count - 1].channels.append(
                    ChannelVerdict(
                        value: row.double(4), prediction: row.double(5), lower: row.double(6), upper: row.double(7),
                        residual: row.double(8)))
            }
            return true
        }
        // Backwards, the rows of a point come with the last channel first.
        if request.order == .newestFirst, request.channels > 1 {
            for index in points.indices { points[index].channels.reverse() }
        }
        if seen == limit { end = last }
    }

    private static func merged(
        _ one: [StoredPoint], _ other: [StoredPoint], by isBefore: (StoredPoint, StoredPoint) -> Bool
    ) -> [StoredPoint] {
        var merged: [StoredPoint] = []
        merged.reserveCapacity(one.count + other.count)
        var (i, j) = (0, 0)
        while i < one.count || j < other.count {
            if j == other.count || i < one.count && isBefore(one[i], other[j]) {
                merged.append(one[i])
                i += 1
            } else {
                merged.append(other[j])
                j += 1
            }
        }
        return merged
    }
}
