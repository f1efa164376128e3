import AnomalyDetection
import Foundation
import PointStore
import Testing

/// What expires and what does not.
@Suite struct RetentionTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    private static let second: Int64 = 1_000_000
    private static let hour = 3600 * second
    /// The time of point 0 of `rows`.
    private static let start: Int64 = 1_700_000_000_000_000

    private func checkpoint(_ stream: Int32, _ sequence: Int64) -> CheckpointRecord {
        CheckpointRecord(stream: stream, sequence: sequence, state: [UInt8](repeating: 7, count: 300))
    }

    private func ages(raw: Int64 = Retention.forever, fiveMinutes: Int64 = Retention.forever) -> Retention {
        Retention(
            .init(raw: raw, fiveMinutes: fiveMinutes, oneHour: Retention.forever, anomalies: Retention.forever))
    }

    private func sequences(_ stream: Int32) throws -> [Int64] {
        try StoreReader(path: scratch.path).all { $0.streams = [stream] }.map(\.sequence)
    }

    /// Random points and checkpoints, with expiry in between: what is left is a tail that a restart can be made of, the
    /// roll-ups have everything, and the file is sound.
    @Test(arguments: 1...4) func onlyWhatIsOldAndNotNeededGoes(seed: Int) throws {
        var random = Seeded(seed)
        var history = History()
        var store = try PointStore(path: scratch.path)
        try store.store(streams: History.streams)
        let retention = ages(raw: Self.hour)
        var upkeep = StoreUpkeep(retention)
        var floors: [Int32: [Int64]] = [:]
        for round in 0..<40 {
            var commit = history.next(points: 200, &random)
            for stream in History.streams where Int.random(in: 0..<4, using: &random) == 0 {
                let sequence = history.sequences[stream.id] ?? 0
                commit.checkpoints.append(checkpoint(stream.id, sequence))
                floors[stream.id] = (floors[stream.id] ?? []).suffix(1) + [sequence]
            }
            try store.commit(&commit)
            let wall = history.newest.values.max() ?? 0
            switch Int.random(in: 0..<4, using: &random) {
            case 0: try finish(&upkeep, store, wall: wall, steady: Int64(round) << 40)
            case 1:
                for _ in 0..<3 { _ = try upkeep.step(store, wall: wall, steady: Int64(round) << 40) }
            case 2:
                try store.close()
                store = try PointStore(path: scratch.path)
                upkeep = StoreUpkeep(retention)
            default: break
            }
            for stream in History.streams {
                let left = try sequences(stream.id).filter { $0 > 0 }
                let last = try #require(history.sequences[stream.id])
                let first = left.first ?? last + 1
                #expect(left == Array(first..<last + 1), "without gaps, to the newest")
                #expect(first <= (floors[stream.id]?.first ?? 0) + 1, "what a restart needs is there")
                var replayed: [Int64] = []
                try store.replay(of: stream.id, after: floors[stream.id]?.first ?? 0) { sequence, _, _, _ in
                    replayed.append(sequence)
                }
                #expect(replayed == Array((floors[stream.id]?.first ?? 0) + 1..<last + 1))
                #expect(try store.newest(of: stream.id)?.sequence == last)
            }
        }
        try finish(&upkeep, store, wall: history.newest.values.max() ?? 0, steady: 1 << 60)
        try history.expectRollups(scratch.path)
        try expectSound(scratch.path)
        #expect(try sequences(3).first ?? .max > 1024)
        try store.close()
    }

    /// Without a checkpoint that can be read, a model can only come of all points.
    @Test func nothingGoesWithoutAGoodCheckpoint() throws {
        let store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(1)], points: rows(1, 1...5000))
        var upkeep = StoreUpkeep(ages(raw: Self.second))
        try finish(&upkeep, store, wall: Self.start + 100 * Self.hour)
        #expect(try sequences(1).count == 5000)
        try store.store(checkpoints: [checkpoint(1, 3000), checkpoint(1, 4500)])
        _ = try sqlite(scratch.path, "UPDATE checkpoint SET checksum = 1")
        try finish(&upkeep, store, wall: Self.start + 100 * Self.hour, steady: 1 << 51)
        #expect(try sequences(1).count == 5000)
        // One that is good is enough, but what the older one needs stays.
        try store.store(checkpoints: [checkpoint(1, 4501)])
        try finish(&upkeep, store, wall: Self.start + 100 * Self.hour, steady: 1 << 52)
        #expect(try sequences(1).first == 4097)
        #expect(upkeep.takeDeleted().points == 4096)
        try store.store(checkpoints: [checkpoint(1, 4502)])
        try expectSound(scratch.path)
        try store.close()
    }

    @Test func streamsHaveAgesOfTheirOwn() throws {
        let store = try PointStore(path: scratch.path)
        try store.store(
            streams: [stream(1, "short"), stream(2, "long")], points: rows(1, 1...7000) + rows(2, 1...7000),
            checkpoints: [checkpoint(1, 6999), checkpoint(1, 7000), checkpoint(2, 6999), checkpoint(2, 7000)])
        let short = Retention.Ages(
            raw: Self.hour, fiveMinutes: Self.hour, oneHour: Retention.forever, anomalies: Retention.forever)
        var upkeep = StoreUpkeep(
            Retention(shortest: short, maxBytes: 0) { $0 == "short" ? short : Retention.Ages() })
        try finish(&upkeep, store, wall: Self.start + 7000 * Self.second)
        // Points before number 3400 are older than an hour: chunks of 1 to 1024, 2048 and 3072 have none that is not.
        #expect(try sequences(1).first == 3073)
        #expect(try sequences(2).first == 1)
        let oldest = try sqlite(scratch.path, "SELECT stream_id, min(time) FROM rollup_5m GROUP BY 1")
        #expect(oldest == ["1|\((Self.start / Self.second + 3400) / 300 * 300 * Self.second)", "2|1699999800000000"])
        #expect(try sqlite(scratch.path, "SELECT sum(count) FROM rollup_1h WHERE stream_id = 1") == ["7000"])
        try expectSound(scratch.path)
        try store.close()
    }

    /// With all of its points gone, a stream goes on where it was.
    @Test func aStreamWithoutPointsKeepsItsNumbers() throws {
        var store = try PointStore(path: scratch.path)
        try store.store(
            streams: [stream(1)], points: rows(1, 1...1500), checkpoints: [checkpoint(1, 1500)])
        var upkeep = StoreUpkeep(ages(raw: Self.second))
        try finish(&upkeep, store, wall: Self.start + 100 * Self.hour)
        #expect(try sequences(1) == [])
        try expectSound(scratch.path)
        try store.close()
        store = try PointStore(path: scratch.path)
        #expect(try store.newest(of: 1) == StreamPosition(sequence: 1500, time: Self.start + 1500 * Self.second))
        #expect(try StoreReader(path: scratch.path).streamSummaries().first?.points == 0)
        try store.store(points: rows(1, 1501...2500))
        try store.seal()
        upkeep = StoreUpkeep(Retention())
        try finish(&upkeep, store)
        #expect(try sequences(1) == Array(1501...2500))
        #expect(try StoreReader(path: scratch.path).streamSummaries().first?.points == 1000)
        #expect(try sqlite(scratch.path, "SELECT sum(count) FROM rollup_5m") == ["2500"])
        try expectSound(scratch.path)
        try store.close()
    }

    /// With their points go late ones, hindsight, and anomalies and events when it is their time.
    @Test func whatBelongsToThePointsGoesToo() throws {
        let store = try PointStore(path: scratch.path)
        var commit = Commit()
        commit.streams = [stream(1)]
        commit.points = rows(1, 1...5000, flags: { $0 % 1000 == 10 ? .anomaly : [] })
        commit.anomalies = ([10, 1010, 2010, 4010] as [Int64]).map {
            let time = Self.start + $0 * Self.second
            return AnomalyRecord(stream: 1, anomaly: anomaly($0, start: time, isOpen: $0 == 1010))
        }
        commit.events = ([20, 4020] as [Int64]).map {
            EventRecord(stream: 1, sequence: $0, kind: .silence, time: Self.start + $0 * Self.second + 1)
        }
        for time in [Self.start + 100 * Self.second + 5, Self.start + 4900 * Self.second + 5] {
            [3.0].withUnsafeBufferPointer { commit.append(late: time, values: $0, of: 1) }
        }
        commit.checkpoints = [checkpoint(1, 4990), checkpoint(1, 5000)]
        try store.commit(&commit)
        let retention = Retention(
            .init(
                raw: Self.hour / 2, fiveMinutes: Retention.forever, oneHour: Retention.forever, anomalies: Self.hour / 2
            ))
        var upkeep = StoreUpkeep(retention)
        try finish(&upkeep, store, wall: Self.start + 5000 * Self.second)
        #expect(try sqlite(scratch.path, "SELECT start_sequence FROM anomaly ORDER BY 1") == ["1010", "4010"])
        #expect(try sqlite(scratch.path, "SELECT sequence FROM event") == ["4020"])
        #expect(try sqlite(scratch.path, "SELECT count(*), (SELECT late FROM stream) FROM point_row") == ["1|1"])
        #expect(try StoreReader(path: scratch.path).streamSummaries().first?.points == 5000 - 3072 + 1)
        let deleted = upkeep.takeDeleted()
        #expect(deleted.points == 3072 && deleted.anomalies == 3 && deleted.rollups == 0)
        try expectSound(scratch.path)
        try store.close()
    }

    /// The oldest points go until it is small enough, of all streams; then roll-ups; what is needed stays, and is said.
    @Test func theSizeIsKept() throws {
        let retention = Retention(Retention.Ages(), maxBytes: Retention.leastBytes)
        var options = PointStore.Options()
        options.fit(retention)
        let store = try PointStore(path: scratch.path, options: options)
        try store.store(streams: (1...4).map { stream($0) })
        var upkeep = StoreUpkeep(retention)
        var random = Seeded(1)
        var largest: Int64 = 0
        for round in 0..<60 as Range<Int64> {
            for id in 1...4 as ClosedRange<Int32> {
                // Noise, which cannot be packed.
                let points = rows(id, round * 5000 + 1...(round + 1) * 5000).map { row in
                    var row = row
                    row.value = Double.random(in: 0...1, using: &random)
                    row.lower = Double.random(in: 0...1, using: &random)
                    row.upper = Double.random(in: 0...1, using: &random)
                    return row
                }
                try store.store(points: points, checkpoints: [checkpoint(id, (round + 1) * 5000)])
            }
            while store.shouldSeal { try store.sealSome() }
            for step in 0..<2000 as Range<Int64>
            where try upkeep.step(store, wall: Self.start, steady: round << 40 + step << 10) != nil { break }
            let bytes = ["", "-wal"].reduce(Int64(0)) { sum, suffix in
                let size = try? FileManager.default.attributesOfItem(atPath: scratch.path + suffix)[.size] as? Int64
                return sum + (size ?? 0)
            }
            largest = max(largest, bytes)
        }
        #expect(largest <= Retention.leastBytes, "\(largest)")
        #expect(largest > Retention.leastBytes / 2, "\(largest)")
        #expect(upkeep.unmet == nil)
        let firsts = try (1...4).map { try #require(try sequences($0).first) }
        #expect(firsts.allSatisfy { $0 > 100_000 } && (firsts.max() ?? 0) - (firsts.min() ?? 0) < 60_000, "\(firsts)")
        #expect(try sqlite(scratch.path, "SELECT sum(count) FROM rollup_5m") == ["1200000"])
        try expectSound(scratch.path)

        // What can't go is too much.
        var large = Commit()
        for id in 1...4 as ClosedRange<Int32> {
            large.checkpoints.append(
                CheckpointRecord(stream: id, sequence: 300_000, state: [UInt8](repeating: 1, count: 5 << 20)))
        }
        try store.commit(&large)
        try finish(&upkeep, store, wall: Self.start, steady: 1 << 55)
        #expect(upkeep.unmet?.contains("retention.max_size") == true)
        try expectSound(scratch.path)
        try store.close()
    }

    /// Old points leave the disk, in steps between which others are stored.
    @Test func theFileShrinks() throws {
        var store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(1)])
        var random = Seeded(2)
        for round in 0..<40 as Range<Int64> {
            let points = rows(1, round * 25_000 + 1...(round + 1) * 25_000).map { row in
                var row = row
                row.value = Double.random(in: 0...1, using: &random)
                row.lower = Double.random(in: 0...1, using: &random)
                return row
            }
            try store.store(points: points, checkpoints: [checkpoint(1, (round + 1) * 25_000)])
            while store.shouldSeal { try store.sealSome() }
        }
        try store.seal()
        var upkeep = StoreUpkeep(Retention())
        try finish(&upkeep, store)
        let before = try store.fileBytes()
        // Which forgets what room the newest points took.
        try store.close()
        store = try PointStore(path: scratch.path)
        upkeep = StoreUpkeep(ages(raw: Self.hour))
        var steps = 0
        while try upkeep.step(store, wall: Self.start + 1_000_000 * Self.second, steady: 1) == nil { steps += 1 }
        let after = try store.fileBytes()
        #expect(before > 8 << 20 && after < before * 3 / 4 && steps > 3, "\(before) to \(after) in \(steps)")
        // Asked for, nothing is left.
        try finish(&upkeep, store, wall: Self.start + 1_000_000 * Self.second, steady: 1 << 52)
        #expect(try store.fileBytes() < before / 4)
        #expect(try sqlite(scratch.path, "PRAGMA freelist_count; PRAGMA integrity_check") == ["0", "ok"])
        try store.rewrite()
        #expect(try sqlite(scratch.path, "PRAGMA auto_vacuum; PRAGMA integrity_check") == ["2", "ok"])
        try expectSound(scratch.path)
        try store.close()
    }
}
