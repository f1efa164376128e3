import AnomalyDetection
import PointStore
import Testing

@Suite struct HindsightTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    private static let start: Int64 = 1_700_000_000_000_000
    private func time(_ sequence: Int64) -> Int64 { Self.start + sequence * 1_000_000 }

    /// Stream 1 with 100 points of one channel, stream 2 with 10 of two.
    private func store() throws -> PointStore {
        let store = try PointStore(path: scratch.path)
        var wide = rows(2, 1...10)
        wide += wide.map { row in
            var row = row
            row.channel = 1
            return row
        }
        try store.store(streams: [stream(1), stream(2, channels: 2)], points: rows(1, 1...100) + wide)
        return store
    }

    private let newRun = HindsightPiece.Run.new(
        HindsightRun(made: 5, first: 0, last: .max, threshold: 0.4, model: "gru"))

    /// Hindsight of some points: scores are hundredths of the sequence number, predictions that number and `shift`.
    private func piece(
        _ sequences: ClosedRange<Int64>, of stream: Int32 = 1, run: HindsightPiece.Run? = nil, channels: Int = 1,
        shift: Double = 0
    ) -> HindsightPiece {
        var piece = HindsightPiece(
            stream: stream, run: run ?? newRun, from: time(sequences.lowerBound), to: time(sequences.upperBound))
        for sequence in sequences {
            piece.times.append(time(sequence))
            piece.scores.append(Double(sequence) / 100)
            piece.anomalies.append(sequence >= 40)
            for channel in 0..<channels {
                piece.verdicts.append(
                    ChannelVerdict(
                        value: .nan, prediction: Double(sequence) + Double(channel) / 4 + shift, lower: -1, upper: 1,
                        residual: .nan))
            }
        }
        return piece
    }

    @Test func whatIsStoredStandsBesideThePoints() throws {
        let store = try store()
        let run = try store.store(piece(1...50))
        #expect(try store.store(piece(51...60, run: .begun(run))) == run)
        _ = try store.store(piece(3...4, of: 2, channels: 2))
        let reader = try StoreReader(path: scratch.path)
        let points = try reader.all { $0.streams = [1] }
        #expect(points.count == 100)
        for point in points {
            let expected =
                point.sequence <= 60
                ? StoredHindsight(
                    score: Double(point.sequence) / 100, isAnomaly: point.sequence >= 40,
                    predictions: [Double(point.sequence)]) : nil
            #expect(point.hindsight == expected)
            #expect(point.channels[0].prediction == Double(point.sequence) - 0.5)
        }
        for order in [TimeOrder.oldestFirst, .newestFirst] {
            let wide = try reader.all {
                $0.streams = [2]
                $0.order = order
            }
            #expect(wide.first { $0.sequence == 3 }?.hindsight?.predictions == [3, 3.25])
            #expect(wide.count { $0.hindsight != nil } == 2 && wide.count == 10)
        }
        #expect(
            try sqlite(
                scratch.path,
                "SELECT id, stream_id, made, points, anomalies, threshold, model FROM hindsight_run ORDER BY id")
                == ["1|1|5|60|21|0.4|gru", "2|2|5|2|0|0.4|gru"])
        #expect(
            try sqlite(scratch.path, "SELECT sequence, hindsight FROM recent_point WHERE sequence IN (50, 70)")
                == ["50|0.5", "70|NULL"])
        #expect(try sqlite(scratch.path, "SELECT lower, upper, residual FROM hindsight LIMIT 1") == ["-1.0|1.0|NULL"])
    }

    @Test func aLaterRunReplacesItsRange() throws {
        let store = try store()
        _ = try store.store(piece(1...60))
        // A range is replaced as a whole, also where the new run has no points.
        var later = piece(20...30, shift: 0.5)
        later.times.removeFirst(5)
        later.scores.removeFirst(5)
        later.anomalies.removeFirst(5)
        later.verdicts.removeFirst(5)
        let run = try store.store(later)
        #expect(run == 2)
        let predictions = try StoreReader(path: scratch.path).all { $0.streams = [1] }.map { $0.hindsight?.predictions }
        #expect(predictions[18] == [19] && predictions[19...23].allSatisfy { $0 == nil })
        #expect(predictions[24] == [25.5] && predictions[29] == [30.5] && predictions[30] == [31])
        #expect(
            try sqlite(scratch.path, "SELECT run_id, count(*) FROM hindsight GROUP BY run_id") == ["1|49", "2|6"])
    }

    @Test func queriesByHindsight() throws {
        let store = try store()
        _ = try store.store(piece(1...60))
        let reader = try StoreReader(path: scratch.path)
        func sequences(_ change: (inout PointQuery) -> Void) throws -> [Int64] {
            try reader.all(change).map(\.sequence)
        }
        #expect(try sequences { $0.minimumHindsight = 0.59 } == [59, 60])
        #expect(
            try sequences {
                $0.minimumHindsight = 0.5
                $0.until = time(52)
            } == [50, 51])
        #expect(
            try sequences {
                $0.minimumHindsight = 0
                $0.streams = [2]
            } == [])
        func hasHindsight(_ change: (inout PointQuery) -> Void) throws -> Bool {
            var query = PointQuery()
            change(&query)
            return try reader.points(query).hasHindsight
        }
        #expect(try hasHindsight { _ in })
        #expect(try hasHindsight { $0.since = time(60) })
        #expect(try hasHindsight { $0.since = time(61) } == false)
        #expect(try hasHindsight { $0.streams = [2] } == false)
    }

    @Test func aPieceThatDoesNotFitIsRefusedWhole() throws {
        let store = try store()
        let run = try store.store(piece(1...5))
        let before = try sqlite(scratch.path, "SELECT * FROM hindsight; SELECT * FROM hindsight_run")
        func refusal(_ change: (inout HindsightPiece) -> Void) throws -> String {
            var piece = self.piece(1...3, run: .begun(run))
            change(&piece)
            let error = try storeError { _ = try store.store(piece) }
            #expect(error.cause == .conflict && error.operation == "store hindsight of stream \(piece.stream) in")
            return error.detail
        }
        let late = time(4)
        #expect(try refusal { $0.stream = 9 } == "there is no such stream")
        #expect(try refusal { $0.stream = 2 }.contains("expected 2 verdicts for each of 3 points, found 3"))
        #expect(try refusal { $0.run = .begun(77) } == "the stream has no run 77")
        #expect(
            try refusal {
                $0.stream = 2
                $0.verdicts += $0.verdicts
            } == "the stream has no run \(run)")
        #expect(try refusal { $0.times[2] += 1 }.contains("outside the range"))
        #expect(
            try refusal {
                $0.times[2] += 1
                $0.to = late
            }.contains("there is no point at time"))
        #expect(try refusal { $0.times.swapAt(0, 1) } == "its times do not ascend")
        #expect(try refusal { $0.times[1] = $0.times[0] } == "its times do not ascend")
        #expect(try refusal { $0.scores.removeLast() }.contains("3 times, 2 scores and 3 flags"))
        #expect(try refusal { $0.anomalies.append(true) }.contains("4 flags"))
        #expect(try refusal { $0.verdicts.removeLast() }.contains("found 2"))
        #expect(try refusal { $0.scores[0] = 1.5 }.contains("score outside 0 to 1"))
        #expect(try refusal { $0.scores[0] = -.infinity }.contains("score outside 0 to 1"))
        #expect(try refusal { $0.verdicts[1].upper = .infinity }.contains("infinite"))
        #expect(
            try refusal {
                $0.times = []
                $0.scores = []
                $0.anomalies = []
                $0.verdicts = []
            } == "it has no points")
        let model = String(repeating: "m", count: 501)
        #expect(
            try refusal {
                $0.run = .new(HindsightRun(made: 0, first: 0, last: .max, threshold: 0.4, model: model))
            }.contains("longer than 500 bytes"))
        #expect(
            try refusal {
                $0.run = .new(HindsightRun(made: 0, first: late, last: .max, threshold: 0.4, model: "m"))
            }.contains("more than the range of its run"))
        #expect(
            try refusal {
                $0.run = .new(HindsightRun(made: 0, first: 0, last: .max, threshold: .nan, model: "m"))
            }.contains("threshold"))
        #expect(try sqlite(scratch.path, "SELECT * FROM hindsight; SELECT * FROM hindsight_run") == before)
        #expect(before.count == 6)
    }

    // MARK: Files of version 1

    /// A file as the program made it before there was hindsight, with two points.
    private func oldFile() throws {
        _ = try sqlite(scratch.path, OldSchema.version1)
        _ = try sqlite(
            scratch.path,
            """
            INSERT INTO stream VALUES (1, 'old', 1, 1700000000000000);
            INSERT INTO point VALUES (1, 1700000001000000, 0, 1, 5, 4.5, 4, 5, 0.5, 0.25, 0);
            INSERT INTO point VALUES (1, 1700000002000000, 0, 2, 6, 5.5, 5, 6, 0.5, 0.75, 4);
            """)
    }

    /// Those who may only read must not have to wait for the daemon's restart.
    @Test func anOldFileCanBeRead() throws {
        try oldFile()
        let before = scratch.bytes()
        let reader = try StoreReader(path: scratch.path)
        let points = try reader.all()
        #expect(points.map(\.sequence) == [1, 2] && points[1].isAnomaly && points.allSatisfy { $0.hindsight == nil })
        #expect(try reader.all { $0.minimumHindsight = 0 } == [])
        #expect(try reader.points().hasHindsight == false)
        #expect(try reader.streamSummaries().map(\.points) == [2])
        try reader.close()
        #expect(scratch.bytes() == before)
    }

    @Test func anOldFileIsBroughtUpToDate() throws {
        try oldFile()
        let store = try PointStore(path: scratch.path)
        #expect(try store.newest(of: 1)?.sequence == 2)
        var piece = self.piece(1...2)
        piece.run = .new(HindsightRun(made: 1, first: 0, last: .max, threshold: 0.4, model: "m"))
        _ = try store.store(piece)
        try store.close()
        #expect(
            try sqlite(scratch.path, "SELECT stream, value, score, anomaly, missing, hindsight FROM recent_point")
                == ["old|5.0|0.25|0|0|0.01", "old|6.0|0.75|1|0|0.02"])
        #expect(
            try sqlite(scratch.path, "SELECT identifier FROM grdb_migrations ORDER BY identifier")
                == [
                    "1-points", "10-packed-rollups", "11-groups", "2-hindsight", "3-late", "4-events", "5-feedback",
                    "6-steering",
                    "7-packed",
                    "8-rollups", "9-alerts",
                ])
        #expect(try StoreReader(path: scratch.path).all().map { $0.hindsight?.score } == [0.01, 0.02])
        // The same as a file that was made anew.
        let schema = "SELECT name, sql FROM sqlite_schema ORDER BY name"
        let fresh = try Scratch()
        try PointStore(path: fresh.path).close()
        #expect(try sqlite(scratch.path, schema) == sqlite(fresh.path, schema))
    }
}
