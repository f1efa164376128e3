import AnomalyDetection
import CPoints
import GRDB

/// Looks at all rows of one stream, on the caller's snapshot.
struct StreamVerification {
    let database: Database
    let stream: StreamRecord
    let parts: StoreSchema.Parts

    func run(_ report: inout VerifyReport) throws {
        let first = try points(&report)
        try anomalies(since: first, &report)
        try checkpoints(&report)
        if parts.contains(.steering) { try snapshots(&report) }
        if parts.contains(.events) { try events(since: first, &report) }
        if parts.contains(.hindsight) { try hindsight(&report) }
        if parts.contains(.rollups) {
            try RollupVerification(database: database, stream: stream, parts: parts).run(since: first, &report)
        }
    }

    /// - returns: The time of the first point; nil if there is none.
    private func points(_ report: inout VerifyReport) throws -> Int64? {
        let statement = try database.cachedStatement(
            sql: "SELECT time, channel, sequence FROM \(parts.rowTable) WHERE stream_id = ?1 ORDER BY time, channel")
        statement.bind(stream.id, at: 1)
        var first: Int64?
        var last: (time: Int64, sequence: Int64)?
        /// Channels of the point at hand that have been seen, or -1 once it has been complained of.
        var channels = stream.channels
        var (points, values): (Int64, Int64) = (0, 0)
        var faults: [(String, at: Int64)] = []
        try statement.forEachRow { row in
            let (time, channel, sequence) = (row.int64(0), row.int64(1), row.int64(2))
            values += 1
            // A late point that was kept has no place among the others.
            if sequence == 0 {
                if channel == 0 { points += 1 }
                return true
            }
            if time == last?.time {
                if channels >= 0,
                    channel != Int64(channels) || sequence != last?.sequence || channels == stream.channels
                {
                    faults.append(("a point has other channels than 0 to \(stream.channels - 1)", time))
                    channels = -1
                } else if channels >= 0 {
                    channels += 1
                }
                return true
            }
            if channels >= 0, channels != stream.channels, let last {
                faults.append(("a point has \(channels) values, expected \(stream.channels)", last.time))
            }
            channels = channel == 0 ? 1 : -1
            if channel != 0 { faults.append(("a point has no channel 0", time)) }
            if let last, sequence != last.sequence + 1 {
                let text =
                    sequence > last.sequence
                    ? "\(sequence - last.sequence - 1) points are missing after point \(last.sequence)"
                    : "point \(last.sequence) is followed by point \(sequence)"
                faults.append((text, time))
            }
            if last == nil {
                first = time
                if sequence < 1 { faults.append(("the first point has the number \(sequence)", time)) }
            }
            last = (time, sequence)
            points += 1
            return true
        }
        if channels >= 0, channels != stream.channels, let last {
            faults.append(("a point has \(channels) values, expected \(stream.channels)", last.time))
        }
        for fault in faults { report.add(.points, stream: stream.name, "\(fault.0) (time \(fault.at))") }
        report.points += points
        report.values += values
        return parts.contains(.packed) ? try packedPoints(first: first, last: last, &report) : first
    }

    /// - Parameters:
    ///   - first: the time of the first point that has rows; nil if none has.
    ///   - last: the newest one of these; the packed points follow it.
    /// - returns: The time of the first point of all; nil if there is none.
    private func packedPoints(
        first: Int64?, last: (time: Int64, sequence: Int64)?, _ report: inout VerifyReport
    ) throws -> Int64? {
        var (first, last) = (first, last)
        for tier in PackedQueries.Tier.allCases {
            let rows = try database.cachedStatement(
                sql: """
                    SELECT \(tier.columns), last_time FROM \(tier.rawValue) WHERE stream_id = ?1 AND channel = 0 ORDER BY first_time
                    """)
            rows.bind(stream.id, at: 1)
            try rows.forEachRow { row in
                let (start, sequence, count) = (row.int64(0), row.int64(1), row.int64(2))
                func fault(_ text: String) { report.add(.points, stream: stream.name, "\(text) (time \(start))") }
                if let last, sequence != last.sequence + 1 {
                    fault(
                        sequence > last.sequence
                            ? "\(sequence - last.sequence - 1) points are missing after point \(last.sequence)"
                            : "point \(last.sequence) is followed by point \(sequence)")
                } else if last == nil, sequence < 1 {
                    fault("the first point has the number \(sequence)")
                }
                do {
                    let points = try PackedQueries.points(in: row, tier, of: stream.id)
                    if let last, start <= last.time { fault("points are not in the order of time") }
                    if zip(points, points.dropFirst()).contains(where: { $0.time >= $1.time }) {
                        fault("points are not in the order of time")
                    }
                    if points[points.count - 1].time != row.int64(5) { fault("the time of the last point is wrong") }
                    try compareChannels(with: points, tier, at: start, &report)
                } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
                    report.add(.points, stream: stream.name, error.message ?? "points are damaged")
                }
                first = first ?? start
                last = (row.int64(5), sequence + count - 1)
                report.points += count
                report.values += count * Int64(stream.channels)
                return true
            }
            // Rows of channels that the stream has not, or at times at which the first channel has none.
            let strays = try Int64.fetchOne(
                database,
                sql: """
                    SELECT count(*) FROM \(tier.rawValue) AS it WHERE stream_id = ?1 AND channel <> 0 AND (channel >= ?2
                        OR NOT EXISTS (SELECT 1 FROM \(tier.rawValue)
                            WHERE stream_id = ?1 AND channel = 0 AND first_time = it.first_time))
                    """, arguments: [stream.id, stream.channels])
            if let strays, strays > 0 {
                report.add(.points, stream: stream.name, "\(strays) rows of \(tier.rawValue) belong to no point")
            }
        }
        return first
    }

    private func compareChannels(
        with first: [anomalyd_point], _ tier: PackedQueries.Tier, at time: Int64, _ report: inout VerifyReport
    ) throws {
        for channel in 1..<max(1, stream.channels) {
            let others = try PackedQueries.points(
                database, tier, of: stream.id, channel: channel, at: time, expecting: first.count)
            if zip(first, others).contains(where: { $0.time != $1.time || $0.flags != $1.flags }) {
                report.add(.points, stream: stream.name, "channel \(channel) has other times or flags (time \(time))")
            }
        }
    }

    /// An anomaly that began before the first point is left alone: those points may be in an earlier file.
    private func anomalies(since first: Int64?, _ report: inout VerifyReport) throws {
        let count = try Int64.fetchOne(
            database, sql: "SELECT count(*) FROM anomaly WHERE stream_id = ?", arguments: [stream.id])
        report.anomalies += count ?? 0
        guard let first else { return }
        let events = parts.contains(.events) ? try EventQueries.events(database, of: stream.id, from: 0) : []
        var lookup = PointLookup(database, stream: stream.id, parts: parts)
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT id, start_sequence, start_time, peak_time, end_time FROM anomaly
                WHERE stream_id = ?1 AND start_time >= ?2 ORDER BY start_time
                """, arguments: [stream.id, first])
        for row in rows {
            let (sequence, start, peak, end) = (row[1], row[2], row[3], row[4]) as (Int64, Int64, Int64, Int64)
            // It can begin, peak and end at a point, or at an event behind the point before.
            let event = events.first { $0.time == start && $0.sequence + 1 == sequence }
            let begins = try event != nil || lookup.sequence(at: start) == sequence
            func isPlace(_ time: Int64) throws -> Bool {
                try events.contains { $0.time == time } || lookup.sequence(at: time) != nil
            }
            if start <= peak, peak <= end, try begins && isPlace(peak) && isPlace(end) { continue }
            report.add(
                .anomalies, stream: stream.name,
                "anomaly \(row[0] as Int64), from point \(sequence) on, does not begin, peak and end at points")
        }
    }

    private func events(since first: Int64?, _ report: inout VerifyReport) throws {
        guard let first else { return }
        var strays = 0
        for event in try EventQueries.events(database, of: stream.id, from: 0) where event.time >= first {
            let before = try sequence(before: event.time)
            if before != event.sequence { strays += 1 }
        }
        if strays > 0 {
            report.add(.anomalies, stream: stream.name, "\(strays) events do not stand behind their points")
        }
    }

    /// The number of the newest point at this time or before it that is not late.
    private func sequence(before time: Int64) throws -> Int64? {
        var request = PageRequest(
            stream: stream.id, channels: stream.channels, from: .min, to: time, order: .newestFirst, points: 16,
            isWanted: { flags, _ in !flags.contains(.late) })
        while true {
            let page = try PointPage(database, request, parts: parts)
            if let point = page.points.first { return point.sequence }
            guard let end = page.end else { return nil }
            request.goOn(behind: end)
        }
    }

    private func checkpoints(_ report: inout VerifyReport) throws {
        for slot in try CheckpointQueries.slots(database, of: stream.id, before: .max) {
            report.checkpoints += 1
            do {
                if try CheckpointQueries.record(database, of: stream.id, in: slot) != nil { continue }
                report.add(
                    .checkpoints, stream: stream.name, "the checksum of the model at point \(slot.sequence) is wrong")
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
                report.add(.checkpoints, stream: stream.name, "the model at point \(slot.sequence) cannot be read")
            }
        }
    }

    private func snapshots(_ report: inout VerifyReport) throws {
        for snapshot in try SnapshotQueries.snapshots(database, of: [stream.id]) {
            do {
                if case .found = try SnapshotQueries.state(database, of: stream.id, in: snapshot.id) { continue }
                report.add(.checkpoints, stream: stream.name, "the checksum of snapshot \(snapshot.id) is wrong")
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
                report.add(.checkpoints, stream: stream.name, "snapshot \(snapshot.id) cannot be read")
            }
        }
    }

    private func hindsight(_ report: inout VerifyReport) throws {
        let rows = try database.cachedStatement(
            sql: """
                SELECT time, channel, NOT EXISTS (SELECT 1 FROM hindsight_run WHERE id = run_id)
                FROM hindsight WHERE stream_id = ?1 ORDER BY time, channel
                """)
        rows.bind(stream.id, at: 1)
        var lookup = PointLookup(database, stream: stream.id, parts: parts)
        var (pointless, runless) = (0, 0)
        try rows.forEachRow { row in
            if row.int64(1) == 0 { report.hindsightPoints += 1 }
            if try lookup.sequence(at: row.int64(0)) == nil || row.int64(1) >= Int64(stream.channels) { pointless += 1 }
            if row.int64(2) != 0 { runless += 1 }
            return true
        }
        for (number, what) in [(pointless, "a point that does not exist"), (runless, "no run")] where number > 0 {
            report.add(.hindsight, stream: stream.name, "\(number) values of hindsight belong to \(what)")
        }
    }
}
