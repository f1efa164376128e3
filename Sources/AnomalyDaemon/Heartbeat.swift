import Synchronization

/// A stage's sign of life: it beats whenever it has made progress, has nothing to do, or waits for a known reason. A
/// stage that does none of these for long is stuck, and the watchdog must hear of it.
final class Heartbeat: Sendable {
    let stage: String
    private let last = Atomic<Int64>(SteadyClock.now)

    init(_ stage: String) { self.stage = stage }

    func beat() { last.store(SteadyClock.now, ordering: .relaxed) }

    /// Microseconds since the last beat.
    var age: Int64 { SteadyClock.now - last.load(ordering: .relaxed) }
}
