import PointStore
import Synchronization

/// How much is stored in which table: asked of the database from time to time, on a thread of its own, and told from
/// memory.
final class TierFigures: Sendable {
    private struct Figures {
        var tiers: StoredTiers?
        /// Steady time from which they are asked for again.
        var next = Int64.min
        var isAsking = false
    }

    /// Least time between two questions, in microseconds; and what of all time they may take.
    private static let pause: Int64 = 60_000_000
    private static let share: Int64 = 100

    private let path: String
    private let figures = Mutex(Figures())

    init(path: String) { self.path = path }

    /// What was found last; nil if that is nothing yet. Has new ones found if these are old.
    var now: StoredTiers? {
        let (tiers, asks) = figures.withLock { figures in
            let asks = !figures.isAsking && SteadyClock.now >= figures.next
            figures.isAsking = figures.isAsking || asks
            return (figures.tiers, asks)
        }
        if asks { StageThread.start("tiers") { [self] in ask() } }
        return tiers
    }

    private func ask() {
        let begun = SteadyClock.now
        // What can't be read now, as in a database that is being replaced, is asked for again.
        let found = try? StoredTiers(path: path)
        let end = SteadyClock.now
        figures.withLock { figures in
            figures.tiers = found ?? figures.tiers
            figures.next = end + max(Self.pause, (end - begun) * Self.share)
            figures.isAsking = false
        }
    }
}
