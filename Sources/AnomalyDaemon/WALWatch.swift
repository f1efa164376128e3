import PointStore

/// Tells when the write-ahead log has become too large, again from time to time, and when that is over.
///
/// The WAL is begun anew when its pages have been copied into the database and nobody reads an old state from it. A
/// reader that stays in one transaction makes it grow until the disk is full.
package struct WALWatch: Sendable {
    /// Size above which something is wrong: it is copied each time that it has grown by
    /// `PointStore.walCheckpointBytes`, and a long query may delay that a few times.
    package static let mostBytes = 8 * PointStore.walCheckpointBytes
    /// How often the journal is reminded, in microseconds.
    package static let reminderInterval: Int64 = 600_000_000

    private var nextReminder: Int64?

    package init() {}

    package enum Finding: Sendable, Equatable { case nothing, tooLarge, over }

    /// - Parameters:
    ///   - bytes: size of the WAL.
    ///   - now: steady time in microseconds.
    package mutating func look(bytes: Int64, now: Int64) -> Finding {
        if bytes <= Self.mostBytes {
            defer { nextReminder = nil }
            return nextReminder == nil ? .nothing : .over
        }
        if let nextReminder, now < nextReminder { return .nothing }
        nextReminder = now + Self.reminderInterval
        return .tooLarge
    }
}
