import AnomalyControl
import AnomalyDetection
import PointStore
import Testing

/// What `query` shows of scores in hindsight.
@Suite struct QueryHindsightTests {
    /// `SampleStore.filled` with hindsight of the first four points of `cpu.load` and of the wide stream.
    private func store() throws -> SampleStore {
        let store = try SampleStore.filled()
        func add(_ stream: Int32, _ times: [Int64], _ scores: [Double], _ predictions: [Double]) throws {
            let run = HindsightRun(made: 0, first: times[0], last: times[times.count - 1], threshold: 0.4, model: "m")
            var piece = HindsightPiece(stream: stream, run: .new(run), from: run.first, to: run.last)
            piece.times = times
            piece.scores = scores
            piece.anomalies = scores.map { $0 >= 0.4 }
            piece.verdicts = predictions.map {
                ChannelVerdict(value: .nan, prediction: $0, lower: 0, upper: 1, residual: 0)
            }
            _ = try store.writer.store(piece)
        }
        let times = (0..<4).map { SampleStore.start + Int64($0) * SampleStore.second }
        try add(1, times, [0.5, 0.0625, .nan, 0.25], [7, 8, 9, 10])
        try add(2, [SampleStore.start + 1_500_000], [0.125], [1.5, .nan])
        return store
    }

    private func run(_ store: SampleStore, _ arguments: String...) throws -> String {
        try InProcess(database: store.path).output(["query"] + arguments)
    }

    @Test func aTableHasTheColumnWhereSomePointHasTheScore() throws {
        let store = try store()
        #expect(
            try InProcess(columns: 100, database: store.path).output("query", "cpu.load", "--utc") == """
                TIME (UTC)               STREAM         VALUE    EXPECTED    RESIDUAL  SCORE  HINDSIGHT
                2026-11-23 14:00:00.000  cpu.load         0.5       0.375       0.125  0.010      0.500  warm-up
                2026-11-23 14:00:01.000  cpu.load        0.25       0.375      -0.125  0.125      0.063
                2026-11-23 14:00:02.000  cpu.load                   0.375                                missing
                2026-11-23 14:00:03.000  cpu.load       17.75       0.375      17.375  0.610      0.250  spike
                2026-11-23 14:00:04.000  cpu.load         0.3       0.375      -0.075  0.020

                """)
        for arguments in [["-n", "1"], ["-S", "14:00:04"], ["silent"]] {
            let text = try InProcess(database: store.path).output(["query", "cpu.load", "--utc"] + arguments)
            #expect(text.contains("HINDSIGHT") == arguments.contains("silent"), "\(arguments)")
        }
        #expect(try run(store, "cpu.load", "-n", "2").contains("HINDSIGHT"))
        #expect(try run(store, "cpu.load", "-n", "1", "--hindsight").contains("HINDSIGHT"))
        #expect(try run(SampleStore.filled()).contains("HINDSIGHT") == false)
    }

    @Test func whatWasExpectedIsShownOnDemand() throws {
        let store = try store()
        #expect(
            try InProcess(columns: 84, database: store.path).output("query", "disk*", "--utc", "--hindsight") == """
                TIME (UTC)               STREAM             VALUE    EXPECTED  SCORE  HINDSIGHT
                2026-11-23 14:00:01.500  disk…",io[0]       1e-07              0.500      0.125
                2026-11-23 14:00:01.500  disk…",io[1]    -1234568       2e+22  0.500      0.125

                """)
        #expect(
            try run(store, "disk*", "--utc", "--hindsight", "--no-header") == """
                2026-11-23 14:00:01.500  disk"a",io[0]       1e-07                      -1           1              0.500      0.125           1.5
                2026-11-23 14:00:01.500  disk"a",io[1]    -1234568       2e+22          -1           1              0.500      0.125

                """)
    }

    /// The columns of before stay as and where they are, whatever is asked for.
    @Test func csvAndJSON() throws {
        let store = try store()
        #expect(
            try run(store, "-o", "csv", "-U", "14:00:01.5") == """
                stream,time,value,prediction,lower,upper,residual,score,anomaly,hindsight,late,kind
                cpu.load,2026-11-23T14:00:00.000000Z,0.5,0.375,0.1,1,0.125,0.01,0,0.5,0,
                cpu.load,2026-11-23T14:00:01.000000Z,0.25,0.375,0.1,1,-0.125,0.125,0,0.0625,0,
                "disk""a"",io",2026-11-23T14:00:01.500000Z,1e-07;-1234567.891,;2e+22,-1;-1,1;1,;,0.5,0,0.125,0,

                """)
        #expect(
            try run(store, "-o", "csv", "--hindsight", "-S", "14:00:01.5", "-U", "14:00:03") == """
                stream,time,value,prediction,lower,upper,residual,score,anomaly,hindsight,hindsight_prediction,late,kind
                "disk""a"",io",2026-11-23T14:00:01.500000Z,1e-07;-1234567.891,;2e+22,-1;-1,1;1,;,0.5,0,0.125,1.5;,0,
                cpu.load,2026-11-23T14:00:02.000000Z,,0.375,0.1,1,,,0,,9,0,
                cpu.load,2026-11-23T14:00:03.000000Z,17.75,0.375,0.1,1,17.375,0.61,1,0.25,10,0,spike

                """)
        #expect(
            try run(store, "disk*", "-o", "json", "--hindsight").hasSuffix(
                #""score":0.5,"anomaly":false,"hindsight":0.125,"hindsight_prediction":[1.5,null],"late":false,"kind":null}"#
                    + "\n"
            ))
        #expect(
            try run(store, "cpu.load", "-n1", "-o", "json", "--hindsight").hasSuffix(
                #""anomaly":false,"hindsight":null,"hindsight_prediction":null,"late":false,"kind":null}"# + "\n"))
    }

    @Test func pointsByHindsight() throws {
        let store = try store()
        func seconds(_ arguments: String...) throws -> [Substring] {
            try InProcess(database: store.path).output(
                ["query", "cpu.load", "-o", "csv", "--no-header", "--min-hindsight"] + arguments
            ).split(separator: "\n").map { $0.dropFirst(27).prefix(1) }
        }
        #expect(try seconds("0.25") == ["0", "3"])
        #expect(try seconds("0") == ["0", "1", "3"])
        #expect(try seconds("0", "--min-score", "0.1") == ["1", "3"])
        #expect(try seconds("0.25", "-n", "1") == ["3"])
        #expect(try seconds("0.6") == [])
    }

    @Test(arguments: [
        ["query", "--min-hindsight", "1.5"], ["query", "--min-hindsight", "-0.1"],
        ["query", "-f", "--min-hindsight", "0.4"],
    ])
    func commandLinesThatMakeNoSense(arguments: [String]) {
        #expect(throws: (any Error).self) { try Anomalyctl.command(for: arguments) }
    }
}
