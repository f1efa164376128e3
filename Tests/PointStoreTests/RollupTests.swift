import AnomalyDetection
import Foundation
import PointStore
import Testing

/// Points summed up: whatever is stored in whatever order and pieces, every point is in each table once.
@Suite struct RollupTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    /// Committed in pieces, sealed, rolled up and reopened now and then, some of them late: the tables have what a naive
    /// sum over all points has.
    @Test(arguments: 1...4) func everyPointIsCountedOnce(seed: Int) throws {
        var random = Seeded(seed)
        var history = History()
        var store = try PointStore(path: scratch.path)
        var upkeep = StoreUpkeep(Retention())
        upkeep.rollInterval = 0
        try store.store(streams: History.streams)
        var steady: Int64 = 0
        for _ in 0..<60 {
            var commit = history.next(points: Int.random(in: 1...300, using: &random), &random)
            try store.commit(&commit)
            steady += 1
            switch Int.random(in: 0..<8, using: &random) {
            case 0: try store.seal()
            case 1, 2:
                // Not always to its end.
                for _ in 0...Int.random(in: 0...2, using: &random) {
                    _ = try upkeep.step(store, wall: 0, steady: steady)
                }
            case 3:
                try store.close()
                store = try PointStore(path: scratch.path)
                upkeep = StoreUpkeep(Retention())
                upkeep.rollInterval = 0
            default: break
            }
        }
        try finish(&upkeep, store)
        try history.expectRollups(scratch.path)
        try expectSound(scratch.path)
        // The shell sees them as tables, and with names.
        let sum = try sqlite(
            scratch.path, "SELECT sum(count + missing) FROM rollup_1h WHERE stream_id = 2 AND channel = 1")
        #expect(sum == ["\(history.points[2]?.count ?? 0)"])
        let named = try sqlite(
            scratch.path,
            """
            SELECT DISTINCT stream, time GLOB '2023-11-??T??:?[05]:00Z', time_us % 300000000, count + missing > 0
            FROM named_rollup_5m WHERE stream = 'stream.1'
            """)
        #expect(named == ["stream.1|1|0|1"])
        try store.close()
    }

    /// Neighbouring buckets of a few points lie in packs, to which late ones are added, too; what SQL reads of them is what
    /// we read.
    @Test(arguments: 1...4) func bucketsArePacked(seed: Int) throws {
        var random = Seeded(seed)
        var history = History()
        let store = try PointStore(path: scratch.path)
        var upkeep = StoreUpkeep(Retention())
        upkeep.rollInterval = 0
        try store.store(streams: History.streams)
        for round in 0..<30 {
            var commit = history.next(points: Int.random(in: 1...300, using: &random), &random)
            history.addLate(to: &commit, &random)
            try store.commit(&commit)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: try store.seal()
            case 1: _ = try upkeep.step(store, wall: 0, steady: Int64(round))
            default: break
            }
        }
        try store.seal()
        try finish(&upkeep, store)
        try history.expectRollups(scratch.path)
        try expectSound(scratch.path)
        let packs = try sqlite(
            scratch.path,
            "SELECT stream_id, channel, count(*) > 2, sum(points) > 3000 FROM rollup_5m_pack GROUP BY 1, 2")
        #expect(packs == ["2|0|1|1", "2|1|1|1", "3|0|1|1"])
        #expect(
            try sqlite(scratch.path, "SELECT count(*), min(json_valid(buckets)) FROM rollup_5m_pack")[0].hasSuffix("|1")
        )
        // Page by page, from either end.
        let reader = try StoreReader(path: scratch.path)
        for stream in History.streams {
            for order in [TimeOrder.oldestFirst, .newestFirst] {
                let part = RollupPart(stream: stream, tier: .fiveMinutes, times: .min ..< .max)
                let cursor = reader.rollups([part], order: order)
                var lines: [String] = []
                while let it = try cursor.next() {
                    for (channel, sum) in it.channels.enumerated() {
                        let numbers = [sum.minimum, sum.maximum, sum.mean, sum.worstScore].map {
                            $0.isNaN ? "NULL" : String($0.bitPattern)
                        }
                        lines.append(
                            (["\(channel)", "\(it.start)", "\(sum.count)", "\(sum.missing)", "\(sum.anomalies)"]
                                + numbers)
                                .joined(separator: "|"))
                    }
                }
                let direction = order == .oldestFirst ? "" : "DESC"
                let told = try sqlite(
                    scratch.path,
                    """
                    SELECT channel, time, count, missing, anomalies, printf('%!.17g', minimum), printf('%!.17g', maximum),
                        printf('%!.17g', mean), printf('%!.17g', worst_score), width,
                        minimum IS NULL, worst_score IS NULL
                    FROM rollup_5m WHERE stream_id = \(stream.id) ORDER BY time \(direction), channel
                    """
                ).map { line in
                    let fields = line.split(separator: "|").map(String.init)
                    #expect(fields[9] == "300")
                    let numbers = fields[5...8].enumerated().map { index, number in
                        (index == 3 ? fields[11] : fields[10]) == "1" ? "NULL" : String(Double(number)!.bitPattern)
                    }
                    return (fields[..<5] + numbers).joined(separator: "|")
                }
                #expect(lines == told, "stream \(stream.id)")
            }
        }
        let names = "SELECT count(*), sum(count + missing) FROM named_rollup_5m WHERE stream = 'stream.2'"
        #expect(
            try sqlite(scratch.path, names)
                == sqlite(scratch.path, "SELECT count(*), sum(count + missing) FROM rollup_5m WHERE stream_id = 2"))
        try reader.close()
        try store.close()
    }

    /// What can't be told in steps is told as it is: no bucket changes when it is packed.
    @Test func packsHoldAnyNumber() throws {
        let values: [Double] = [
            .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude, 0.1 + 0.2, -0.0, 0, 1e15,
            -1e15,
            999_999.999999, .nan, 3, 1.0 / 3, 123.456, 1e-7,
        ]
        let store = try PointStore(path: scratch.path)
        let points = (1...2048 as ClosedRange<Int64>).map { sequence in
            PointRow(
                stream: 1, channel: 0, sequence: sequence, time: 1_700_000_000_000_000 + sequence * 150_000_000,
                value: values[Int(sequence / 2) % values.count], prediction: .nan, lower: .nan, upper: .nan,
                residual: .nan, score: sequence % 7 == 0 ? 0.3 : sequence % 5 == 0 ? .nan : 0.25, flags: [])
        }
        try store.store(streams: [stream(1)], points: points)
        try store.seal()
        #expect(try sqlite(scratch.path, "SELECT sum(points) > 1900 FROM rollup_5m_pack") == ["1"])
        let found = try sqlite(
            scratch.path,
            "SELECT time, minimum, maximum, mean FROM rollup_5m WHERE count = 2 AND minimum = maximum ORDER BY time")
        #expect(found.count > 50)
        for line in found {
            let numbers = line.split(separator: "|").dropFirst().map { Double($0)! }
            #expect(numbers[0] == numbers[1] && numbers[0] == numbers[2], "\(line)")
        }
        var upkeep = StoreUpkeep(Retention())
        try finish(&upkeep, store)
        try expectSound(scratch.path)
        // Damage is noticed.
        _ = try sqlite(scratch.path, "UPDATE rollup_5m_pack SET buckets = replace(buckets, ']', '') WHERE id = 1")
        var verification = try StoreVerification(path: scratch.path)
        let report = try verification.run()
        #expect(report.findings.contains { $0.text.contains("rollup_5m") }, "\(report.findings)")
        try store.close()
    }

    /// A file of a version that knew of no roll-ups: its chunks are added, newest first, while new points come.
    @Test func anOldFileIsSummedUpLittleByLittle() throws {
        var random = Seeded(7)
        var history = History()
        var store = try PointStore(path: scratch.path)
        try store.store(streams: History.streams)
        for _ in 0..<20 {
            var commit = history.next(points: 300, &random)
            try store.commit(&commit)
        }
        try store.seal()
        var commit = history.next(points: 50, &random)
        try store.commit(&commit)
        try store.close()
        _ = try sqlite(
            scratch.path,
            """
            DROP VIEW named_rollup_5m; DROP VIEW named_rollup_1h; DROP VIEW rollup_5m; DROP TABLE rollup_5m_row;
            DROP TABLE rollup_5m_pack; DROP TABLE rollup_1h; DROP TABLE rolled;
            DELETE FROM grdb_migrations WHERE identifier IN ('8-rollups', '10-packed-rollups');
            """)
        // Whoever may only read can read it as it is.
        #expect(try StoreReader(path: scratch.path).oldestRollups(.oneHour, of: History.streams) == [:])
        #expect(try StoreReader(path: scratch.path).newest(of: 1)?.sequence == 6050)
        store = try PointStore(path: scratch.path)
        // New points first: both ends grow.
        commit = history.next(points: 700, &random)
        try store.commit(&commit)
        try store.seal()
        var upkeep = StoreUpkeep(Retention())
        upkeep.rollInterval = 0
        _ = try upkeep.step(store, wall: 0, steady: 1)
        try store.close()
        store = try PointStore(path: scratch.path)
        upkeep = StoreUpkeep(Retention())
        try finish(&upkeep, store)
        #expect(try sqlite(scratch.path, "SELECT count(*) FROM rolled WHERE behind") == ["0"])
        try history.expectRollups(scratch.path)
        try expectSound(scratch.path)
        try store.close()
    }

    /// A file of a version that had a row for each bucket: it is read as it is, and keeps its rows when packs come.
    @Test func aFileWithoutPacksGoesOn() throws {
        var random = Seeded(11)
        var history = History()
        var store = try PointStore(path: scratch.path)
        try store.store(streams: History.streams)
        var commit = history.next(points: 900, &random)
        try store.commit(&commit)
        var upkeep = StoreUpkeep(Retention())
        try finish(&upkeep, store)
        try store.close()
        _ = try sqlite(
            scratch.path,
            """
            DROP VIEW named_rollup_5m; DROP VIEW rollup_5m; DROP TABLE rollup_5m_pack;
            ALTER TABLE rollup_5m_row RENAME TO rollup_5m;
            CREATE VIEW named_rollup_5m AS SELECT * FROM rollup_5m;
            DELETE FROM grdb_migrations WHERE identifier = '10-packed-rollups';
            """)
        try history.expectRollups(scratch.path)
        try expectSound(scratch.path)
        store = try PointStore(path: scratch.path)
        try history.expectRollups(scratch.path)
        #expect(try sqlite(scratch.path, "SELECT count(*) FROM rollup_5m_pack") == ["0"])
        commit = history.next(points: 900, &random)
        try store.commit(&commit)
        try store.seal()
        upkeep = StoreUpkeep(Retention())
        try finish(&upkeep, store)
        // The rows of a chunk that is full now are packed with what has come since.
        #expect(
            try sqlite(scratch.path, "SELECT DISTINCT stream_id FROM rollup_5m_pack ORDER BY 1") == ["2", "3"])
        try history.expectRollups(scratch.path)
        try expectSound(scratch.path)
        try store.close()
    }

    /// What a point of no value, of the largest ones or of a time before 1970 makes of a bucket.
    @Test func strangePoints() throws {
        let store = try PointStore(path: scratch.path)
        let values: [Double] = [.nan, -.greatestFiniteMagnitude, .greatestFiniteMagnitude, .nan, 0.1, 0.1, 0.1]
        let times: [Int64] = [-700_000_000, -400_000_000, -399_000_000, -1, 0, 1, 2]
        let points = zip(values, times).enumerated().map { index, point in
            PointRow(
                stream: 1, channel: 0, sequence: Int64(index + 1), time: point.1, value: point.0, prediction: .nan,
                lower: .nan, upper: .nan, residual: .nan, score: index == 5 ? 0.75 : .nan,
                flags: index == 5 ? .anomaly : [])
        }
        try store.store(streams: [stream(1)], points: points)
        var upkeep = StoreUpkeep(Retention())
        try finish(&upkeep, store)
        #expect(
            try sqlite(
                scratch.path,
                "SELECT time / 1000000, count, missing, anomalies, minimum < -1e308, mean, worst_score FROM rollup_5m ORDER BY time"
            )
                == [
                    "-900|0|1|0|NULL|NULL|NULL", "-600|2|0|0|1|0.0|NULL",
                    "-300|0|1|0|NULL|NULL|NULL", "0|3|0|1|0|0.1|0.75",
                ])
        try expectSound(scratch.path)
        try store.close()
    }

    @Test func verifyFindsWrongSums() throws {
        let store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(1, "a")], points: rows(1, 1...3000))
        try store.seal()
        var upkeep = StoreUpkeep(Retention())
        try finish(&upkeep, store)
        try store.close()
        try expectSound(scratch.path)
        for (change, finding) in [
            ("UPDATE rollup_5m_row SET maximum = maximum + 1 WHERE time = 1700001900000000", "rollup_5m is wrong"),
            ("UPDATE rollup_1h SET count = count + 1 WHERE time = 1700002800000000", "rollup_1h is wrong"),
            ("DELETE FROM rollup_5m_row WHERE time = 1700001900000000", "rollup_5m lacks points"),
            ("INSERT INTO rolled VALUES (9, 1, 1, 1, 0)", "table rolled has rows of stream 9"),
        ] {
            let copy = scratch.directory + "/copy.db"
            try? FileManager.default.removeItem(atPath: copy)
            try FileManager.default.copyItem(atPath: scratch.path, toPath: copy)
            _ = try sqlite(copy, change)
            var verification = try StoreVerification(path: copy)
            let report = try verification.run()
            #expect(report.findings.contains { $0.text.contains(finding) }, "\(change): \(report.findings)")
        }
    }

    /// Roll-ups outlive their points, and a salvage.
    @Test func salvageKeepsThem() throws {
        var random = Seeded(3)
        var history = History()
        let store = try PointStore(path: scratch.path)
        try store.store(streams: History.streams)
        for _ in 0..<10 {
            var commit = history.next(points: 300, &random)
            try store.commit(&commit)
        }
        try store.seal()
        var commit = history.next(points: 40, &random)
        try store.commit(&commit)
        var upkeep = StoreUpkeep(Retention())
        try finish(&upkeep, store)
        try store.close()
        // As if it had expired.
        _ = try sqlite(scratch.path, "DELETE FROM chunk WHERE stream_id = 1 AND first_sequence < 2049")
        let new = scratch.directory + "/new.db"
        var salvage = try Salvage(scratch.path, to: new)
        _ = try salvage.run()
        try history.expectRollups(new)
        try expectSound(new)
        // And a writer goes on with it, adding nothing twice.
        let salvaged = try PointStore(path: new)
        try salvaged.seal()
        upkeep = StoreUpkeep(Retention())
        try finish(&upkeep, salvaged)
        try history.expectRollups(new)
        try salvaged.close()
    }
}

/// Does all that there is to do.
func finish(_ upkeep: inout StoreUpkeep, _ store: PointStore, wall: Int64 = 0, steady: Int64 = 1 << 50) throws {
    upkeep.ask()
    for _ in 0..<100_000 where try upkeep.step(store, wall: wall, steady: steady) != nil { return }
    throw NothingThrown()
}

func expectSound(_ path: String) throws {
    var verification = try StoreVerification(path: path)
    let report = try verification.run()
    #expect(report.isSound, "\(report.findings)")
}

/// Points of three streams, of 1, 2 and 1 channels, the last of which speaks once in ten minutes.
struct History {
    static let streams = [stream(1), stream(2, channels: 2), stream(3)]
    private static let steps: [Int32: Int64] = [1: 1_000_000, 2: 20_000_000, 3: 600_000_000]

    struct Point {
        var time: Int64
        var values: [Double]
        var score: Double
        var flags: PointFlags
    }

    /// By stream: all that were ever stored, late ones among them.
    var points: [Int32: [Point]] = [:]
    private(set) var sequences: [Int32: Int64] = [:]
    private(set) var newest: [Int32: Int64] = [:]

    mutating func next(points count: Int, _ random: inout Seeded) -> Commit {
        var commit = Commit()
        for stream in Self.streams {
            for _ in 0..<count {
                let step = Self.steps[stream.id] ?? 1
                let time = (newest[stream.id] ?? 1_700_000_000_000_000) + Int64.random(in: 1...2 * step, using: &random)
                let sequence = (sequences[stream.id] ?? 0) + 1
                let point = point(stream.channels, time, &random)
                for (channel, value) in point.values.enumerated() {
                    commit.points.append(
                        PointRow(
                            stream: stream.id, channel: Int32(channel), sequence: sequence, time: time, value: value,
                            prediction: .nan, lower: .nan, upper: .nan, residual: .nan, score: point.score,
                            flags: point.flags))
                }
                points[stream.id, default: []].append(point)
                (sequences[stream.id], newest[stream.id]) = (sequence, time)
            }
        }
        // A late one, at a time at which there is no other.
        let late = Point(
            time: 1_700_000_000_000_000 - Int64.random(in: 1...1_000_000_000_000, using: &random), values: [1.5],
            score: .nan, flags: .late)
        late.values.withUnsafeBufferPointer { commit.append(late: late.time, values: $0, of: 1) }
        points[1, default: []].append(late)
        return commit
    }

    /// Points that come late, between others.
    mutating func addLate(to commit: inout Commit, _ random: inout Seeded) {
        for stream in Self.streams where Bool.random(using: &random) {
            guard let newest = newest[stream.id] else { continue }
            let time = Int64.random(in: 1_700_000_000_000_000...newest, using: &random)
            guard points[stream.id]?.contains(where: { $0.time == time }) == false else { continue }
            let late = Point(
                time: time, values: (0..<stream.channels).map { 200.5 + Double($0) }, score: .nan, flags: .late)
            late.values.withUnsafeBufferPointer { commit.append(late: time, values: $0, of: stream.id) }
            points[stream.id, default: []].append(late)
        }
    }

    private func point(_ channels: Int, _ time: Int64, _ random: inout Seeded) -> Point {
        Point(
            time: time,
            values: (0..<channels).map { _ in
                Int.random(in: 0..<20, using: &random) == 0 ? .nan : Double.random(in: -100...100, using: &random)
            },
            score: Int.random(in: 0..<9, using: &random) == 0
                ? .nan : (Double.random(in: 0...1, using: &random) * 4096).rounded() / 4096,
            flags: Int.random(in: 0..<50, using: &random) == 0 ? .anomaly : [])
    }

    /// Compares the tables with sums over all points.
    func expectRollups(_ path: String, _ tiers: [RollupTier] = RollupTier.allCases) throws {
        let reader = try StoreReader(path: path)
        for tier in tiers {
            for stream in Self.streams {
                let cursor = reader.rollups([RollupPart(stream: stream, tier: tier, times: .min ..< .max)])
                var found: [Int64: StoredRollup] = [:]
                var last = Int64.min
                while let rollup = try cursor.next() {
                    #expect(rollup.start > last)
                    last = rollup.start
                    found[rollup.start] = rollup
                }
                let buckets = Dictionary(grouping: points[stream.id] ?? []) { point in
                    point.time - ((point.time % tier.width) + tier.width) % tier.width
                }
                #expect(found.count == buckets.count, "\(tier) of stream \(stream.id)")
                for (start, points) in buckets {
                    guard let rollup = found[start] else {
                        Issue.record("\(tier) of stream \(stream.id) lacks \(start)")
                        continue
                    }
                    for channel in 0..<stream.channels {
                        Self.compare(points, channel, rollup.channels[channel], "\(tier)")
                    }
                }
            }
        }
        try reader.close()
    }

    private static func compare(_ points: [Point], _ channel: Int, _ sum: StoredRollup.Channel, _ what: String) {
        let values = points.map { $0.values[channel] }.filter { !$0.isNaN }
        let mean = values.reduce(0, +) / Double(max(1, values.count))
        #expect(
            sum.count == values.count && sum.missing == points.count - values.count
                && sum.anomalies == points.count { $0.flags.contains(.anomaly) }
                && (values.isEmpty ? sum.minimum.isNaN : sum.minimum == values.min() && sum.maximum == values.max())
                && (values.isEmpty ? sum.mean.isNaN : (sum.mean - mean).magnitude < 1e-9), "\(what): \(sum)")
        let worst = points.map(\.score).filter { !$0.isNaN }.max()
        #expect(worst.map { $0 == sum.worstScore } ?? sum.worstScore.isNaN, "\(what)")
    }
}
