import AnomalyDetection
import CPoints
import GRDB

/// Compares the roll-ups of one stream with the points that they sum up, as far as these have not expired.
struct RollupVerification {
    /// Share by which a mean may differ that was put together from several.
    private static let tolerance = 1e-9

    let database: Database
    let stream: StreamRecord
    let parts: StoreSchema.Parts

    /// The points of a bucket.
    private struct Sum {
        var count: Int64 = 0
        var missing: Int64 = 0
        var anomalies: Int64 = 0
        var minimum = Double.infinity
        var maximum = -Double.infinity
        var sum = 0.0
        var worst = Double.nan

        mutating func add(_ value: Double, _ score: Double, isAnomaly: Bool) {
            if value.isNaN {
                missing += 1
            } else {
                count += 1
                (minimum, maximum) = (min(minimum, value), max(maximum, value))
                sum += value
            }
            if !score.isNaN { worst = worst.isNaN ? score : max(worst, score) }
            if isAnomaly { anomalies += 1 }
        }

        func fits(_ row: StoredRollup.Channel) -> Bool {
            guard row.count == count, row.missing == missing, row.anomalies == anomalies,
                row.worstScore == worst || row.worstScore.isNaN && worst.isNaN
            else { return false }
            if count == 0 { return row.minimum.isNaN && row.maximum.isNaN && row.mean.isNaN }
            let size = max(minimum.magnitude, maximum.magnitude)
            // The smallest numbers have fewer digits.
            let error = max(RollupVerification.tolerance * size, .leastNormalMagnitude)
            return row.minimum == minimum && row.maximum == maximum
                && (!sum.isFinite || (row.mean - sum / Double(count)).magnitude <= error)
        }
    }

    /// - Parameter first: the time of the first point; nil if there is none.
    func run(since first: Int64?, _ report: inout VerifyReport) throws {
        guard let first, let range = try range() else { return }
        for channel in 0..<max(1, stream.channels) {
            var sums: [RollupTier: [Int64: Sum]] = [:]
            func add(_ time: Int64, _ value: Double, _ score: Double, _ flags: UInt16) {
                for tier in RollupTier.allCases {
                    sums[tier, default: [:]][tier.start(of: time), default: Sum()].add(
                        value, score, isAnomaly: flags & 4 != 0)
                }
            }
            do {
                try points(channel, in: range, add)
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
                // Whoever looked at the points has complained.
                return
            }
            for tier in RollupTier.allCases { try compare(tier, channel, sums[tier] ?? [:], since: first, &report) }
        }
    }

    /// The numbers of the points that the roll-ups have.
    private func range() throws -> ClosedRange<Int64>? {
        let row = try Row.fetchOne(
            database, sql: "SELECT first_sequence, last_sequence FROM rolled WHERE stream_id = ?",
            arguments: [stream.id])
        guard let row, case let (first, last) = (row[0] as Int64, row[1] as Int64), first <= last else { return nil }
        return first...last
    }

    private func points(
        _ channel: Int, in range: ClosedRange<Int64>,
        _ add: (_ time: Int64, _ value: Double, _ score: Double, _ flags: UInt16) -> Void
    ) throws {
        for tier in PackedQueries.Tier.allCases {
            let rows = try database.cachedStatement(
                sql: """
                    SELECT \(tier.columns) FROM \(tier.rawValue) WHERE stream_id = ?1 AND channel = ?2 ORDER BY first_time
                    """)
            rows.bind(stream.id, at: 1)
            rows.bind(Int64(channel), at: 2)
            try rows.forEachRow { row in
                let first = row.int64(1)
                for (index, point) in try PackedQueries.points(in: row, tier, of: stream.id).enumerated()
                where range.contains(first.addingClamped(Int64(index))) {
                    add(point.time, point.value, point.score, point.flags)
                }
                return true
            }
        }
        let rows = try database.cachedStatement(
            sql: "SELECT sequence, time, value, score, flags FROM point_row WHERE stream_id = ?1 AND channel = ?2")
        rows.bind(stream.id, at: 1)
        rows.bind(Int64(channel), at: 2)
        try rows.forEachRow { row in
            if row.int64(0) == 0 || range.contains(row.int64(0)) {
                add(row.int64(1), row.double(2), row.double(3), UInt16(truncatingIfNeeded: row.int64(4)))
            }
            return true
        }
    }

    private func compare(
        _ tier: RollupTier, _ channel: Int, _ sums: [Int64: Sum], since first: Int64, _ report: inout VerifyReport
    ) throws {
        var rest = sums
        var oldest: Int64?
        let part = RollupPart(stream: stream, tier: tier, times: .min ..< .max)
        let buckets: [RollupBucket]
        do {
            buckets = try RollupQueries.buckets(database, part, channel: channel, parts: parts)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
            return report.add(.rollups, stream: stream.name, "\(tier.table): \(error.message ?? "it is damaged")")
        }
        for bucket in buckets {
            oldest = oldest ?? bucket.start
            let sum = rest.removeValue(forKey: bucket.start)
            // Some of the points before the first one may have expired.
            if bucket.start > first, sum?.fits(bucket.channel) != true {
                report.add(
                    .rollups, stream: stream.name,
                    "\(tier.table) is wrong of channel \(channel) (time \(bucket.start))")
            }
        }
        // Roll-ups expire from their oldest end, too.
        for time in rest.keys.sorted() where time > first && time > oldest ?? .max {
            report.add(.rollups, stream: stream.name, "\(tier.table) lacks points of channel \(channel) (time \(time))")
        }
    }
}
