import AnomalyDetection
import Foundation
import PointStore
import Testing

@Suite struct CommitTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    @Test func everyColumnArrives() throws {
        let store = try PointStore(path: scratch.path)
        let time: Int64 = 1_397_088_240_123_456
        try store.store(
            streams: [stream(7, "room.temp", channels: 2)],
            points: [
                PointRow(
                    stream: 7, channel: 1, sequence: 1, time: time, value: .nan, prediction: .nan, lower: .nan,
                    upper: .nan, residual: .nan, score: .nan, flags: [.missing, .warmup]),
                PointRow(
                    stream: 7, channel: 0, sequence: 1, time: time, value: 20.5, prediction: 20.25, lower: 20,
                    upper: 21, residual: 0.25, score: 0.5, flags: [.anomaly]),
            ],
            anomalies: [
                AnomalyRecord(
                    stream: 7,
                    anomaly: Anomaly(
                        startSequence: 1, start: time, end: time + 3, peak: time + 2, peakScore: 0.75, peakChannel: 1,
                        peakValue: 9.5, peakPrediction: -1.5, points: 3, isOpen: true))
            ],
            checkpoints: [CheckpointRecord(stream: 7, sequence: 1, format: 3, state: [0, 1, 2, 255])])

        #expect(try sqlite(scratch.path, "SELECT * FROM stream") == ["7|room.temp|2|1700000000000000|0"])
        #expect(
            try sqlite(scratch.path, "SELECT * FROM point") == [
                "7|\(time)|0|1|20.5|20.25|20.0|21.0|0.25|0.5|4",
                "7|\(time)|1|1|NULL|NULL|NULL|NULL|NULL|NULL|3",
            ])
        #expect(
            try sqlite(scratch.path, "SELECT * FROM anomaly")
                == ["1|7|1|\(time)|\(time + 3)|\(time + 2)|0.75|1|9.5|-1.5|3|1|NULL|NULL"])
        #expect(
            try sqlite(scratch.path, "SELECT stream_id, slot, sequence, format, hex(state) FROM checkpoint")
                == ["7|0|1|3|000102FF"])
        #expect(
            try sqlite(scratch.path, "SELECT * FROM recent_point") == [
                "room.temp|0|2014-04-10T00:04:00.123456Z|\(time)|1|20.5|20.25|20.0|21.0|0.25|0.5|1|0|NULL|0",
                "room.temp|1|2014-04-10T00:04:00.123456Z|\(time)|1|NULL|NULL|NULL|NULL|NULL|NULL|0|1|NULL|0",
            ])
    }

    @Test func whoCommitsIsCalledInTheMeantime() throws {
        let store = try PointStore(path: scratch.path)
        var calls = 0
        store.meantime = { calls += 1 }
        let streams = (1...40).map { stream($0) }
        try store.store(streams: streams, points: streams.flatMap { rows($0.id, 1...3) })
        #expect(calls >= streams.count)
        calls = 0
        try store.seal()
        #expect(calls >= streams.count)
        #expect(try sqlite(scratch.path, "SELECT count(*), sum(count) FROM chunk") == ["40|120"])
    }

    @Test func timesBefore1970AreReadable() throws {
        let store = try PointStore(path: scratch.path)
        var points = rows(1, 1...3)
        points[0].time = -1
        points[1].time = 0
        points[2].time = 9_007_199_254_740_991
        try store.store(streams: [stream(1)], points: points)
        #expect(
            try sqlite(scratch.path, "SELECT time FROM recent_point ORDER BY time_us") == [
                "1969-12-31T23:59:59.999999Z", "1970-01-01T00:00:00.000000Z", "2255-06-05T23:47:34.740991Z",
            ])
    }

    @Test func doublesKeepTheirBits() throws {
        let store = try PointStore(path: scratch.path)
        let values = [0, 1, -1, 0.1, 1e308, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1 / 3, -1e15, .pi]
        var points = rows(1, 1...Int64(values.count))
        for index in values.indices { points[index].value = values[index] }
        try store.store(streams: [stream(1)], points: points)
        #expect(try StoreReader(path: scratch.path).all().map { $0.channels[0].value } == values)
    }

    @Test func namesKeepTheirBytes() throws {
        // The second and third are equal as Swift strings; they are two streams all the same.
        let names = [
            "cpu;host=a", "caf\u{e9}", "cafe\u{301}", "日本.温度", "it's \"quoted\"", "\u{1F600}",
            String(repeating: "ä", count: 127),
        ]
        let store = try PointStore(path: scratch.path)
        try store.store(streams: names.enumerated().map { stream(Int32($0.offset + 1), $0.element) })
        for streams in [try store.streams(), try StoreReader(path: scratch.path).streams()] {
            #expect(streams.map { Array($0.name.utf8) } == names.map { Array($0.utf8) })
        }
        #expect(try sqlite(scratch.path, "SELECT hex(name) FROM stream WHERE id = 3") == ["63616665CC81"])
        let error = try storeError { try store.store(streams: [stream(99, "cpu;host=a")]) }
        #expect(error.cause == .conflict)
        #expect(error.description.contains("cpu;host=a"))
    }

    @Test func theBatchIsSortedAndOtherwiseKept() throws {
        let store = try PointStore(path: scratch.path)
        var commit = Commit()
        #expect(commit.isEmpty)
        try store.commit(&commit)
        commit.streams = [stream(1), stream(2)]
        commit.points = rows(2, 1...3).reversed() + rows(1, 1...3)
        try store.commit(&commit)
        #expect(commit.points == rows(1, 1...3) + rows(2, 1...3))
        #expect(commit.streams.count == 2)
        commit.removeAll()
        #expect(commit.isEmpty)
    }

    @Test func anyOrderIsSorted() throws {
        let store = try PointStore(path: scratch.path)
        var sorted: [PointRow] = []
        for id in 1...40 as ClosedRange<Int32> {
            for channel in 0...1 as ClosedRange<Int32> {
                for var row in rows(id, 1...5) {
                    row.channel = channel
                    sorted.append(row)
                }
            }
        }
        var random = SplitMix(state: 1)
        var commit = Commit()
        // As it comes from the shards: streams interleaved, each in order.
        commit.points = (1...5).flatMap { sequence in sorted.filter { $0.sequence == sequence }.reversed() }
        try store.commit(&commit)
        #expect(commit.points == sorted)
        // And in no order at all.
        for index in commit.points.indices {
            commit.points[index].time += 1_000_000_000
            sorted[index].time += 1_000_000_000
        }
        commit.points = commit.points.map { (random.next(), $0) }.sorted { $0.0 < $1.0 }.map(\.1)
        try store.commit(&commit)
        #expect(commit.points == sorted)
        #expect(try sqlite(scratch.path, "SELECT count(*) FROM point") == ["800"])
    }

    @Test func aConflictStoresNothingOfTheBatch() throws {
        let store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(1)], points: rows(1, 1...3))
        var commit = Commit()
        commit.streams = [stream(2)]
        commit.points = rows(2, 1...5) + rows(1, 3...6)
        commit.checkpoints = [CheckpointRecord(stream: 1, sequence: 6, state: [1])]
        let error = try storeError { try store.commit(&commit) }
        #expect(error.cause == .conflict && !error.isTransient)
        #expect(error.description.contains("point 3 of stream 1"))
        #expect(try store.streams().map(\.id) == [1])
        #expect(try store.newest() == [1: StreamPosition(sequence: 3, time: rows(1, 3...3)[0].time)])
        #expect(try store.checkpoint(of: 1) == nil)

        commit.points.removeAll { $0.stream == 1 && $0.sequence == 3 }
        try store.commit(&commit)
        #expect(try sqlite(scratch.path, "SELECT count(*) FROM point") == ["11"])
    }

    @Test func whatWasTakenBackIsNoNewestPoint() throws {
        var store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(1), stream(2)], points: rows(2, 1...3))
        // The points of stream 1 have been written when those of stream 2 are found to be wrong.
        let error = try storeError { try store.store(points: rows(1, 1...5) + rows(2, 3...4)) }
        #expect(error.description.contains("point 3 of stream 2"))
        try store.store(points: rows(1, 1...5))
        for isReopened in [false, true] {
            if isReopened {
                try store.close()
                store = try PointStore(path: scratch.path)
            }
            #expect(try storeError { try store.store(points: rows(1, 5...6)) }.cause == .conflict)
        }
        try store.store(points: rows(1, 6...6))
        #expect(try sqlite(scratch.path, "SELECT count(*) FROM point") == ["9"])
    }

    @Test func aLockedDatabaseIsWorthARetry() throws {
        var options = PointStore.Options()
        options.busyTimeout = .milliseconds(50)
        let store = try PointStore(path: scratch.path, options: options)
        var commit = Commit()
        commit.streams = [stream(1)]
        commit.points = rows(1, 1...100)
        let before = commit.points

        let shell = try OpenShell(scratch.path)
        shell.execute("BEGIN IMMEDIATE; CREATE TABLE other (a);")
        let error = try storeError { try store.commit(&commit) }
        #expect(error.cause == .busy && error.isTransient)
        #expect(commit.points == before && commit.streams.count == 1)
        shell.execute("ROLLBACK;")
        shell.quit()

        try store.commit(&commit)
        #expect(try sqlite(scratch.path, "SELECT count(*), max(sequence) FROM point") == ["100|100"])
    }

    @Test(.enabled(if: isRoot, "mounting a small file system takes root"))
    func aFullDiskIsWorthARetry() throws {
        let mount = scratch.directory + "/small"
        try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: false)
        // Containers may forbid it even to root; then there is nothing to test with.
        guard try run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mount]).status == 0 else { return }
        defer { _ = try? run(["umount", "-l", mount]) }
        let ballast = mount + "/ballast"
        let store = try PointStore(path: mount + "/anomaly.db")
        try store.store(streams: [stream(1)], points: rows(1, 1...10))
        _ = try run(["dd", "if=/dev/zero", "of=\(ballast)", "bs=4096"])

        var commit = Commit()
        commit.points = rows(1, 11...4000)
        let before = commit.points
        let error = try storeError { try store.commit(&commit) }
        #expect(error.cause == .full && error.isTransient)
        #expect(error.hint?.contains("free space") == true)
        #expect(commit.points == before)
        #expect(try store.newest(of: 1)?.sequence == 10)

        try FileManager.default.removeItem(atPath: ballast)
        try store.commit(&commit)
        #expect(try store.newest(of: 1)?.sequence == 4000)
        #expect(
            try sqlite(mount + "/anomaly.db", "PRAGMA integrity_check; SELECT count(*) FROM point") == ["ok", "4000"])
        try store.close()
    }

    @Test func anomaliesKeepTheirNumberWhileTheyGrow() throws {
        let store = try PointStore(path: scratch.path)
        try store.store(
            streams: [stream(1), stream(2)],
            anomalies: [
                AnomalyRecord(stream: 1, anomaly: anomaly(5, start: 50)),
                AnomalyRecord(stream: 2, anomaly: anomaly(5, start: 60)),
            ])
        var grown = anomaly(5, start: 50, end: 90, score: 0.8, isOpen: false)
        grown.points = 4
        try store.store(anomalies: [
            AnomalyRecord(stream: 1, anomaly: anomaly(5, start: 50, end: 70)),
            AnomalyRecord(stream: 1, anomaly: grown),
            AnomalyRecord(stream: 1, anomaly: anomaly(40, start: 400)),
        ])
        let stored = try StoreReader(path: scratch.path).anomalies().rest()
        #expect(stored.map(\.stream) == [1, 2, 1])
        #expect(stored.last == StoredAnomaly(id: 1, stream: 1, anomaly: grown))
        #expect(Set(stored.map(\.id)).count == 3)
    }
}
