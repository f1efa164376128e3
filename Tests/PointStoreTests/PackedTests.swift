import AnomalyDetection
import CPoints
import Foundation
import PointStore
import Testing

/// Points in the hot table and in chunks: the same bits in both, however they are asked for.
@Suite struct PackedTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    /// Rows of streams of 1, 3 and 1 channels as a detector makes them, and as none does.
    private static func history(_ points: Int64, seed: Int) -> [PointRow] {
        var random = Seeded(seed)
        func number() -> Double {
            switch Int.random(in: 0..<12, using: &random) {
            case 0: .nan
            case 1: Double(bitPattern: random.next()).magnitude.isFinite ? Double(bitPattern: random.next()) : 0
            case 2: -0.0
            case 3: .greatestFiniteMagnitude
            case 4: .leastNonzeroMagnitude
            case 5: Double(Int.random(in: -1_000_000...1_000_000, using: &random))
            default: (Double.random(in: -100...100, using: &random) * 1000).rounded() / 1000
            }
        }
        var rows: [PointRow] = []
        var time: Int64 = 1_700_000_000_000_000
        for sequence in 1...points {
            time += sequence % 50 == 0 ? Int64.random(in: 1...10_000_000_000, using: &random) : 60_000_000
            for (stream, channels) in [(1, 1), (2, 3), (3, 1)] as [(Int32, Int32)] {
                let score = (Double.random(in: 0...1, using: &random) * 4096).rounded() / 4096
                for channel in 0..<channels {
                    var row = PointRow(
                        stream: stream, channel: channel, sequence: sequence, time: time, value: number(),
                        prediction: .nan, lower: .nan, upper: .nan, residual: .nan, score: score,
                        flags: PointFlags(rawValue: sequence % 100 == 0 ? 4 : 0))
                    if stream == 3 {
                        (row.prediction, row.lower, row.upper) = (number(), number(), number())
                        (row.residual, row.score) = (number(), number())
                    } else if sequence > 10, row.value.magnitude < 1e6 {
                        row.residual = Double(Int.random(in: -300...300, using: &random)) / 64
                        row.prediction = row.value - row.residual
                        row.lower = row.prediction - 5.5
                        row.upper = row.prediction + 5.5
                    }
                    rows.append(row)
                }
            }
        }
        return rows
    }

    private func all(_ change: (inout PointQuery) -> Void = { _ in }) throws -> [String] {
        try StoreReader(path: scratch.path).all(change).map(Self.bits)
    }

    private static func bits(_ point: StoredPoint) -> String {
        let values = point.channels.flatMap { [$0.value, $0.prediction, $0.lower, $0.upper, $0.residual] }
        return "\(point.stream) \(point.time) \(point.sequence) \(point.flags.rawValue) "
            + ([point.score] + values).map { $0.isNaN ? "-" : String($0.bitPattern, radix: 16) }.joined(separator: " ")
    }

    /// Committed in pieces of any size, sealed now and then: what is read is what was stored.
    @Test(arguments: 1...3) func everyBitComesBack(seed: Int) throws {
        var random = Seeded(seed)
        let rows = Self.history(2500, seed: seed)
        let store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(1), stream(2, channels: 3), stream(3)])
        var start = 0
        while start < rows.count {
            let end = min(rows.count, start + 5 * Int.random(in: 1...400, using: &random))
            try store.store(points: Array(rows[start..<end]))
            start = end
            if Int.random(in: 0..<8, using: &random) == 0 { try store.seal() }
        }
        let expected = Dictionary(grouping: rows) { [$0.sequence, Int64($0.stream)] }.values.map { channels in
            Self.bits(
                StoredPoint(
                    stream: channels[0].stream, sequence: channels[0].sequence, time: channels[0].time,
                    score: channels[0].score, flags: channels[0].flags,
                    channels: channels.sorted { $0.channel < $1.channel }.map {
                        ChannelVerdict(
                            value: $0.value, prediction: $0.prediction, lower: $0.lower, upper: $0.upper,
                            residual: $0.residual)
                    }))
        }
        let read = try all()
        #expect(read.count == expected.count)
        #expect(Set(read).subtracting(expected).sorted().prefix(3) == [])
        #expect(Set(expected).subtracting(read).sorted().prefix(3) == [])
        #expect(try all { $0.order = .newestFirst } == read.reversed())
        try store.seal()
        #expect(try all() == read)
        #expect(try sqlite(scratch.path, "SELECT count(*) FROM hot; PRAGMA integrity_check") == ["0", "ok"])
        #expect(
            try sqlite(
                scratch.path,
                "SELECT DISTINCT (first_sequence - 1) % 1024, count FROM chunk WHERE first_sequence <= 2048 ORDER BY 2")
                == ["0|1024"])
        // Those of the last one, which is not full, may lie in several rows.
        #expect(
            try sqlite(
                scratch.path,
                "SELECT DISTINCT sum(count) FROM chunk WHERE first_sequence > 2048 GROUP BY stream_id, channel")
                == ["452"])
        var verification = try StoreVerification(path: scratch.path)
        let report = try verification.run()
        #expect(report.isSound, "\(report)")

        let times = rows.map(\.time)
        for _ in 0..<30 {
            let (one, other) = (times.randomElement(using: &random)!, times.randomElement(using: &random)!)
            let range = min(one, other)..<(max(one, other) + Int64.random(in: 0...1, using: &random))
            let limit = Int.random(in: 1...3000, using: &random)
            let some = try all {
                ($0.since, $0.until, $0.limit) = (range.lowerBound, range.upperBound, limit)
                $0.streams = [2]
            }
            let wanted = read.filter { line in
                let fields = line.split(separator: " ")
                return fields[0] == "2" && range.contains(Int64(fields[1])!)
            }
            #expect(some == Array(wanted.prefix(limit)))
        }
        for after in [0, 1, 1023, 1024, 1025, 2047, 2499, 2500, 2501] as [Int64] {
            var next = after + 1
            try store.replay(of: 2, after: after) { sequence, _, values, _ in
                #expect(sequence == next && values.count == 3)
                next += 1
            }
            #expect(next == max(2501, after + 1))
        }
    }

    /// What is sealed at once is little, and of few streams; with it, nothing is lost, doubled or out of its order.
    @Test func aSliceAtATime() throws {
        var options = PointStore.Options()
        options.hotValues = 4000
        let store = try PointStore(path: scratch.path, options: options)
        let ids = (1...200).map { Int32($0 * 37) }
        try store.store(streams: ids.map { stream($0) })
        var (sealed, largest) = (0, 0)
        for round in 0..<60 as Range<Int64> {
            try store.store(points: ids.flatMap { rows($0, round * 5 + 1...round * 5 + 5) })
            while store.shouldSeal {
                let before = try hotStreams()
                try store.sealSome()
                let gone = try before.subtracting(hotStreams())
                #expect(!gone.isEmpty && gone.count < ids.count / 2)
                let (first, last) = (try #require(gone.min()), try #require(gone.max()))
                #expect(gone == before.filter { (first...last).contains($0) }, "neighbours, and all of their points")
                sealed += 1
                largest = max(largest, gone.count)
            }
        }
        #expect(sealed > 20 && largest > 1)
        // A database that was opened with points that another process has committed.
        try store.close()
        let again = try PointStore(path: scratch.path, options: options)
        try again.store(points: ids.flatMap { rows($0, 301...305) })
        while again.shouldSeal { try again.sealSome() }
        for id in [ids[0], ids[99], ids[199]] {
            var next: Int64 = 1
            try again.replay(of: id, after: 0) { sequence, _, values, _ in
                #expect(sequence == next && values == [Double(sequence)])
                next += 1
            }
            #expect(next == 306)
        }
        #expect(try all().count == 200 * 305)
        var verification = try StoreVerification(path: scratch.path)
        let report = try verification.run()
        #expect(report.isSound, "\(report)")
    }

    private func hotStreams() throws -> Set<Int> {
        Set(try sqlite(scratch.path, "SELECT DISTINCT stream_id FROM hot").compactMap { Int($0) })
    }

    /// Few streams are in one slice: the whole table, emptied at once.
    @Test func fewStreamsAreOneSlice() throws {
        var options = PointStore.Options()
        options.hotValues = 24_000
        let store = try PointStore(path: scratch.path, options: options)
        try store.store(streams: [stream(1), stream(2)])
        for round in 0..<4 as Range<Int64> {
            try store.store(points: [1, 2].flatMap { rows($0, round * 300 + 1...(round + 1) * 300) })
            #expect(store.shouldSeal == (round % 2 == 1), "a twentieth of what many slices may have")
            try store.sealSome()
            #expect(try hotStreams() == (round % 2 == 1 ? [] : [1, 2]))
        }
        #expect(try all().count == 2400)
    }

    /// What any SQLite client sees in the view is what our reader sees.
    @Test func theViewTellsTheSame() throws {
        let store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(1), stream(2, channels: 3), stream(3)], points: Self.history(200, seed: 7))
        let text = try sqlite(
            scratch.path,
            """
            SELECT stream_id, time, channel, sequence, printf('%!.17g', value), printf('%!.17g', prediction),
                printf('%!.17g', lower), printf('%!.17g', upper), printf('%!.17g', residual), printf('%!.17g', score), flags
            FROM point WHERE stream_id < 3 ORDER BY stream_id, time, channel
            """)
        var expected: [String] = []
        for point in try StoreReader(path: scratch.path).all({ $0.streams = [1, 2] }).sorted(by: {
            $0.stream < $1.stream
        }) {
            for (channel, it) in point.channels.enumerated() {
                let numbers = [it.value, it.prediction, it.lower, it.upper, it.residual, point.score].map {
                    $0.isNaN ? 0 : $0
                }
                expected.append(
                    (["\(point.stream)", "\(point.time)", "\(channel)", "\(point.sequence)"]
                        + numbers.map { "\($0)" } + ["\(point.flags.rawValue)"]).joined(separator: "|"))
            }
        }
        #expect(text.count == expected.count)
        for (line, wanted) in zip(text, expected) {
            let (found, told) = (line.split(separator: "|"), wanted.split(separator: "|"))
            #expect(
                zip(found, told).allSatisfy {
                    $0 == $1 || Double($0)! == Double($1)! || Double($1)!.magnitude > 1e15
                        || Double($1)!.magnitude < 1e-300
                })
        }
    }

    /// Points of an older version have rows, which go into chunks little by little; late ones stay.
    @Test func rowsAreSealedInTime() throws {
        let store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(1), stream(2, channels: 3), stream(3)], points: Self.history(1500, seed: 3))
        let before = try all()
        try store.close()
        _ = try sqlite(
            scratch.path,
            unpack
                + "INSERT INTO point_row (stream_id, time, channel, sequence, value, flags) VALUES (1, 5, 0, 0, 7, 128);"
        )
        let again = try PointStore(path: scratch.path)
        let (late, others) = (try all { $0.until = 6 }, try all { $0.since = 6 })
        #expect(late.count == 1)
        // As SQL has them: without -0.0, and not always to the last bit, which the numbers of the third stream need.
        func ordinary(_ points: [String]) -> [String] {
            points.filter { !$0.hasPrefix("3") }.map { $0.replacing("8000000000000000", with: "0") }
        }
        #expect(ordinary(others) == ordinary(before))
        try again.store(points: rows(1, 1501...1510, start: 1_800_000_000_000_000))
        #expect(try all { $0.order = .newestFirst } == all().reversed())
        try again.seal()
        #expect(try sqlite(scratch.path, "SELECT count(*) FROM point_row") == ["1"])
        #expect(try all { $0.limit = others.count + 1 } == late + others)
        try again.seal()
        #expect(try all().count == others.count + 11)
        var verification = try StoreVerification(path: scratch.path)
        #expect(try verification.run().isSound)
    }

    @Test func damagedBytesAreNoPoints() {
        var random = Seeded(1)
        let points = (0..<500).map {
            anomalyd_point(
                time: Int64($0) * 1000, value: Double($0), prediction: 1, lower: 0, upper: 2, residual: Double($0) - 1,
                score: 0.25, flags: 0)
        }
        var bytes = [UInt8](repeating: 0, count: anomalyd_chunk_bound(500))
        bytes.removeLast(bytes.count - anomalyd_chunk_encode(points, 500, &bytes))
        var read = points
        for _ in 0..<2000 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...9, using: &random) {
                damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            damaged.removeLast(Int.random(in: 0..<damaged.count, using: &random))
            // Whatever comes of it, it comes to an end within its memory.
            _ = anomalyd_chunk_decode(damaged, damaged.count, &read, 500)
        }
        #expect(anomalyd_chunk_decode(bytes, bytes.count / 2, &read, 500) == -1)
        #expect(anomalyd_chunk_decode(bytes, bytes.count, &read, 500) == 0)
        #expect(read.map(\.value) == points.map(\.value))
        for text in [
            "", "[", "[[]]", "[[0,1,2,3,4,5]]", "[[0,1.0,null,null,null,null,0]", "[[0,1.0,,2,3,4,5]]",
            "[[-1,1,1,1,1,1,1]]",
        ] {
            #expect(anomalyd_hot_decode(text, text.utf8.count, 0, 1, &read, 1) == -1, "\(text)")
        }
    }
}
