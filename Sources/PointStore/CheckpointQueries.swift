import GRDB

/// Reading checkpoints back.
enum CheckpointQueries {
    /// Where a checkpoint lies.
    struct Slot {
        var number: Int64
        var sequence: Int64
    }

    /// The slots in use, newest first. States are not touched, so that a damaged one hides only itself.
    static func slots(_ database: Database, of stream: Int32, before sequence: Int64) throws -> [Slot] {
        let statement = try database.cachedStatement(
            sql: "SELECT slot, sequence FROM checkpoint WHERE stream_id = ?1 AND sequence < ?2 ORDER BY sequence DESC")
        statement.bind(stream, at: 1)
        statement.bind(sequence, at: 2)
        var slots: [Slot] = []
        try statement.forEachRow {
            slots.append(Slot(number: $0.int64(0), sequence: $0.int64(1)))
            return true
        }
        return slots
    }

    /// The checkpoint in a slot; nil if its checksum is wrong.
    static func record(_ database: Database, of stream: Int32, in slot: Slot) throws -> CheckpointRecord? {
        let statement = try database.cachedStatement(
            sql: "SELECT sequence, format, checksum, state FROM checkpoint WHERE stream_id = ?1 AND slot = ?2")
        statement.bind(stream, at: 1)
        statement.bind(slot.number, at: 2)
        var record: CheckpointRecord?
        try statement.forEachRow { row in
            let (sequence, format, state) = (row.int64(0), row.int32(1), row.bytes(3))
            let checksum = Checksum.of(stream: stream, sequence: sequence, format: format, state: state)
            if checksum == UInt64(bitPattern: row.int64(2)) {
                record = CheckpointRecord(stream: stream, sequence: sequence, format: format, state: Array(state))
            }
            return false
        }
        return record
    }

    /// A checkpoint of a later format than this, and the name of its stream; nil if there is none.
    ///
    /// One walk over the rows without their states, which lie in pages of their own.
    static func newer(_ database: Database, than format: Int32) throws -> (stream: String, format: Int32)? {
        // A file that was just begun has no tables yet.
        guard try database.tableExists("checkpoint") else { return nil }
        let statement = try database.makeStatement(
            sql: """
                SELECT format, coalesce(name, 'with the id ' || stream_id)
                FROM checkpoint LEFT JOIN stream ON stream.id = stream_id WHERE format > ?1 LIMIT 1
                """)
        statement.bind(format, at: 1)
        var newer: (stream: String, format: Int32)?
        try statement.forEachRow {
            newer = ($0.string(1), $0.int32(0))
            return false
        }
        return newer
    }
}
