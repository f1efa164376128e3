import AnomalyConfiguration
import AnomalyDetection
import ControlProtocol
import Foundation
import PointStore
import Synchronization

/// Tells clients of the control socket of points as soon as shards have scored them, before they are stored. A thread of
/// its own, which shards never wait for: what it has no room for is counted as missed.
final class VerdictFollowers: Sendable {
    /// Hands a line to a follower; `left` is called once it is on its way.
    typealias Send = @Sendable (_ line: [UInt8], _ left: @escaping @Sendable () -> Void) -> Void

    /// Rows that wait for the thread, and bytes that wait for one follower.
    private static let mostRows = 262_144
    private static let mostBytes = 8 << 20
    /// Rows of a line, roughly.
    private static let rowsInLine = 256

    /// Seconds after which the thread looks whether there is something all the same.
    private static let nap = 60.0

    private enum Message: Sendable {
        case points([PointRow])
        case add(Int, Follower)
        case remove(Int)
        case end
    }

    /// Belongs to the thread, but for what waits.
    private struct Follower: Sendable {
        let globs: [Glob]?
        let request: FollowRequest
        let send: Send
        let waiting = Waiting()
        var missed: Int64 = 0
        /// The streams that it was looked at for; nil for those that it does not want.
        var streams: [Int32: StreamRecord?] = [:]
    }

    private final class Waiting: Sendable {
        let bytes = Atomic<Int>(0)
    }

    private let directory: StreamDirectory
    private let queue = BoundedQueue<Message>(capacity: mostRows)
    private let number = Atomic<Int>(0)
    private let count = Atomic<Int>(0)
    private let missed = Atomic<Int64>(0)

    init(_ directory: StreamDirectory) { self.directory = directory }

    func start() { StageThread.start("followers") { [self] in run() } }

    func stop() { _ = queue.pushWithoutWaiting(.end, weight: 0) }

    /// Whether anybody follows. A look at one number, as shards ask it for each batch.
    var isWanted: Bool { count.load(ordering: .relaxed) > 0 }

    /// Takes what a shard has scored.
    func tell(_ points: [PointRow]) {
        if points.isEmpty { return }
        guard queue.weight < Self.mostRows else { return missed.add(points.count) }
        _ = queue.pushWithoutWaiting(.points(points), weight: points.count)
    }

    /// - Parameter most: so many may follow.
    /// - Returns: what `remove` takes.
    /// - Throws: `ControlError` if too many do, or a pattern is none.
    func add(_ request: FollowRequest, most: Int, send: @escaping Send) throws(ControlError) -> Int {
        let globs: [Glob]?
        do {
            globs = try request.streams?.map { try Glob($0) }
        } catch {
            throw ControlError(code: .badRequest, message: "\(error)")
        }
        guard count.wrappingAdd(1, ordering: .relaxed).newValue <= most else {
            count.wrappingSubtract(1, ordering: .relaxed)
            throw ControlError(code: .unavailable, message: "\(most) clients follow already")
        }
        let number = number.wrappingAdd(1, ordering: .relaxed).newValue
        _ = queue.pushWithoutWaiting(.add(number, Follower(globs: globs, request: request, send: send)), weight: 0)
        return number
    }

    func remove(_ number: Int) {
        count.wrappingSubtract(1, ordering: .relaxed)
        _ = queue.pushWithoutWaiting(.remove(number), weight: 0)
    }

    // MARK: The thread

    private func run() {
        var followers: [Int: Follower] = [:]
        while true {
            for message in queue.takeAll(until: Date(timeIntervalSinceNow: Self.nap)) {
                switch message {
                case .points(let rows):
                    let lost = missed.exchange(0, ordering: .relaxed)
                    for (number, var follower) in followers {
                        follower.missed += lost
                        tell(&follower, rows)
                        followers[number] = follower
                    }
                case .add(let number, var follower):
                    Self.send([], to: &follower)
                    followers[number] = follower
                case .remove(let number): followers[number] = nil
                case .end: return
                }
            }
        }
    }

    /// Rows of one point lie together.
    private func tell(_ follower: inout Follower, _ rows: [PointRow]) {
        var points: [FollowReply.Point] = []
        var (start, taken) = (0, 0)
        while start < rows.count {
            let first = rows[start]
            var end = start + 1
            while end < rows.count, rows[end].stream == first.stream, rows[end].sequence == first.sequence { end += 1 }
            if let record = wanted(&follower, first) {
                points.append(FollowReply.Point(rows[start..<end], of: record))
                taken += end - start
                if taken >= Self.rowsInLine {
                    Self.send(points, to: &follower)
                    (points, taken) = ([], 0)
                }
            }
            start = end
        }
        if !points.isEmpty { Self.send(points, to: &follower) }
    }

    /// The stream of a row; nil if the follower does not want it.
    private func wanted(_ follower: inout Follower, _ row: PointRow) -> StreamRecord? {
        if follower.request.anomaliesOnly == true, !row.flags.contains(.anomaly) { return nil }
        if let least = follower.request.minimumScore, !(row.score >= least) { return nil }
        if let known = follower.streams[row.stream] { return known }
        let record = directory.record(of: row.stream).flatMap { record in
            // A name stands for itself even where it looks like a pattern.
            let isWanted = follower.globs?.contains { $0.pattern == record.name || $0.matches(record.name) }
            return isWanted ?? true ? record : nil
        }
        follower.streams[row.stream] = .some(record)
        return record
    }

    private static func send(_ points: [FollowReply.Point], to follower: inout Follower) {
        guard follower.waiting.bytes.load(ordering: .relaxed) < mostBytes,
            let line = try? ControlLine.encode(
                ControlReply.follow(FollowReply(points: points, missed: follower.missed)))
        else {
            follower.missed += Int64(points.count)
            return
        }
        follower.missed = 0
        let waiting = follower.waiting
        waiting.bytes.wrappingAdd(line.count, ordering: .relaxed)
        follower.send(line) { waiting.bytes.wrappingSubtract(line.count, ordering: .relaxed) }
    }
}

extension FollowReply.Point {
    /// - Parameter rows: of one point, one for each channel.
    fileprivate init(_ rows: ArraySlice<PointRow>, of record: StreamRecord) {
        func number(_ number: Double) -> Double? { number.isFinite ? number : nil }
        let first = rows[rows.startIndex]
        self.init(
            id: record.id, stream: record.name, sequence: first.sequence, time: first.time, score: number(first.score),
            flags: Int64(first.flags.rawValue),
            channels: rows.map { row in
                [row.value, row.prediction, row.lower, row.upper, row.residual].map(number)
            })
    }
}
