import AnomalyControl
import PointStore
import Presentation
import Testing

/// What the formats make of the same records, to the byte. Escape characters are shown as "␛".
@Suite struct RecordFormatTests {
    private func run(columns: Int? = nil, colour: Bool = false, _ arguments: String...) throws -> String {
        let store = try SampleStore.filled()
        let context = InProcess(columns: columns, colour: colour, database: store.path)
        return try context.output(arguments).replacing("\u{1B}", with: "␛")
    }

    @Test(arguments: [80, 84])
    func narrowTable(columns: Int) throws {
        #expect(
            try run(columns: columns, "query", "--utc") == """
                TIME (UTC)               STREAM              VALUE    EXPECTED  SCORE
                2026-11-23 14:00:00.000  cpu.load              0.5       0.375  0.010  warm-up
                2026-11-23 14:00:01.000  cpu.load             0.25       0.375  0.125
                2026-11-23 14:00:01.500  disk"a",io[0]       1e-07              0.500
                2026-11-23 14:00:01.500  disk"a",io[1]    -1234568       2e+22  0.500
                2026-11-23 14:00:02.000  cpu.load                        0.375         missing
                2026-11-23 14:00:03.000  cpu.load            17.75       0.375  0.610  spike
                2026-11-23 14:00:04.000  cpu.load              0.3       0.375  0.020

                """)
    }

    @Test func narrowTableInColour() throws {
        #expect(
            try run(columns: 80, colour: true, "query", "--utc", "cpu.load") == """
                ␛[4mTIME (UTC)               STREAM         VALUE    EXPECTED  SCORE␛[0m
                ␛[2m2026-11-23 14:00:00.000  cpu.load         0.5       0.375  0.010  warm-up␛[0m
                2026-11-23 14:00:01.000  cpu.load        0.25       0.375  0.125
                ␛[2m2026-11-23 14:00:02.000  cpu.load                   0.375         missing␛[0m
                ␛[1;31m2026-11-23 14:00:03.000  cpu.load       17.75       0.375  0.610  spike␛[0m
                2026-11-23 14:00:04.000  cpu.load         0.3       0.375  0.020

                """)
    }

    @Test func columnsGoByRank() throws {
        #expect(
            try run(columns: 90, "query", "--utc", "cpu.load", "-n", "1") == """
                TIME (UTC)               STREAM         VALUE    EXPECTED    RESIDUAL  SCORE
                2026-11-23 14:00:04.000  cpu.load         0.3       0.375      -0.075  0.020

                """)
    }

    @Test(arguments: [nil, 120])
    func wideTable(columns: Int?) throws {
        #expect(
            try run(columns: columns, "query", "--since", "14:00:01", "--until", "14:00:03", "--utc") == """
                TIME (UTC)               STREAM              VALUE    EXPECTED       LOWER       UPPER    RESIDUAL  SCORE
                2026-11-23 14:00:01.000  cpu.load             0.25       0.375         0.1           1      -0.125  0.125
                2026-11-23 14:00:01.500  disk"a",io[0]       1e-07                      -1           1              0.500
                2026-11-23 14:00:01.500  disk"a",io[1]    -1234568       2e+22          -1           1              0.500
                2026-11-23 14:00:02.000  cpu.load                        0.375         0.1           1                     missing
                2026-11-23 14:00:03.000  cpu.load            17.75       0.375         0.1           1      17.375  0.610  spike

                """)
    }

    @Test func wideTableInColour() throws {
        #expect(
            try run(columns: 120, colour: true, "query", "--anomalies", "--utc") == """
                ␛[4mTIME (UTC)               STREAM              VALUE    EXPECTED       LOWER       UPPER    RESIDUAL  SCORE␛[0m
                ␛[1;31m2026-11-23 14:00:03.000  cpu.load            17.75       0.375         0.1           1      17.375  0.610  spike␛[0m

                """)
    }

    @Test func namesAreShortenedWhereNoColumnCanGo() throws {
        let rows = try run(columns: 77, "query", "--no-header").split(separator: "\n")
        #expect(rows[2] == #"2026-11-23 14:00:01.500  disk…",io[0]       1e-07              0.500"#)
        #expect(rows.allSatisfy { TextWidth.of(String($0)) <= 77 })
    }

    @Test func tableOfTheLocalZone() throws {
        let store = try SampleStore.filled()
        let berlin = InProcess(zone: NamedZone("Europe/Berlin")!, database: store.path)
        #expect(
            try berlin.output("query", "silent", "cpu.load", "-n", "1") == """
                TIME                     STREAM         VALUE    EXPECTED       LOWER       UPPER    RESIDUAL  SCORE
                2026-11-23 15:00:04.000  cpu.load         0.3       0.375         0.1           1      -0.075  0.020

                """)
    }

    @Test func json() throws {
        #expect(
            try run(columns: 80, colour: true, "query", "-o", "json", "-U", "14:00:03") == #"""
                {"stream":"cpu.load","time":"2026-11-23T14:00:00.000000Z","value":0.5,"prediction":0.375,"lower":0.1,"upper":1,"residual":0.125,"score":0.01,"anomaly":false,"hindsight":null,"late":false,"kind":null}
                {"stream":"cpu.load","time":"2026-11-23T14:00:01.000000Z","value":0.25,"prediction":0.375,"lower":0.1,"upper":1,"residual":-0.125,"score":0.125,"anomaly":false,"hindsight":null,"late":false,"kind":null}
                {"stream":"disk\"a\",io","time":"2026-11-23T14:00:01.500000Z","value":[1e-07,-1234567.891],"prediction":[null,2e+22],"lower":[-1,-1],"upper":[1,1],"residual":[null,null],"score":0.5,"anomaly":false,"hindsight":null,"late":false,"kind":null}
                {"stream":"cpu.load","time":"2026-11-23T14:00:02.000000Z","value":null,"prediction":0.375,"lower":0.1,"upper":1,"residual":null,"score":null,"anomaly":false,"hindsight":null,"late":false,"kind":null}
                {"stream":"cpu.load","time":"2026-11-23T14:00:03.000000Z","value":17.75,"prediction":0.375,"lower":0.1,"upper":1,"residual":17.375,"score":0.61,"anomaly":true,"hindsight":null,"late":false,"kind":"spike"}

                """#)
    }

    @Test func csv() throws {
        #expect(
            try run(columns: 80, colour: true, "query", "-o", "csv", "-U", "14:00:03") == """
                stream,time,value,prediction,lower,upper,residual,score,anomaly,hindsight,late,kind
                cpu.load,2026-11-23T14:00:00.000000Z,0.5,0.375,0.1,1,0.125,0.01,0,,0,
                cpu.load,2026-11-23T14:00:01.000000Z,0.25,0.375,0.1,1,-0.125,0.125,0,,0,
                "disk""a"",io",2026-11-23T14:00:01.500000Z,1e-07;-1234567.891,;2e+22,-1;-1,1;1,;,0.5,0,,0,
                cpu.load,2026-11-23T14:00:02.000000Z,,0.375,0.1,1,,,0,,0,
                cpu.load,2026-11-23T14:00:03.000000Z,17.75,0.375,0.1,1,17.375,0.61,1,,0,spike

                """)
    }

    /// A point that was kept though it came late says so; it has nothing but a value.
    @Test func latePoints() throws {
        let store = try SampleStore.filled()
        var commit = Commit()
        [7.5].withUnsafeBufferPointer {
            commit.append(late: SampleStore.start + SampleStore.second / 2, values: $0, of: 1)
        }
        try store.writer.commit(&commit)
        func run(_ arguments: String...) throws -> String {
            try InProcess(database: store.path).output(["query", "cpu.load", "-U", "14:00:01"] + arguments)
        }
        #expect(
            try run("--utc", "--no-header") == """
                2026-11-23 14:00:00.000  cpu.load         0.5       0.375         0.1           1       0.125  0.010  warm-up
                2026-11-23 14:00:00.500  cpu.load         7.5                                                         late
                2026-11-23 14:00:01.000  cpu.load        0.25       0.375         0.1           1      -0.125  0.125

                """)
        #expect(
            try run("-o", "json").contains(
                #""time":"2026-11-23T14:00:00.500000Z","value":7.5,"prediction":null,"lower":null,"upper":null,"#
                    + #""residual":null,"score":null,"anomaly":false,"hindsight":null,"late":true,"kind":null}"#))
        #expect(try run("-o", "csv").contains("cpu.load,2026-11-23T14:00:00.500000Z,7.5,,,,,,0,,1,\n"))
    }

    @Test func nothingToPrint() throws {
        #expect(try run("query", "silent") == "-- no points --\n")
        #expect(try run("query", "silent", "-o", "json") == "")
        #expect(try run("query", "silent", "-o", "csv").hasPrefix("stream,time,value,"))
        #expect(try run("query", "silent", "-o", "csv", "--no-header") == "")
    }

    @Test func streamsAsTable() throws {
        #expect(
            try run("streams", "--utc") == """
                STREAM      CHANNELS  POINTS  LAST (UTC)                        VALUE  SCORE
                cpu.load           1       5  2026-11-23 14:00:04.000             0.3  0.020  anomaly
                disk"a",io         2       1  2026-11-23 14:00:01.500  1e-07,-1234568  0.500
                silent             1       0

                """)
        #expect(
            try run(columns: 76, colour: true, "streams", "--utc") == """
                ␛[4mSTREAM      POINTS  LAST (UTC)                        VALUE  SCORE␛[0m
                ␛[1;31mcpu.load         5  2026-11-23 14:00:04.000             0.3  0.020  anomaly␛[0m
                disk"a",io       1  2026-11-23 14:00:01.500  1e-07,-1234568  0.500
                silent           0

                """)
    }

    @Test func streamsWithPointsThatWait() throws {
        let store = try SampleStore.filled()
        var commit = Commit()
        for second in 5..<7 as Range<Int64> {
            [7.5].withUnsafeBufferPointer {
                commit.append(pending: SampleStore.start + second * SampleStore.second, values: $0, of: 1)
            }
        }
        try store.writer.commit(&commit)
        let context = InProcess(database: store.path)
        #expect(
            try context.output(["streams", "--utc"]) == """
                STREAM      CHANNELS  POINTS  LAST (UTC)                        VALUE  SCORE  PENDING
                cpu.load           1       5  2026-11-23 14:00:04.000             0.3  0.020        2  anomaly
                disk"a",io         2       1  2026-11-23 14:00:01.500  1e-07,-1234568  0.500        0
                silent             1       0                                                        0

                """)
        #expect(
            try context.output(["streams", "-o", "json", "cpu.load"]).hasSuffix(
                #""pending":2,"warming":"","warmup_seen":null,"warmup_points":null,"muted_until":null}"# + "\n"))
    }

    @Test func streamsAsJSONAndCSV() throws {
        #expect(
            try run("streams", "-o", "json") == #"""
                {"stream":"cpu.load","channels":1,"points":5,"last_time":"2026-11-23T14:00:04.000000Z","last_value":0.3,"last_score":0.02,"open_anomaly":true,"pending":0,"warming":"","warmup_seen":null,"warmup_points":null,"muted_until":null}
                {"stream":"disk\"a\",io","channels":2,"points":1,"last_time":"2026-11-23T14:00:01.500000Z","last_value":[1e-07,-1234567.891],"last_score":0.5,"open_anomaly":false,"pending":0,"warming":"","warmup_seen":null,"warmup_points":null,"muted_until":null}
                {"stream":"silent","channels":1,"points":0,"last_time":null,"last_value":null,"last_score":null,"open_anomaly":false,"pending":0,"warming":"","warmup_seen":null,"warmup_points":null,"muted_until":null}

                """#)
        #expect(
            try run("streams", "-o", "csv") == """
                stream,channels,points,last_time,last_value,last_score,open_anomaly,pending,warming,warmup_seen,warmup_points,muted_until
                cpu.load,1,5,2026-11-23T14:00:04.000000Z,0.3,0.02,1,0,,,,
                "disk""a"",io",2,1,2026-11-23T14:00:01.500000Z,1e-07;-1234567.891,0.5,0,0,,,,
                silent,1,0,,,,0,0,,,,

                """)
    }

    @Test func everyFormatHasANameOfItsOwnAndIsExplained() {
        let names = RecordFormat.all.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(RecordFormat.all.allSatisfy { !$0.summary.isEmpty })
    }
}
