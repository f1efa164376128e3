import AnomalyDetection
import PointStore
import Testing

@Suite struct QueryTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    /// Streams of different widths, lengths and rhythms, with many equal times between them.
    private func fill() throws -> [StoredPoint] {
        let store = try PointStore(path: scratch.path)
        var commit = Commit()
        var points: [StoredPoint] = []
        var random = SplitMix(state: 7)
        for id in 1...12 as ClosedRange<Int32> {
            let channels = id % 4 == 0 ? 3 : 1
            commit.streams.append(stream(id, channels: channels))
            var time = Int64(random.next() % 500)
            for sequence in 0..<(id == 5 ? 3000 : Int64(id) * 20) {
                time += 1 + Int64(random.next() % (id == 5 ? 3 : 40))
                let score = Double(random.next() % 100) / 100
                let flags: PointFlags = score > 0.9 ? [.anomaly] : []
                var point = StoredPoint(
                    stream: id, sequence: sequence + 1, time: time, score: score, flags: flags, channels: [])
                for channel in 0..<channels {
                    let value = Double(random.next() % 1000) + Double(channel) / 4
                    let verdict = ChannelVerdict(
                        value: value, prediction: value - 1, lower: value - 3, upper: value + 2, residual: 1)
                    point.channels.append(verdict)
                    commit.points.append(
                        PointRow(
                            stream: id, channel: Int32(channel), sequence: sequence + 1, time: time, value: value,
                            prediction: value - 1, lower: value - 3, upper: value + 2, residual: 1, score: score,
                            flags: flags))
                }
                points.append(point)
            }
        }
        // A stream without points must not disturb anybody.
        commit.streams.append(stream(13))
        try store.commit(&commit)
        try store.close()
        return points.sorted { ($0.time, $0.stream) < ($1.time, $1.stream) }
    }

    @Test func everyQueryIsTheFilteredSortedWhole() throws {
        let whole = try fill()
        let reader = try StoreReader(path: scratch.path)
        let (middle, end) = (whole[whole.count / 2].time, whole[whole.count - 1].time)
        var queries = [PointQuery()]
        func add(_ change: (inout PointQuery) -> Void) {
            var query = PointQuery()
            change(&query)
            queries.append(query)
        }
        add { $0.streams = [5] }
        add { $0.streams = [4, 8, 9, 99] }
        add { $0.streams = [] }
        add { $0.since = middle }
        add { $0.until = middle }
        add {
            $0.since = middle; $0.until = middle + 1
        }
        add {
            $0.since = end; $0.until = Int64.max
        }
        add { $0.since = end + 1 }
        add { $0.until = Int64.min }
        add {
            $0.since = 900; $0.until = 100
        }
        add { $0.after = [5: middle, 4: end, 1: Int64.max, 2: Int64.min] }
        add { $0.minimumScore = 0.5 }
        add { $0.minimumScore = 2 }
        add { $0.anomaliesOnly = true }
        add {
            $0.anomaliesOnly = true; $0.streams = [4, 5]; $0.since = 200; $0.minimumScore = 0.95
        }

        for base in queries {
            let matching = whole.filter { point in
                base.streams?.contains(point.stream) ?? true && point.time >= base.since ?? .min
                    && point.time < base.until ?? .max && base.after[point.stream].map { point.time > $0 } ?? true
                    && point.score >= base.minimumScore ?? 0 && (!base.anomaliesOnly || point.isAnomaly)
            }
            for limit in [nil, 0, 1, 10, 1700, -1] {
                for order in [TimeOrder.oldestFirst, .newestFirst] {
                    var query = base
                    query.limit = limit
                    query.order = order
                    let ordered = order == .oldestFirst ? matching : matching.reversed()
                    let cursor = try reader.points(query)
                    var found: [StoredPoint] = []
                    while let point = try cursor.next() { found.append(point) }
                    #expect(found == Array(ordered.prefix(max(0, limit ?? .max))), "\(query)")
                    #expect(try cursor.next() == nil)
                }
            }
        }
    }

    @Test func missingValuesAreNaN() throws {
        let store = try PointStore(path: scratch.path)
        var row = rows(1, 1...1)[0]
        row.value = .nan
        row.score = .nan
        row.flags = [.missing]
        try store.store(streams: [stream(1)], points: [row])
        let reader = try StoreReader(path: scratch.path)
        let point = try #require(try reader.all().first)
        #expect(point.channels[0].value.isNaN && point.score.isNaN && point.flags == [.missing])
        #expect(try reader.all { $0.minimumScore = 0 }.isEmpty)
    }

    @Test func aQuerySeesWhatWasThereWhenItBegan() throws {
        let store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(1), stream(2)], points: rows(1, 1...2000) + rows(2, 1...5))
        let reader = try StoreReader(path: scratch.path)
        let cursor = try reader.points()
        #expect(cursor.positions[1]?.sequence == 2000 && cursor.positions[2]?.sequence == 5)
        _ = try cursor.next()

        // The writer is not hindered by a query that has been begun, and neither is the copying of the WAL.
        try store.store(streams: [stream(3)], points: rows(1, 2001...2010) + rows(2, 6...6) + rows(3, 1...4))
        #expect(try sqlite(scratch.path, "PRAGMA wal_checkpoint(TRUNCATE)") == ["0|0|0"])
        var count = 1
        while try cursor.next() != nil { count += 1 }
        #expect(count == 2005)

        let news = try reader.all { $0.after = cursor.positions.mapValues(\.time) }
        #expect(news.filter { $0.stream == 1 }.map(\.sequence) == Array(2001...2010))
        #expect(news.filter { $0.stream == 2 }.map(\.sequence) == [6])
        #expect(news.filter { $0.stream == 3 }.map(\.sequence) == [1, 2, 3, 4])
    }

    @Test func theDataVersionTellsOfCommits() throws {
        let store = try PointStore(path: scratch.path)
        let reader = try StoreReader(path: scratch.path)
        let first = try reader.dataVersion()
        #expect(try reader.dataVersion() == first)
        try store.store(streams: [stream(1)])
        let second = try reader.dataVersion()
        #expect(second != first)
        _ = try reader.all()
        #expect(try reader.dataVersion() == second)
    }

    @Test func anomaliesComeNewestFirst() throws {
        let store = try PointStore(path: scratch.path)
        try store.store(
            streams: [stream(1), stream(2)],
            anomalies: [
                AnomalyRecord(stream: 1, anomaly: anomaly(1, start: 100, end: 200, score: 0.5, isOpen: false)),
                AnomalyRecord(stream: 2, anomaly: anomaly(1, start: 150, end: 400, score: 0.9)),
                AnomalyRecord(stream: 1, anomaly: anomaly(9, start: 300, end: 310, score: 0.7, isOpen: false)),
            ])
        let reader = try StoreReader(path: scratch.path)
        func starts(_ change: (inout AnomalyQuery) -> Void) throws -> [Int64] {
            var query = AnomalyQuery()
            change(&query)
            return try reader.anomalies(query).rest().map(\.anomaly.start)
        }
        #expect(try starts { _ in } == [300, 150, 100])
        #expect(try starts { $0.streams = [1] } == [300, 100])
        #expect(try starts { $0.limit = 1 } == [300])
        #expect(try starts { $0.limit = 0 } == [])
        #expect(try starts { $0.openOnly = true } == [150])
        #expect(try starts { $0.minimumScore = 0.7 } == [300, 150])
        // Touching the time, half-open.
        #expect(try starts { $0.since = 200 } == [300, 150, 100])
        #expect(try starts { $0.since = 201 } == [300, 150])
        #expect(try starts { $0.until = 300 } == [150, 100])
        #expect(
            try starts {
                $0.since = 250; $0.until = 260
            } == [150])
    }

    @Test func anomaliesByKindAndOrder() throws {
        let store = try PointStore(path: scratch.path)
        let kinds: [PointFlags] = [.unpredicted, .gap, .outOfRange, .gap]
        try store.store(
            streams: [stream(1), stream(2)],
            anomalies: kinds.enumerated().map { index, evidence in
                let start = Int64(index) * 100
                var it = anomaly(
                    Int64(index + 1), start: start, end: start + [30, 0, 90, 30][index],
                    score: [0.4, .nan, 0.6, 0.5][index])
                it.evidence = evidence
                it.points = [3, 0, 2, 7][index]
                return AnomalyRecord(stream: index == 3 ? 2 : 1, anomaly: it)
            })
        let reader = try StoreReader(path: scratch.path)
        func ids(_ change: (inout AnomalyQuery) -> Void) throws -> [Int64] {
            var query = AnomalyQuery()
            change(&query)
            return try reader.anomalies(query).rest().map(\.id)
        }
        #expect(try ids { $0.kinds = [.gap] } == [4, 2])
        #expect(try ids { $0.kinds = [.spike, .outOfRange] } == [3, 1])
        #expect(try ids { $0.kinds = [] } == [])
        #expect(try ids { $0.began = 100...200 } == [3, 2])
        #expect(try ids { $0.isAscending = true } == [1, 2, 3, 4])
        #expect(try ids { $0.order = .duration } == [3, 4, 1, 2])
        #expect(try ids { $0.order = .points } == [4, 1, 3, 2])
        #expect(try ids { $0.order = .score } == [3, 4, 1, 2])
        #expect(
            try ids {
                $0.order = .score
                $0.streams = [1]
                $0.limit = 2
            } == [3, 1])
        #expect(try reader.anomaly(3)?.anomaly.start == 200)
        #expect(try reader.anomaly(9) == nil)
        #expect(try reader.largestAnomalyID() == 4)
    }

    @Test func aDatabaseWithoutAnomalies() throws {
        _ = try PointStore(path: scratch.path)
        let reader = try StoreReader(path: scratch.path)
        #expect(try reader.anomalies().next() == nil)
        #expect(try reader.largestAnomalyID() == 0)
    }

    /// An index is used wherever one can be, also from the second page on.
    @Test func anomaliesAreFoundByIndex() throws {
        try PointStore(path: scratch.path).close()
        for (condition, plan) in [
            ("start_time BETWEEN 1 AND 2", "USING INDEX anomaly_start"),
            ("(start_time, id) < (5, 5)", "USING INDEX anomaly_start"),
            ("stream_id = 1 AND open", "USING INDEX anomaly_open"),
        ] {
            let steps = try sqlite(
                scratch.path,
                "EXPLAIN QUERY PLAN SELECT * FROM anomaly WHERE \(condition) ORDER BY start_time DESC, id DESC LIMIT 9")
            #expect(steps.joined().contains("SEARCH anomaly \(plan)"), "\(condition): \(steps)")
        }
    }
}

/// Vigna's SplitMix64: the same numbers in every run.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
