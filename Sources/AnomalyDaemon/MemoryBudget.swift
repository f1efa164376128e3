import ControlProtocol
import Synchronization

/// How many streams may be awake, so that the process keeps within its memory. Set by ``MemoryKeeper``, and by any shard
/// that meets the limit between two of its looks; asked by all shards.
///
/// Streams are counted, not bytes: memory that a stream gives back goes to the next one, so that what the process has
/// from the kernel does not tell how much of it is in use.
final class MemoryBudget: Sendable {
    /// A shard may have so many streams awake in any case: fewer, and it would do nothing but put them to sleep.
    static let fewestAwake = 16
    /// Streams that come into a shard's memory between two looks at the process's.
    static let addedBetweenLooks = 64

    /// Most bytes of memory that the process may have for itself; `Int64.max`: no limit.
    let limit = Atomic<Int64>(.max)
    /// Most streams that each shard may have awake; `Int64.max`: no limit.
    let share = Atomic<Int64>(.max)
    /// How often memory has been short: each time, every shard puts the streams to sleep that have rested longest.
    let shortages = Atomic<Int64>(0)
    /// Streams awake in all shards.
    let awake = Atomic<Int64>(0)

    var isLimited: Bool { share.now != .max }

    /// Nil if there is no limit.
    var status: DaemonStatus.Memory? {
        let limit = limit.now
        return limit == .max ? nil : DaemonStatus.Memory(limit: limit, isLimited: isLimited)
    }

    /// A shard's streams have become more: if the process has reached its limit, they may not become more still.
    ///
    /// - Parameter count: streams that the shard has awake.
    func look(having count: Int) {
        guard ResidentMemory.own >= limit.now else { return }
        let most = Int64(max(count, Self.fewestAwake))
        if most < share.now { share.store(most, ordering: .relaxed) }
    }
}
