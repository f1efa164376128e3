import AnomalyDetection
import CPoints
import GRDB

/// Mends one stream of a salvaged database; see ``SalvageRepair``.
struct StreamRepair {
    let database: Database
    let stream: StreamRecord

    /// The points in the order of time: when, and with which number.
    private var times: [Int64] = []
    private var sequences: [Int64] = []
    /// Points, by their place, whose channels bear different numbers.
    private var divided: Set<Int> = []
    /// Points without all of their channels.
    private var incomplete: [Int64] = []

    init(database: Database, stream: StreamRecord) {
        self.database = database
        self.stream = stream
    }

    mutating func run(_ report: inout SalvageReport) throws {
        try unpack()
        try read()
        try complete()
        let slots = try CheckpointQueries.slots(database, of: stream.id, before: .max)
        let (numbers, covered) = numbered(after: slots.first?.sequence)
        if slots.count == 2, let newest = slots.first {
            // From the older one, replay must come to the newer one.
            let between = sequences.count { $0 > slots[1].sequence && $0 <= newest.sequence }
            if Int64(between) != newest.sequence - slots[1].sequence { try forget(slots[1]) }
        }
        if covered == nil { for slot in slots { try forget(slot) } }
        let missing = missingPoints(newest: slots.first?.sequence)
        if missing > 0 || !incomplete.isEmpty {
            report.losses.append(
                SalvageReport.Loss(stream: stream.name, points: missing, incompletePoints: Int64(incomplete.count)))
        }
        report.points += Int64(times.count)
        try renumber(numbers)
        try mendRollups(numbers)
        try moveEvents(numbers)
        try moveFeedback(numbers)
        try mendAnomalies(&report)
    }

    /// Points become rows, as they are mended one by one; the daemon seals them again. An older copy of a chunk may hold
    /// points that a newer one holds, too.
    private func unpack() throws {
        let insert = try database.cachedStatement(
            sql: """
                INSERT OR IGNORE INTO point_row (stream_id, time, channel, sequence, value, prediction, lower, upper,
                    residual, score, flags)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
                """)
        for tier in PackedQueries.Tier.allCases {
            let rows = try database.cachedStatement(
                sql: """
                    SELECT \(tier.columns), channel
                    FROM \(tier.rawValue) WHERE stream_id = ?1
                    """)
            rows.bind(stream.id, at: 1)
            try rows.forEachRow { row in
                for (offset, point) in try PackedQueries.points(in: row, tier, of: stream.id).enumerated() {
                    insert.bind(stream.id, at: 1)
                    insert.bind(point.time, at: 2)
                    insert.bind(row.int64(5), at: 3)
                    insert.bind(row.int64(1) + Int64(offset), at: 4)
                    for (index, number) in [
                        point.value, point.prediction, point.lower, point.upper, point.residual, point.score,
                    ].enumerated() {
                        insert.bind(number, at: Int32(5 + index))
                    }
                    insert.bind(Int64(point.flags), at: 11)
                    try insert.run()
                }
                return true
            }
            try database.execute(sql: "DELETE FROM \(tier.rawValue) WHERE stream_id = ?", arguments: [stream.id])
        }
    }

    private mutating func read() throws {
        // Channels that a stream of this width has not are damage.
        try database.execute(
            sql: "DELETE FROM point_row WHERE stream_id = ? AND channel >= ?",
            arguments: [stream.id, stream.channels])
        let statement = try database.cachedStatement(
            sql: """
                SELECT time, sequence, count(*), min(sequence) <> max(sequence) FROM point_row
                WHERE stream_id = ?1 AND sequence > 0 GROUP BY time ORDER BY time
                """)
        statement.bind(stream.id, at: 1)
        try statement.forEachRow { row in
            if row.int64(3) != 0 { divided.insert(times.count) }
            times.append(row.int64(0))
            sequences.append(row.int64(1))
            if row.int64(2) != Int64(stream.channels) { incomplete.append(row.int64(0)) }
            return true
        }
    }

    /// Channels that are lost become missing values.
    private func complete() throws {
        for time in incomplete {
            for channel in 0..<stream.channels {
                try database.execute(
                    sql: """
                        INSERT OR IGNORE INTO point_row (stream_id, time, channel, sequence, score, flags)
                        SELECT stream_id, time, ?3, sequence, score, flags FROM point_row
                        WHERE stream_id = ?1 AND time = ?2 LIMIT 1
                        """, arguments: [stream.id, time, channel])
            }
        }
    }

    /// Numbers without gaps, and how many points the checkpoint has seen; nil if it can't be of this stream.
    ///
    /// A damaged number among good ones moves the border between what the checkpoint has seen and what follows it to
    /// where the fewest numbers contradict it.
    private func numbered(after checkpoint: Int64?) -> (numbers: [Int64], covered: Int?) {
        let counted = (0..<times.count).map { Int64($0 + 1) }
        guard let checkpoint else { return (counted, 0) }
        var border = 0
        var contradicting = sequences.count { $0 <= checkpoint }
        var fewest = contradicting
        for (index, sequence) in sequences.enumerated() {
            contradicting += sequence <= checkpoint ? -1 : 1
            if contradicting <= fewest { (fewest, border) = (contradicting, index + 1) }
        }
        guard Int64(border) <= checkpoint else { return (counted, nil) }
        let shift = checkpoint - Int64(border)
        return (counted.map { $0 + shift }, border)
    }

    /// Points that are lost between those that are there, and between the last of them and the checkpoint.
    private func missingPoints(newest checkpoint: Int64?) -> Int64 {
        guard let first = sequences.min(), let last = sequences.max() else { return 0 }
        return max(0, max(last, checkpoint ?? 0) - first + 1 - Int64(times.count))
    }

    private func renumber(_ numbers: [Int64]) throws {
        let statement = try database.cachedStatement(
            sql: "UPDATE point_row SET sequence = ?3 WHERE stream_id = ?1 AND time = ?2")
        for index in numbers.indices where numbers[index] != sequences[index] || divided.contains(index) {
            statement.bind(stream.id, at: 1)
            statement.bind(times[index], at: 2)
            statement.bind(numbers[index], at: 3)
            try statement.run()
        }
    }

    /// Of each bucket that holds which has more points: the salvaged row, which may sum up points that have expired or are
    /// lost, or one that sums up the salvaged points. All points are in the roll-ups then.
    private func mendRollups(_ numbers: [Int64]) throws {
        try unpackRollups()
        for tier in RollupTier.allCases {
            try database.execute(
                sql: "DELETE FROM \(tier.rowTable) WHERE stream_id = ? AND channel >= ?",
                arguments: [stream.id, stream.channels])
            try database.execute(
                sql: StoreSchema.sum(tier, into: tier.rowTable, "point_row WHERE stream_id = ?") + """
                     ON CONFLICT (stream_id, channel, time) DO UPDATE SET \(RollupRows.replacement)
                    WHERE \(RollupRows.size("excluded.")) >= \(RollupRows.size(""))
                    """, arguments: [stream.id])
        }
        guard let first = numbers.first, let last = numbers.last, let time = times.last else { return }
        try database.execute(
            sql: """
                INSERT OR REPLACE INTO rolled (stream_id, first_sequence, last_sequence, last_time, behind)
                VALUES (?, ?, ?, ?, 0)
                """, arguments: [stream.id, first, last, time])
    }

    /// Packed buckets become rows, as points do.
    private func unpackRollups() throws {
        let packs = try database.cachedStatement(
            sql: "SELECT \(RollupPack.columns), channel FROM rollup_5m_pack WHERE stream_id = ?1")
        let rows = try RollupRows(database, .fiveMinutes, .keepLarger)
        packs.bind(stream.id, at: 1)
        try packs.forEachRow { row in
            for bucket in try RollupPack.buckets(in: row, of: stream.id) {
                try rows.add(bucket, of: stream.id, row.int32(7))
            }
            return true
        }
        try database.execute(sql: "DELETE FROM rollup_5m_pack WHERE stream_id = ?", arguments: [stream.id])
    }

    /// Events stay behind the points that they stood behind. Without its point, one is no more.
    private func moveEvents(_ numbers: [Int64]) throws {
        let events = try EventQueries.events(database, of: stream.id, from: 0)
        if events.isEmpty { return }
        let places = Dictionary(zip(sequences, numbers)) { first, _ in first }
        try database.execute(sql: "DELETE FROM event WHERE stream_id = ?", arguments: [stream.id])
        for event in events {
            guard let place = places[event.sequence] else { continue }
            try database.execute(
                sql: "INSERT INTO event (stream_id, sequence, kind, time) VALUES (?, ?, ?, ?)",
                arguments: [stream.id, place, event.kind.rawValue, event.time])
        }
    }

    /// What was said stays behind the points that it was said behind, or behind those before, and of the same anomalies.
    private func moveFeedback(_ numbers: [Int64]) throws {
        let places = zip(sequences, numbers).sorted { $0.0 < $1.0 }
        for (column, isPlace) in [("sequence", true), ("start_sequence", false)] {
            let found = try Int64.fetchAll(
                database,
                sql: "SELECT DISTINCT \(column) FROM feedback WHERE stream_id = ? AND \(column) > 0 ORDER BY \(column)",
                arguments: [stream.id])
            // Negative until all are moved, so that none is moved twice.
            for old in found {
                let new =
                    isPlace ? places.last { $0.0 <= old }?.1 : places.first { $0.0 == old }?.1 ?? old
                try database.execute(
                    sql: "UPDATE feedback SET \(column) = -? WHERE stream_id = ? AND \(column) = ?",
                    arguments: [new ?? 0, stream.id, old])
            }
            try database.execute(
                sql: "UPDATE feedback SET \(column) = -\(column) WHERE stream_id = ? AND \(column) < 0",
                arguments: [stream.id])
        }
    }

    private func forget(_ slot: CheckpointQueries.Slot) throws {
        try database.execute(
            sql: "DELETE FROM checkpoint WHERE stream_id = ? AND slot = ?", arguments: [stream.id, slot.number])
    }

    // MARK: Anomalies

    private func mendAnomalies(_ report: inout SalvageReport) throws {
        var query = AnomalyQuery()
        query.streams = [stream.id]
        let found = try AnomalyQueries.page(database, query, parts: .events).anomalies.reversed()
        var mended: [(StoredAnomaly, Anomaly)] = []
        for stored in found {
            // Of the time before the first point, from which an open anomaly may come: nothing to compare it with.
            guard let first = times.first, stored.anomaly.start >= first else { continue }
            guard let anomaly = try fitted(stored.anomaly) else {
                try remove(stored)
                report.lostAnomalies += 1
                continue
            }
            if anomaly == stored.anomaly { continue }
            let ends = [anomaly.start, anomaly.end, anomaly.peak, anomaly.points]
            if ends != [stored.anomaly.start, stored.anomaly.end, stored.anomaly.peak, stored.anomaly.points] {
                report.shortenedAnomalies += 1
            }
            mended.append((stored, anomaly))
        }
        // All are taken out first: two may not have the same number, not even for a moment.
        for (stored, _) in mended { try remove(stored) }
        for (stored, anomaly) in mended { try insert(stored, anomaly) }
    }

    /// The anomaly on the points that are left of it; nil if none is.
    private func fitted(_ anomaly: Anomaly) throws -> Anomaly? {
        let statement = try database.cachedStatement(
            sql: """
                SELECT time, sequence, score, value, prediction FROM point_row
                WHERE stream_id = ?1 AND time BETWEEN ?2 AND ?3 AND channel = 0 AND sequence > 0 ORDER BY time
                """)
        statement.bind(stream.id, at: 1)
        statement.bind(anomaly.start, at: 2)
        statement.bind(anomaly.end, at: 3)
        var fitted = anomaly
        var left: Int64 = 0
        var peak: (time: Int64, score: Double, value: Double, prediction: Double)?
        var hasPeak = false
        try statement.forEachRow { row in
            if left == 0 { (fitted.start, fitted.startSequence) = (row.int64(0), row.int64(1)) }
            fitted.end = row.int64(0)
            left += 1
            hasPeak = hasPeak || row.int64(0) == anomaly.peak
            if !(row.double(2) <= peak?.score ?? -1) {
                peak = (row.int64(0), row.double(2), row.double(3), row.double(4))
            }
            return true
        }
        // Between its points lie some that do not count.
        fitted.points = min(anomaly.points, left)
        let events = try EventQueries.events(database, of: stream.id, from: 0)
        if let event = events.first(where: { $0.time == anomaly.start }) {
            (fitted.start, fitted.startSequence) = (event.time, event.sequence + 1)
            hasPeak = hasPeak || anomaly.peak == event.time
            if left == 0 { return hasPeak ? fitted : nil }
        }
        guard let peak else { return nil }
        if !hasPeak {
            (fitted.peak, fitted.peakScore, fitted.peakChannel) = (peak.time, peak.score, 0)
            (fitted.peakValue, fitted.peakPrediction) = (peak.value, peak.prediction)
        }
        // The model knows it by its old number, and would go on with it as another one.
        if fitted.startSequence != anomaly.startSequence { fitted.isOpen = false }
        return fitted
    }

    private func remove(_ stored: StoredAnomaly) throws {
        try database.execute(sql: "DELETE FROM anomaly WHERE id = ?", arguments: [stored.id])
    }

    private func insert(_ stored: StoredAnomaly, _ anomaly: Anomaly) throws {
        try database.execute(
            sql: """
                INSERT OR IGNORE INTO anomaly (id, stream_id, start_sequence, start_time, end_time, peak_time, peak_score,
                    peak_channel, peak_value, peak_prediction, points, open, kind, attribution)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                stored.id, stream.id, anomaly.startSequence, anomaly.start, anomaly.end, anomaly.peak,
                anomaly.peakScore.isNaN ? nil : anomaly.peakScore, anomaly.peakChannel,
                anomaly.peakValue.isNaN ? nil : anomaly.peakValue,
                anomaly.peakPrediction.isNaN ? nil : anomaly.peakPrediction, anomaly.points, anomaly.isOpen,
                stored.kind?.rawValue, anomaly.attributionText,
            ])
    }
}
