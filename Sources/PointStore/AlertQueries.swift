import GRDB

/// Looking for what sinks have been told, and for what they should be told of. Each runs inside a read of the caller's.
enum AlertQueries {
    /// By sink, up to which number it needs to be told of no anomaly that is over and that it does not know.
    static func sinks(_ database: Database) throws -> [String: Int64] {
        var sinks: [String: Int64] = [:]
        try database.cachedStatement(sql: "SELECT name, through FROM alert_sink").forEachRow { row in
            sinks[row.string(0)] = row.int64(1)
            return true
        }
        return sinks
    }

    /// What sinks have been told: of anomalies with a number above `id`, and of those that they know as firing.
    static func records(_ database: Database, after id: Int64) throws -> [AlertRecord] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT stream_id, start_sequence, sink, anomaly_id, state, since, told, score, deviation, acknowledged, listed
                FROM alert WHERE anomaly_id > ?1 OR state IN ('sending', 'firing') ORDER BY anomaly_id, sink
                """)
        statement.bind(id, at: 1)
        var records: [AlertRecord] = []
        try statement.forEachRow { row in
            // A state that only a later version knows.
            guard let state = AlertRecord.State(rawValue: row.string(4)) else { return true }
            records.append(
                AlertRecord(
                    key: AlertKey(stream: row.int32(0), start: row.int64(1)), sink: row.string(2),
                    anomaly: row.int64(3), state: state, since: row.int64(5), told: row.int64(6),
                    score: row.isNull(7) ? .nan : row.double(7), deviation: row.isNull(8) ? .nan : row.double(8),
                    isAcknowledged: row.int64(9) != 0, isListed: row.int64(10) != 0))
            return true
        }
        return records
    }

    /// Anomalies that are open, known to a sink as firing, or have a number above `id`.
    static func candidates(_ database: Database, after id: Int64, parts: StoreSchema.Parts) throws -> [AlertSubject] {
        var said: [Int32: [FeedbackRecord]] = [:]
        let told =
            parts.contains(.alerts)
            ? "UNION SELECT a.id FROM alert AS t JOIN anomaly AS a USING (stream_id, start_sequence) WHERE t.state IN ('sending', 'firing')"
            : ""
        return try AnomalyQueries.anomalies(
            database,
            where:
                "id IN (SELECT id FROM anomaly WHERE open UNION SELECT id FROM anomaly WHERE id > ?1 \(told)) ORDER BY id",
            parts: parts
        ) {
            $0.bind(id, at: 1)
        }.map { try subject(database, $0, &said, parts) }
    }

    /// The anomalies with these keys, in the order of their numbers; those that there are not are left out.
    static func subjects(
        _ database: Database, _ keys: some Sequence<AlertKey>, parts: StoreSchema.Parts
    ) throws -> [AlertSubject] {
        var said: [Int32: [FeedbackRecord]] = [:]
        return try keys.flatMap { key in
            try AnomalyQueries.anomalies(database, where: "stream_id = ?1 AND start_sequence = ?2", parts: parts) {
                $0.bind(key.stream, at: 1)
                $0.bind(key.start, at: 2)
            }
        }.sorted { $0.id < $1.id }.map { try subject(database, $0, &said, parts) }
    }

    private static func subject(
        _ database: Database, _ stored: StoredAnomaly, _ said: inout [Int32: [FeedbackRecord]],
        _ parts: StoreSchema.Parts
    ) throws -> AlertSubject {
        guard parts.contains(.feedback) else { return AlertSubject(stored: stored) }
        let words =
            try said[stored.stream]
            ?? FeedbackQueries.feedback(database, of: stored.stream, from: 0, parts: parts)
        said[stored.stream] = words
        return AlertSubject(stored, said: words)
    }
}

extension StoreReader {
    /// By sink, up to which number it needs to be told of no anomaly that is over and that it does not know.
    public func alertSinks() throws -> [String: Int64] {
        guard connection.parts.contains(.alerts) else { return [:] }
        return try connection.read("read the alerts of") { try AlertQueries.sinks($0) }
    }

    /// What sinks have been told: of anomalies with a number above `id`, and of those that they know as firing.
    public func alerts(after id: Int64 = -1) throws -> [AlertRecord] {
        guard connection.parts.contains(.alerts) else { return [] }
        return try connection.read("read the alerts of") { try AlertQueries.records($0, after: id) }
    }

    /// Anomalies that are open, known to a sink as firing, or have a number above `id`, in the order of their numbers.
    public func alertCandidates(after id: Int64) throws -> [AlertSubject] {
        try connection.read("read the anomalies of") {
            try AlertQueries.candidates($0, after: id, parts: connection.parts)
        }
    }

    /// The anomalies with these keys, in the order of their numbers; those that there are not are left out.
    public func alertSubjects(_ keys: some Sequence<AlertKey>) throws -> [AlertSubject] {
        try connection.read("read the anomalies of") {
            try AlertQueries.subjects($0, keys, parts: connection.parts)
        }
    }
}
