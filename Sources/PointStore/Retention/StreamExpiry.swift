import GRDB

/// Deletes what is too old of one stream, from its oldest end on. Runs inside transactions of the caller's.
struct StreamExpiry {
    /// Times before which things are deleted, in microseconds since 1970: raw points, the roll-ups by their tiers, and
    /// anomalies.
    struct Cutoffs {
        var raw = Int64.min
        var rollups = [Int64.min, Int64.min]
        var anomalies = Int64.min
    }

    /// What was deleted, and what could be deleted next.
    struct Outcome {
        /// Points, and buckets of roll-ups, and rows of anomalies and events.
        var points: Int64 = 0
        var rollups: Int64 = 0
        var anomalies: Int64 = 0
        /// The newest time of the oldest chunk that may be deleted, and the begins of the oldest roll-ups; nil where
        /// nothing may.
        var oldestRaw: Int64?
        var oldestRollups: [Int64?] = [nil, nil]

        var isEmpty: Bool { points == 0 && rollups == 0 && anomalies == 0 }

        mutating func add(_ other: Outcome) {
            points += other.points
            rollups += other.rollups
            anomalies += other.anomalies
            oldestRaw = [oldestRaw, other.oldestRaw].compactMap(\.self).min()
            for tier in 0...1 {
                oldestRollups[tier] = [oldestRollups[tier], other.oldestRollups[tier]].compactMap(\.self).min()
            }
        }
    }

    /// Rows that one statement deletes at most.
    private static let rows: Int64 = 500

    let database: Database
    let stream: Int32
    let channels: Int32

    /// - Parameter isOver: whether it is enough for now; asked after something was deleted.
    /// - returns: What was deleted, and whether all is that should be.
    func run(_ cutoffs: Cutoffs, isOver: () -> Bool) throws -> (outcome: Outcome, isDone: Bool) {
        var outcome = Outcome()
        guard try raw(before: cutoffs.raw, &outcome, isOver) else { return (outcome, false) }
        for tier in RollupTier.allCases.indices {
            guard try rollups(tier, before: cutoffs.rollups[tier], &outcome, isOver) else { return (outcome, false) }
        }
        guard try anomalies(before: cutoffs.anomalies, &outcome, isOver) else { return (outcome, false) }
        return (outcome, true)
    }

    // MARK: Points

    private struct Chunk {
        var firstTime, lastTime, firstSequence, count: Int64
    }

    private func raw(before cutoff: Int64, _ outcome: inout Outcome, _ isOver: () -> Bool) throws -> Bool {
        guard var rolled = try rolled() else { return true }
        var floor: Int64?
        while let chunk = try oldestChunk() {
            if floor == nil { floor = try RecoveryFloor.sequence(database, of: stream) }
            guard let floor, chunk.firstSequence + chunk.count - 1 <= floor else { return true }
            guard chunk.lastTime < cutoff else {
                outcome.oldestRaw = chunk.lastTime
                return true
            }
            // The roll-ups may lack those of a chunk that is not full.
            if chunk.firstSequence + chunk.count - 1 > rolled {
                let rollups = try RollupWriting(database)
                try rollups.addNewestChunk(of: stream, channels: channels)
                try rollups.finish()
                rolled = chunk.firstSequence + chunk.count - 1
            }
            try delete(chunk)
            outcome.points += chunk.count
            if isOver() { return false }
        }
        return true
    }

    /// The number of the last point that the roll-ups have, with all before it; nil if they lack older ones, as nothing is
    /// deleted that is not summed up.
    private func rolled() throws -> Int64? {
        if try isAny("SELECT 1 FROM rolled WHERE stream_id = ?1 AND behind") { return nil }
        return try number("SELECT last_sequence FROM rolled WHERE stream_id = ?1") ?? 0
    }

    private func oldestChunk() throws -> Chunk? {
        let statement = try database.cachedStatement(
            sql: """
                SELECT first_time, last_time, first_sequence, count FROM chunk WHERE stream_id = ?1 AND channel = 0
                ORDER BY first_time LIMIT 1
                """)
        statement.bind(stream, at: 1)
        var chunk: Chunk?
        try statement.forEachRow { row in
            chunk = Chunk(
                firstTime: row.int64(0), lastTime: row.int64(1), firstSequence: row.int64(2), count: row.int64(3))
            return false
        }
        return chunk
    }

    /// With what belongs to its points: late ones between them, and hindsight.
    private func delete(_ chunk: Chunk) throws {
        for channel in 0..<channels {
            try run(
                "DELETE FROM chunk WHERE stream_id = ?1 AND channel = ?2 AND first_time = ?3", Int64(channel),
                chunk.firstTime)
        }
        let late = try run("DELETE FROM point_row WHERE stream_id = ?1 AND time <= ?2 AND sequence = 0", chunk.lastTime)
        if late > 0 { try run("UPDATE stream SET late = late - ?2 WHERE id = ?1", late / Int64(channels)) }
        try run("DELETE FROM hindsight WHERE stream_id = ?1 AND time <= ?2", chunk.lastTime)
        try run("DELETE FROM hindsight_run WHERE stream_id = ?1 AND last_time <= ?2", chunk.lastTime)
    }

    // MARK: Roll-ups

    private func rollups(
        _ tier: Int, before cutoff: Int64, _ outcome: inout Outcome, _ isOver: () -> Bool
    ) throws -> Bool {
        let table = RollupTier.allCases[tier].rowTable
        let border = cutoff.subtractingReportingOverflow(RollupTier.allCases[tier].width)
        for channel in 0..<channels {
            let oldest = "SELECT time FROM \(table) WHERE stream_id = ?1 AND channel = ?2 ORDER BY time LIMIT 1"
            while let first = try number(oldest + " OFFSET 0", Int64(channel)) {
                guard !border.overflow, first <= border.partialValue else {
                    outcome.oldestRollups[tier] = min(outcome.oldestRollups[tier] ?? .max, first)
                    break
                }
                let last = try number(oldest + " OFFSET \(Self.rows)", Int64(channel)) ?? .max
                outcome.rollups += try run(
                    "DELETE FROM \(table) WHERE stream_id = ?1 AND channel = ?2 AND time < ?3 AND time <= ?4",
                    Int64(channel), last, border.partialValue)
                if isOver() { return false }
            }
            if tier == 0, try !packs(Int64(channel), upTo: border, &outcome, isOver) { return false }
        }
        return true
    }

    /// Whole packs, once their newest bucket is old enough.
    private func packs(
        _ channel: Int64, upTo border: (partialValue: Int64, overflow: Bool), _ outcome: inout Outcome,
        _ isOver: () -> Bool
    ) throws -> Bool {
        let oldest = "FROM rollup_5m_pack WHERE stream_id = ?1 AND channel = ?2 ORDER BY first_time LIMIT 1"
        while let last = try number("SELECT last_time " + oldest, channel) {
            guard !border.overflow, last <= border.partialValue else {
                outcome.oldestRollups[0] = min(outcome.oldestRollups[0] ?? .max, last)
                break
            }
            outcome.rollups += try number("SELECT (last_time - first_time) / 300000000 + 1 " + oldest, channel) ?? 0
            try run("DELETE FROM rollup_5m_pack WHERE id = (SELECT id \(oldest))", channel)
            if isOver() { return false }
        }
        return true
    }

    // MARK: Anomalies

    /// Those that are over, and events, that a restart does not come to any more. What people said stays: a model that is
    /// learned anew is told of it.
    private func anomalies(before cutoff: Int64, _ outcome: inout Outcome, _ isOver: () -> Bool) throws -> Bool {
        let old = "SELECT id FROM anomaly WHERE stream_id = ?1 AND end_time < ?2 AND NOT open AND start_sequence <= ?3"
        let events = "event WHERE stream_id = ?1 AND time < ?2 AND sequence < ?3"
        guard cutoff > .min,
            try isAny(old.replacing("?3", with: "\(Int64.max)") + " LIMIT 1", cutoff)
                || isAny("SELECT 1 FROM " + events.replacing("?3", with: "\(Int64.max)") + " LIMIT 1", cutoff),
            let floor = try RecoveryFloor.sequence(database, of: stream)
        else { return true }
        while true {
            let deleted = try run("DELETE FROM anomaly WHERE id IN (\(old) LIMIT \(Self.rows))", cutoff, floor)
            outcome.anomalies += deleted
            if deleted < Self.rows { break }
            if isOver() { return false }
        }
        outcome.anomalies += try run("DELETE FROM " + events, cutoff, floor)
        return true
    }

    // MARK: Statements

    private func prepared(_ sql: String, _ numbers: [Int64]) throws -> Statement {
        let statement = try database.cachedStatement(sql: sql)
        statement.bind(stream, at: 1)
        for (index, number) in numbers.enumerated() { statement.bind(number, at: Int32(2 + index)) }
        return statement
    }

    /// - returns: How many rows it changed.
    @discardableResult
    private func run(_ sql: String, _ numbers: Int64...) throws -> Int64 {
        let statement = try prepared(sql, numbers)
        try statement.run()
        return Int64(statement.changes)
    }

    private func number(_ sql: String, _ numbers: Int64...) throws -> Int64? {
        var number: Int64?
        try prepared(sql, numbers).forEachRow {
            number = $0.int64(0)
            return false
        }
        return number
    }

    private func isAny(_ sql: String, _ numbers: Int64...) throws -> Bool {
        var isAny = false
        try prepared(sql, numbers).forEachRow { _ in
            isAny = true
            return false
        }
        return isAny
    }
}
