import GRDB

/// Keeps a database in order, in steps of some milliseconds between which its writer commits: adds points to the roll-ups,
/// deletes what is too old or too much, and gives free pages back to the file system.
///
/// ```swift
/// var upkeep = StoreUpkeep(retention)
/// var next: Int64 = 0
/// // between two commits:
/// if steady >= next, let due = try upkeep.step(store, wall: wall, steady: steady).due { next = due }
/// ```
///
/// Whatever a step does is one transaction: nothing is lost or doubled by a crash, and the next process goes on. What may
/// be done follows from the database alone; what is remembered here only saves looking again.
public struct StoreUpkeep: Sendable {
    /// Longest time that points wait until the roll-ups have them, in microseconds: about as long as a bucket is.
    private static let rollInterval: Int64 = 300_000_000
    /// Work of one step, in microseconds: a `!sync` waits for it at most.
    private static let stepTime: Int64 = 4000
    /// Streams that are rolled up between two looks at the clock.
    private static let streamsAtOnce: Int32 = 32
    /// Pause between two looks at the size, and before a size that can't be reached is tried again.
    private static let sizeInterval: Int64 = 50_000
    private static let unmetInterval: Int64 = 30_000_000
    /// Free pages that are left for what is to come, in bytes; of a large file a sixteenth.
    private static let slack: Int64 = 4 << 20

    /// What has been deleted since the last time that it was asked for.
    public struct Deleted: Sendable, Equatable {
        public var points: Int64 = 0
        public var rollups: Int64 = 0
        public var anomalies: Int64 = 0

        public var isEmpty: Bool { points == 0 && rollups == 0 && anomalies == 0 }

        public init() {}

        public mutating func add(_ other: Deleted) {
            points += other.points
            rollups += other.rollups
            anomalies += other.anomalies
        }
    }

    /// What is being done.
    public enum Phase: Sendable, Equatable {
        case resting
        /// Points go into chunks and roll-ups.
        case rolling
        /// So many streams of all have been looked at for what is too old.
        case expiring(done: Int64, of: Int64)
        /// So many bytes of all have been given back.
        case releasing(done: Int64, of: Int64)

        /// In words, and how much of it is done, 0…1; nil where nobody knows.
        public var progress: (text: String, share: Double?) {
            switch self {
            case .resting, .rolling: ("summing up points", nil)
            case .expiring(let done, let all): ("looking for what is too old", Double(done) / Double(max(1, all)))
            case .releasing(let done, let all): ("giving back free pages", Double(done) / Double(max(1, all)))
            }
        }
    }

    private let retention: Retention
    /// A time between two points that are rolled up, in microseconds.
    package var rollInterval = Self.rollInterval

    public private(set) var phase = Phase.resting
    /// Why the file is larger than it may be; nil while it is not.
    public private(set) var unmet: String?
    private var deleted = Deleted()

    /// Steady times at which each is due. At the beginning all are.
    private var nextRoll = Int64.min
    private var nextPass = Int64.min
    private var nextSize = Int64.min
    private var lastSeal = Int64.min
    /// Whether everything is to be done at once, down to the last free page.
    private var isAsked = false
    private var roll = Roll()
    private var backfill = RollupBackfill()
    private var isFilled = false
    private var pass: Pass?
    /// Where the last pass ended that was over before its end.
    private var resumed = Int32.min
    /// What the last whole pass left.
    private var left: StreamExpiry.Outcome?
    /// Cutoffs by size, beside those by age.
    private var pressure = StreamExpiry.Cutoffs()
    private var isOverSize = false
    private var release: (left: Int64, of: Int64, pages: Int64)?

    /// How far the rows of `hot` have been rolled up.
    private struct Roll {
        /// The ``HotTable/generation`` that this is of, and the one at which its first stream was looked at.
        var generation = -1
        var begun = -1
        var done: Int64 = 0
        var upTo: Int64?
        var stream = Int32.min
        /// Whether the newest chunks may have points that the roll-ups lack.
        var isInChunks = true
    }

    private struct Pass {
        var next: Int32
        var last: Int32
        var isResumed: Bool
        var looked: Int64 = 0
        var of: Int64
        var left = StreamExpiry.Outcome()
    }

    public init(_ retention: Retention) { self.retention = retention }

    /// Everything is to be done at once: all that may be deleted is, and all free pages are given back.
    public mutating func ask() {
        isAsked = true
        (nextRoll, nextPass, nextSize, lastSeal) = (.min, .min, .min, .min)
        isFilled = false
    }

    /// Another database lies at the path.
    public mutating func beginAnew() {
        let asked = isAsked
        var anew = StoreUpkeep(retention)
        anew.rollInterval = rollInterval
        self = anew
        if asked { ask() }
    }

    /// What was deleted since the last call.
    public mutating func takeDeleted() -> Deleted {
        defer { deleted = Deleted() }
        return deleted
    }

    /// Does some work.
    ///
    /// - Parameters:
    ///   - wall: microseconds since 1970.
    ///   - steady: microseconds of a clock that never jumps.
    /// - returns: When there is more to do: nil for at once.
    /// - throws: A ``StoreError``; then as much as a step is to be done again, later.
    public mutating func step(_ store: PointStore, wall: Int64, steady: Int64) throws -> Int64? {
        let clock = ContinuousClock()
        let start = clock.now
        let isOver = { start.duration(to: clock.now) >= .microseconds(Self.stepTime) }
        if try rollUp(store, steady, isOver) || fill(store, isOver) { return nil }
        if try expire(store, wall, steady, isOver) || giveBack(store, clock) { return nil }
        phase = .resting
        isAsked = false
        return min(nextRoll, retention.isLimited ? nextPass : .max, retention.maxBytes > 0 ? nextSize : .max)
    }

    // MARK: Roll-ups

    private mutating func rollUp(_ store: PointStore, _ steady: Int64, _ isOver: () -> Bool) throws -> Bool {
        guard roll.upTo != nil || steady >= nextRoll else { return false }
        phase = .rolling
        // If it fails, other work goes on before it is tried again.
        nextRoll = steady.addingClamped(rollInterval)
        var roll = roll
        if roll.upTo == nil { roll.begun = store.hot.generation }
        // What was in the hot table is in the newest chunks of its streams.
        if roll.generation != store.hot.generation {
            (roll.generation, roll.done, roll.upTo) = (store.hot.generation, 0, nil)
            roll.isInChunks = true
        }
        let isDone = try store.upkeep("roll up points of") { database in
            let newest = try Int64.fetchOne(database, sql: "SELECT max(id) FROM hot") ?? 0
            let end = roll.upTo ?? newest
            roll.upTo = end
            if roll.done >= end, !roll.isInChunks { return true }
            return try Self.rollUp(database, &roll, upTo: end, isOver)
        }
        if isDone {
            let isWhole = roll.generation == roll.begun
            roll = Roll(generation: roll.generation, begun: roll.generation, done: isWhole ? roll.upTo ?? 0 : 0)
            roll.isInChunks = !isWhole
        }
        self.roll = roll
        return !isDone
    }

    private static func rollUp(
        _ database: Database, _ roll: inout Roll, upTo end: Int64, _ isOver: () -> Bool
    ) throws -> Bool {
        let rollups = try RollupWriting(database)
        let streams = try database.cachedStatement(
            sql: "SELECT id, channels FROM stream WHERE id >= ?1 ORDER BY id LIMIT \(streamsAtOnce)")
        repeat {
            streams.bind(roll.stream, at: 1)
            var some: [(id: Int32, channels: Int32)] = []
            try streams.forEachRow {
                some.append(($0.int32(0), max(1, $0.int32(1))))
                return true
            }
            guard let first = some.first, let last = some.last else { return true }
            if roll.isInChunks {
                for stream in some { try rollups.addNewestChunk(of: stream.id, channels: stream.channels) }
            }
            // Whole streams, as the roll-ups know of one how far all of its channels have come.
            if roll.done < end {
                try HotRuns.forEach(database, ids: roll.done + 1...end, streams: first.id...last.id) {
                    try rollups.add($0, from: $1, of: $2, $3)
                }
            }
            try rollups.finish()
            guard let next = Int32(exactly: Int64(last.id) + 1) else { return true }
            roll.stream = next
        } while !isOver()
        return false
    }

    private mutating func fill(_ store: PointStore, _ isOver: () -> Bool) throws -> Bool {
        if isFilled { return false }
        phase = .rolling
        var backfill = backfill
        let isMore = try store.upkeep("roll up older points of") { try backfill.step($0, isOver: isOver) }
        self.backfill = backfill
        if isMore { return true }
        // Rows of an older version go into chunks when the hot table does.
        isFilled = true
        if backfill.isWaiting {
            self.backfill = RollupBackfill()
            waitsForRows = true
        } else {
            waitsForRows = false
        }
        return false
    }

    /// Whether some points of an older version are not in chunks yet.
    private var waitsForRows = false

    // MARK: Expiry

    private mutating func expire(
        _ store: PointStore, _ wall: Int64, _ steady: Int64, _ isOver: () -> Bool
    ) throws -> Bool {
        if waitsForRows, steady >= nextPass || !retention.isLimited { (isFilled, waitsForRows) = (false, false) }
        guard retention.isLimited || isAsked else { return false }
        if pass == nil {
            if steady >= nextSize { try lookAtSize(store, steady) }
            guard isOverSize || steady >= nextPass else { return false }
            try begin(store, steady)
        }
        guard var pass else { return false }
        let cutoffs = pressure
        let (outcome, isDone) = try store.upkeep("expire points of") { database in
            try Self.work(database, &pass, retention, cutoffs, wall, isOver)
        }
        deleted.add(Deleted(outcome))
        self.pass = pass
        phase = .expiring(done: pass.looked, of: pass.of)
        if isOverSize, try store.pages().usedBytes <= retention.floor(log: store.logBytes) {
            // Enough; the next time, those come first that were not looked at.
            (isOverSize, pressure, resumed, self.pass, left) = (false, StreamExpiry.Cutoffs(), pass.next, nil, nil)
            unmet = nil
            return true
        }
        guard isDone else { return true }
        self.pass = nil
        nextPass = steady + interval
        if isOverSize, !pass.isResumed { try press(store, pass.left, steady) }
        return true
    }

    /// How often streams are looked at: a sixteenth of the shortest age, from a second to ten minutes.
    private var interval: Int64 { min(600_000_000, max(1_000_000, retention.shortest.shortest / 16)) }

    private mutating func begin(_ store: PointStore, _ steady: Int64) throws {
        // What is too old may not be in a chunk yet.
        let pause = min(86_400_000_000, max(5_000_000, retention.shortest.raw / 8))
        let isLongAgo = lastSeal == .min || retention.shortest.raw < Retention.forever && steady - lastSeal >= pause
        if isLongAgo || isOverSize && left == nil, !store.hot.isEmpty {
            try store.seal()
            lastSeal = steady
        } else if lastSeal == .min {
            lastSeal = steady
        }
        let (last, count): (Int32, Int64) = try store.read("count the streams of") { database in
            (
                try Int32.fetchOne(database, sql: "SELECT max(id) FROM stream") ?? 0,
                try Int64.fetchOne(database, sql: "SELECT count(*) FROM stream") ?? 0
            )
        }
        pass = Pass(next: isOverSize ? resumed : .min, last: last, isResumed: isOverSize && resumed > .min, of: count)
        resumed = .min
    }

    private static func work(
        _ database: Database, _ pass: inout Pass, _ retention: Retention, _ pressure: StreamExpiry.Cutoffs,
        _ wall: Int64, _ isOver: () -> Bool
    ) throws -> (StreamExpiry.Outcome, isDone: Bool) {
        var all = StreamExpiry.Outcome()
        let streams = try Row.fetchAll(
            database, sql: "SELECT id, name, channels FROM stream WHERE id >= ? AND id <= ? ORDER BY id LIMIT 100",
            arguments: [pass.next, pass.last])
        if streams.isEmpty { return (all, true) }
        for stream in streams {
            let ages = retention.ages(stream[1])
            var cutoffs = pressure
            cutoffs.raw = max(cutoffs.raw, cutoff(wall, ages.raw))
            for (index, tier) in RollupTier.allCases.enumerated() {
                cutoffs.rollups[index] = max(cutoffs.rollups[index], cutoff(wall, ages.age(of: tier)))
            }
            cutoffs.anomalies = cutoff(wall, ages.anomalies)
            let expiry = StreamExpiry(database: database, stream: stream[0], channels: max(1, stream[2]))
            let (outcome, isDone) = try expiry.run(cutoffs, isOver: isOver)
            all.add(outcome)
            // What could have gone next is known of a stream that is done only.
            if isDone {
                pass.left.add(outcome)
                pass.next = (stream[0] as Int32).addingClamped(1)
                pass.looked += 1
            }
            if !isDone || isOver() { return (all, false) }
        }
        return (all, false)
    }

    private static func cutoff(_ wall: Int64, _ age: Int64) -> Int64 {
        age == Retention.forever ? .min : wall.subtractingReportingOverflow(age).partialValue
    }

    // MARK: The size

    private mutating func lookAtSize(_ store: PointStore, _ steady: Int64) throws {
        guard retention.maxBytes > 0 else { return }
        nextSize = steady + Self.sizeInterval
        let used = try store.pages().usedBytes
        if used > retention.ceiling(log: store.logBytes) {
            isOverSize = true
        } else if unmet != nil {
            unmet = nil
        }
    }

    /// A whole pass has not made it small enough: what is oldest goes, raw points first. A thirty-second of the time that
    /// they cover at once.
    private mutating func press(_ store: PointStore, _ left: StreamExpiry.Outcome, _ steady: Int64) throws {
        self.left = left
        // Points that are not in chunks yet go first, before anything coarser.
        if waitsForRows {
            try store.seal()
            (isFilled, waitsForRows) = (false, false)
            return
        }
        let newest = try store.read("read the newest time of") { database in
            try Int64.fetchOne(database, sql: "SELECT max(last_time) FROM rolled") ?? 0
        }
        func further(_ oldest: Int64) -> Int64 {
            let span = newest.subtractingReportingOverflow(oldest)
            return oldest.addingClamped(max(1, span.overflow ? 1 : span.partialValue / 32))
        }
        if let oldest = left.oldestRaw {
            pressure.raw = further(oldest)
        } else if let oldest = left.oldestRollups[0] {
            pressure.rollups[0] = further(oldest).addingClamped(RollupTier.fiveMinutes.width)
        } else if let oldest = left.oldestRollups[1] {
            pressure.rollups[1] = further(oldest).addingClamped(RollupTier.oneHour.width)
        } else {
            let used = try store.pages().usedBytes
            unmet =
                "The database has \(used >> 20) MiB in use that must stay (models, points that a restart may need, "
                + "anomalies), and retention.max_size leaves room for \(retention.ceiling(log: 0) >> 20) MiB. "
                + "Raise it, or have fewer streams"
            (isOverSize, pressure, self.left) = (false, StreamExpiry.Cutoffs(), nil)
            nextSize = steady + Self.unmetInterval
        }
    }

    // MARK: Free pages

    private mutating func giveBack(_ store: PointStore, _ clock: ContinuousClock) throws -> Bool {
        let pages = try store.pages()
        if release == nil {
            let excess = pages.freeBytes - allowance(pages, store)
            // Down to a little less than what would begin it.
            if excess <= 0 { return false }
            let bytes = isAsked ? excess : min(pages.freeBytes, excess + Self.slack / 2)
            release = (bytes, bytes, 64)
        }
        guard var work = release else { return false }
        let most = min(work.pages, max(1, work.left / max(1, pages.size)))
        let time = try clock.measure { try store.release(most) }
        let released = (pages.count - (try store.pages().count)) * pages.size
        work.left -= released
        work.pages = time > .microseconds(Self.stepTime) ? max(16, work.pages / 2) : min(4096, work.pages * 2)
        phase = .releasing(done: work.of - work.left, of: work.of)
        release = released > 0 && work.left > 0 ? work : nil
        if release == nil { try store.copyLog() }
        return release != nil
    }

    /// Bytes in free pages that are left in the file: what the hot table needs again and again, and some for growth, unless
    /// the file is too large.
    private func allowance(_ pages: PointStore.Pages, _ store: PointStore) -> Int64 {
        if isAsked { return 0 }
        // Nothing was deleted: then what is free has been used, and will be.
        let usual = max(Self.slack, pages.fileBytes / 16) + store.hot.peakBytes
        return retention.maxBytes > 0
            ? min(usual, max(0, retention.ceiling(log: store.logBytes) - pages.usedBytes)) : usual
    }
}

extension StoreUpkeep.Deleted {
    fileprivate init(_ outcome: StreamExpiry.Outcome) {
        (points, rollups, anomalies) = (outcome.points, outcome.rollups, outcome.anomalies)
    }
}

extension FixedWidthInteger {
    /// The sum, or the largest or smallest number where that is beyond.
    func addingClamped(_ other: Self) -> Self {
        let sum = addingReportingOverflow(other)
        return sum.overflow ? (other < 0 ? .min : .max) : sum.partialValue
    }
}
