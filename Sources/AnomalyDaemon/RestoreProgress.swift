import Logging
import Synchronization

/// How many of the streams that the store knew at the start are in memory again. Kept by all shards.
final class RestoreProgress: Sendable {
    private let total = Atomic<Int64>(0)
    private let restored = Atomic<Int64>(0)
    private let begun = Atomic<Int64>(0)
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    /// To be called before any shard works.
    func begin(_ streams: Int) {
        total.store(Int64(streams), ordering: .relaxed)
        begun.store(SteadyClock.now, ordering: .relaxed)
    }

    /// One more is in memory.
    func advance() {
        let count = restored.wrappingAdd(1, ordering: .relaxed).newValue
        guard count == total.now else { return }
        let seconds = Double(SteadyClock.now - begun.now) / 1e6
        logger.tell(.restored, ["streams": "\(count)", "seconds": "\((seconds * 100).rounded() / 100)"])
    }

    /// Nil once all are.
    var rest: (restored: Int, streams: Int)? {
        let (restored, total) = (restored.now, total.now)
        return restored < total ? (Int(restored), Int(total)) : nil
    }
}
