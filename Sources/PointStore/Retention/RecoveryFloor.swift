import GRDB

/// Which points of a stream a restart may still need.
enum RecoveryFloor {
    /// The number of the last point that none does: it goes on from the newest checkpoint or, if that is damaged, from the
    /// one before, through the points behind it. Snapshots, orders and feedback are replayed from these on, too, and need
    /// no point before.
    ///
    /// - returns: Nil if all points are needed: there is no checkpoint, or none whose checksum is right.
    static func sequence(_ database: Database, of stream: Int32) throws -> Int64? {
        let slots = try CheckpointQueries.slots(database, of: stream, before: .max)
        let isAnyGood = try slots.contains { try CheckpointQueries.record(database, of: stream, in: $0) != nil }
        return isAnyGood ? slots.last?.sequence : nil
    }
}
