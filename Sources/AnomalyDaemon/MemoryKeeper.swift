import CMalloc
import Foundation
import Logging
import Synchronization

/// Keeps the process within its memory: it looks once a second what the process has and may have, says how many streams
/// may be awake, and gives back what is free. When the kernel says that memory is short, more streams sleep for a while,
/// whatever the limit.
final class MemoryKeeper: @unchecked Sendable {
    // @unchecked: all but `isOver` belongs to the keeper's own thread once `start` has been called.

    /// What of its control group's limit the process takes for itself: the rest is for pages of files and the kernel's
    /// buffers, which count there, too, and for what streams need while they go to sleep.
    static let shareOfGroup = (of: Int64(4), take: Int64(3))
    /// Time between two looks, in seconds.
    private static let interval = 1.0
    /// About what a stream of the default model takes, in bytes. Only a guide: what comes of a step is seen at the next look.
    private static let streamBytes: Int64 = 40 << 10
    /// Looks between two at the control group's limits, which are seldom changed.
    private static let groupInterval = 10
    /// Least time between two answers to pressure, in microseconds: the last one must have shown first.
    private static let answerPause: Int64 = 5_000_000
    /// Least time between two messages of a kind, in microseconds.
    private static let messagePause: Int64 = 60_000_000
    /// Streams that have gone to sleep whose memory is given back together, in the long run.
    private static let trimmedTogether: Int64 = 256

    /// Looks between two at what is free and not given back: new streams, each with a first checkpoint, leave as much free
    /// as they take. It is given back when it is more than a quarter of what is in use, and worth the time.
    private static let trimInterval = 60
    private static let leastTrimmed: Int64 = 32 << 20

    private let budget: MemoryBudget
    private let shards: Int64
    private let statistics: Statistics
    private let writer: BoundedQueue<WriterMessage>
    /// What the configuration allows, in bytes; 0: nothing is said.
    private let configured: Int64
    private let group: ControlGroup?
    private let logger: Logger
    private let isOver = Atomic<Bool>(false)

    private var looks = 0
    /// Streams asleep when free memory was given back last.
    private var trimmed: Int64 = 0
    private var lastAnswer = Int64.min / 2
    private var lastShort = Int64.min / 2
    private var lastLimited = Int64.min / 2
    private var wasLimited = false
    /// Answers to pressure that no message has told of yet.
    private var untold = 0

    init(pipeline: Pipeline, configured: Int, group: ControlGroup? = ControlGroup(), logger: Logger) {
        budget = pipeline.memory
        shards = Int64(pipeline.shards.count)
        statistics = pipeline.statistics
        writer = pipeline.writer.queue
        self.configured = Int64(configured)
        self.group = group
        self.logger = logger
    }

    /// Looks once, and from then on on a thread of its own. To be called before there are streams.
    func start() {
        look()
        StageThread.start("memory") { [self] in
            let watch = makeWatch()
            while !isOver.load(ordering: .relaxed) {
                let isShort = watch.wait(seconds: Self.interval)
                if isShort { answer(watch.name) }
                look()
            }
        }
    }

    func end() { isOver.store(true, ordering: .relaxed) }

    private func makeWatch() -> PressureWatch {
        do {
            return try PressureWatch(environment: ProcessInfo.processInfo.environment, group: group)
        } catch {
            logger.tell(.noPressureWatch, ["cause": "\(error)"])
            return PressureWatch(group: group)
        }
    }

    // MARK: The limit

    private func look() {
        if looks % Self.groupInterval == 0 { budget.limit.store(allowed, ordering: .relaxed) }
        looks += 1
        if looks % Self.trimInterval == 0 {
            let free = AllocatedMemory.freeBytes
            if free > Self.leastTrimmed, free > AllocatedMemory.bytes / 4 { malloc_trim(0) }
        }
        let limit = budget.limit.now
        let asleep = statistics.asleepStreams.now
        var used = ResidentMemory.own
        if asleep < trimmed { trimmed = asleep }
        if asleep - trimmed >= (used > limit ? 1 : Self.trimmedTogether) {
            malloc_trim(0)
            trimmed = asleep
            used = ResidentMemory.own
        }
        if limit == .max {
            budget.share.store(.max, ordering: .relaxed)
        } else if used > limit {
            lower(used - limit)
        } else if budget.isLimited {
            raise(used, limit)
        }
        tellLimited(used, limit)
    }

    /// In bytes; `Int64.max` if there is none.
    private var allowed: Int64 {
        let ofGroup = group?.memoryLimit.map { $0 / Self.shareOfGroup.of * Self.shareOfGroup.take }
        return min(configured == 0 ? .max : configured, ofGroup ?? .max)
    }

    /// By as much as should do, and a sixteenth at least; but not before the last step has come about.
    private func lower(_ excess: Int64) {
        let awake = (budget.awake.now + shards - 1) / shards
        let share = budget.share.now
        if share != .max, awake > share { return }
        let now = min(share, awake)
        let fewer = max(now / 16, excess / (Self.streamBytes * shards), 1)
        budget.share.store(max(Int64(MemoryBudget.fewestAwake), now - fewer), ordering: .relaxed)
    }

    /// By as much as there is room for, with something to spare, and an eighth at most. When there is plenty, nothing is
    /// limited any more.
    private func raise(_ used: Int64, _ limit: Int64) {
        let share = budget.share.now
        let awake = budget.awake.now / shards
        if used < limit / 2, awake < share / 2 {
            budget.share.store(.max, ordering: .relaxed)
            return
        }
        let room = (limit - limit / 16 - used) / (Self.streamBytes * shards)
        // What a shard has lowered meanwhile stays so.
        if room > 0, awake > share - share / 4 {
            _ = budget.share.compareExchange(
                expected: share, desired: share + min(room, share / 8 + 1), ordering: .relaxed)
        }
    }

    private func tellLimited(_ used: Int64, _ limit: Int64) {
        let isLimited = budget.isLimited
        defer { wasLimited = isLimited }
        let now = SteadyClock.now
        guard isLimited, !wasLimited, now - lastLimited >= Self.messagePause else { return }
        lastLimited = now
        logger.tell(
            .memoryLimited,
            ["bytes": "\(used)", "limit": "\(limit)", "awake": "\(budget.awake.now)"])
    }

    // MARK: Pressure

    private func answer(_ source: String) {
        let now = SteadyClock.now
        guard now - lastAnswer >= Self.answerPause else { return }
        lastAnswer = now
        budget.shortages.add(1)
        _ = writer.pushWithoutWaiting(.shrink, weight: 0)
        // What is free already; what becomes free follows with the looks to come.
        malloc_trim(0)
        trimmed = -Self.trimmedTogether
        untold += 1
        guard now - lastShort >= Self.messagePause else { return }
        lastShort = now
        logger.tell(
            .memoryShort,
            [
                "source": "\(source)", "bytes": "\(ResidentMemory.own)", "awake": "\(budget.awake.now)",
                "times": "\(untold)",
            ])
        untold = 0
    }
}
