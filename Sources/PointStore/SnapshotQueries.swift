import GRDB

/// Looking for snapshots. Each runs inside a read of the caller's.
enum SnapshotQueries {
    /// Those of some streams, or of all, in the order in which they were taken. Their states are not touched.
    static func snapshots(_ database: Database, of streams: Set<Int32>?) throws -> [StoredSnapshot] {
        let statement = try database.cachedStatement(
            sql: "SELECT id, stream_id, sequence, time, format, length(state), message, uid FROM snapshot ORDER BY id")
        var snapshots: [StoredSnapshot] = []
        try statement.forEachRow { row in
            if streams?.contains(row.int32(1)) ?? true {
                snapshots.append(
                    StoredSnapshot(
                        id: row.int64(0), stream: row.int32(1), sequence: row.int64(2), time: row.int64(3),
                        format: row.int32(4), bytes: row.int64(5), message: row.string(6),
                        user: row.isNull(7) ? nil : UInt32(truncatingIfNeeded: row.int64(7))))
            }
            return true
        }
        return snapshots
    }

    /// What a look for the state of a snapshot finds.
    enum Look {
        case found(CheckpointRecord)
        case absent
        /// Its checksum is wrong.
        case damaged
    }

    /// The state of a stream's snapshot.
    static func state(_ database: Database, of stream: Int32, in id: Int64) throws -> Look {
        let statement = try database.cachedStatement(
            sql: "SELECT sequence, format, checksum, state FROM snapshot WHERE id = ?1 AND stream_id = ?2")
        statement.bind(id, at: 1)
        statement.bind(stream, at: 2)
        var look = Look.absent
        try statement.forEachRow { row in
            let (sequence, format, state) = (row.int64(0), row.int32(1), row.bytes(3))
            let checksum = Checksum.of(stream: stream, sequence: sequence, format: format, state: state)
            look =
                checksum == UInt64(bitPattern: row.int64(2))
                ? .found(CheckpointRecord(stream: stream, sequence: sequence, format: format, state: Array(state)))
                : .damaged
            return false
        }
        return look
    }
}
