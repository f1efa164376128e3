import Synchronization

/// A stage's sign of life: it beats whenever it has made progress or has nothing to do. A stage that does not for long is
/// stuck, and the watchdog must hear of it, unless it waits for something outside of the process, which a restart would
/// not mend: then people must hear of that instead.
final class Heartbeat: Sendable {
    /// What a stage waits for.
    struct Wait: Sendable {
        /// As in "waits for the database".
        var cause: String
        /// Steady time, in microseconds.
        var since: Int64
    }

    let stage: String
    private let last = Atomic<Int64>(SteadyClock.now)
    private let current = Mutex<Wait?>(nil)

    init(_ stage: String) { self.stage = stage }

    func beat() { last.store(SteadyClock.now, ordering: .relaxed) }

    /// Microseconds since the last beat.
    var age: Int64 { SteadyClock.now - last.load(ordering: .relaxed) }

    /// What the stage waits for now; nil while it works.
    var wait: Wait? { current.withLock { $0 } }

    /// Whether there was no beat for so many microseconds, and no reason for it.
    func isStuck(after limit: Int64) -> Bool { age > limit && wait == nil }

    /// Calls `body`, whose time is up to others.
    func waiting<Result>(for cause: String, _ body: () throws -> Result) rethrows -> Result {
        current.withLock { $0 = Wait(cause: cause, since: SteadyClock.now) }
        defer {
            beat()
            current.withLock { $0 = nil }
        }
        return try body()
    }
}
