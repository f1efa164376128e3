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
    }

    /// - returns: The time of the first point; nil if there is none.
    private func points(_ report: inout VerifyReport) throws -> Int64? {
        let statement = try database.cachedStatement(
            sql: "SELECT time, channel, sequence FROM point WHERE stream_id = ?1 ORDER BY time, channel")
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
        return first
    }

    /// An anomaly that began before the first point is left alone: those points may be in an earlier file.
    private func anomalies(since first: Int64?, _ report: inout VerifyReport) throws {
        let count = try Int64.fetchOne(
            database, sql: "SELECT count(*) FROM anomaly WHERE stream_id = ?", arguments: [stream.id])
        report.anomalies += count ?? 0
        guard let first else { return }
        // Where an anomaly can begin, peak and end: at a point, or at an event behind the point before.
        let places =
            "SELECT time, sequence FROM point WHERE stream_id = ?1 AND channel = 0"
            + (parts.contains(.events) ? " UNION ALL SELECT time, sequence + 1 FROM event WHERE stream_id = ?1" : "")
        let strays = try Row.fetchAll(
            database,
            sql: """
                SELECT id, start_sequence FROM anomaly AS a
                WHERE stream_id = ?1 AND start_time >= ?2 AND NOT (
                    peak_time BETWEEN start_time AND end_time
                    AND EXISTS (SELECT 1 FROM (\(places)) WHERE time = a.start_time AND sequence = a.start_sequence)
                    AND EXISTS (SELECT 1 FROM (\(places)) WHERE time = a.end_time)
                    AND EXISTS (SELECT 1 FROM (\(places)) WHERE time = a.peak_time))
                """, arguments: [stream.id, first])
        for row in strays {
            report.add(
                .anomalies, stream: stream.name,
                "anomaly \(row[0] as Int64), from point \(row[1] as Int64) on, does not begin, peak and end at points")
        }
    }

    private func events(since first: Int64?, _ report: inout VerifyReport) throws {
        let strays = try Int64.fetchOne(
            database,
            sql: """
                SELECT count(*) FROM event AS e WHERE stream_id = ?1 AND time >= ?2 AND NOT EXISTS (
                    SELECT 1 FROM point WHERE stream_id = ?1 AND channel = 0 AND time =
                        (SELECT max(time) FROM point WHERE stream_id = ?1 AND time <= e.time AND sequence > 0)
                        AND sequence = e.sequence)
                """, arguments: [stream.id, first])
        if let strays, strays > 0 {
            report.add(.anomalies, stream: stream.name, "\(strays) events do not stand behind their points")
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
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT sum(channel = 0),
                    sum(NOT EXISTS (SELECT 1 FROM point WHERE point.stream_id = hindsight.stream_id
                        AND point.time = hindsight.time AND point.channel = hindsight.channel)),
                    sum(NOT EXISTS (SELECT 1 FROM hindsight_run WHERE id = run_id))
                FROM hindsight WHERE stream_id = ?
                """, arguments: [stream.id])
        guard let row else { return }
        report.hindsightPoints += row[0] ?? 0
        let strays: [(Int64, String)] = [(row[1] ?? 0, "a point that does not exist"), (row[2] ?? 0, "no run")]
        for (number, what) in strays where number > 0 {
            report.add(.hindsight, stream: stream.name, "\(number) values of hindsight belong to \(what)")
        }
    }
}
