import AnomalyControl
import Testing

/// `anomalyctl anomalies show`.
@Suite struct AnomaliesShowTests {
    let store: SampleStore
    init() throws { store = try .withAnomalies() }

    private func run(columns: Int? = nil, colour: Bool = false, _ arguments: String...) throws -> String {
        try InProcess(columns: columns, colour: colour, database: store.path)
            .output(["anomalies", "show", "--utc"] + arguments).replacing("\u{1B}", with: "␛")
    }

    @Test func anAnomalyThatIsOver() throws {
        #expect(
            try run(columns: 80, "2", "--context", "2") == """
                Anomaly 2 of cpu.load
                     Began: Mon 2026-11-23 14:19:00 UTC
                     Ended: Mon 2026-11-23 14:20:00 UTC, after 1min
                    Points: 2, from the stream's point 20 on
                     Value: 12
                  Expected: 2
                     Score: 0.420
                      Kind: spike: a value that the last ones did not announce

                TIME (UTC)               STREAM         VALUE    EXPECTED  SCORE
                2026-11-23 14:17:00.000  cpu.load           2           2  0.010
                2026-11-23 14:18:00.000  cpu.load           2           2  0.010
                2026-11-23 14:19:00.000  cpu.load          12           2  0.420  spike
                2026-11-23 14:20:00.000  cpu.load          11           2  0.210
                2026-11-23 14:21:00.000  cpu.load           2           2  0.010
                2026-11-23 14:22:00.000  cpu.load           2           2  0.010

                """)
    }

    @Test func onAWideTerminalInColour() throws {
        #expect(
            try run(columns: 120, colour: true, "5", "--context", "1") == """
                ␛[1mAnomaly 5 of cpu.load␛[0m, ␛[1;31mstill open␛[0m
                     Began: Mon 2026-11-23 14:50:00 UTC, 10min ago
                    Latest: Mon 2026-11-23 14:58:00 UTC, after 8min
                    Points: 9, from the stream's point 51 on
                     Value: 2.4
                  Expected: 2
                     Score: 0.340
                      Kind: shift: values that have been off to one side for some time

                ␛[4mTIME (UTC)               STREAM         VALUE    EXPECTED       LOWER       UPPER    RESIDUAL  SCORE␛[0m
                2026-11-23 14:49:00.000  cpu.load           2           2         1.5         2.5           0  0.010
                ␛[1;31m2026-11-23 14:50:00.000  cpu.load         2.4           2         1.5         2.5         0.4  0.340  shift␛[0m
                2026-11-23 14:51:00.000  cpu.load         2.4           2         1.5         2.5         0.4  0.200
                2026-11-23 14:52:00.000  cpu.load         2.4           2         1.5         2.5         0.4  0.200
                2026-11-23 14:53:00.000  cpu.load         2.4           2         1.5         2.5         0.4  0.200
                2026-11-23 14:54:00.000  cpu.load         2.4           2         1.5         2.5         0.4  0.200
                2026-11-23 14:55:00.000  cpu.load         2.4           2         1.5         2.5         0.4  0.200
                2026-11-23 14:56:00.000  cpu.load         2.4           2         1.5         2.5         0.4  0.200
                2026-11-23 14:57:00.000  cpu.load         2.4           2         1.5         2.5         0.4  0.200
                2026-11-23 14:58:00.000  cpu.load         2.4           2         1.5         2.5         0.4  0.200
                2026-11-23 14:59:00.000  cpu.load           2           2         1.5         2.5           0  0.010

                """)
    }

    @Test func channels() throws {
        #expect(
            try run(columns: 80, "3", "--context", "1") == """
                Anomaly 3 of web
                     Began: Mon 2026-11-23 14:20:30 UTC
                    Points: 1, from the stream's point 21 on
                     Value: 150 in channel 1
                  Expected: 50
                     Score: 0.500
                      Kind: range: a value outside all that was seen before
                  Channels: channel 1 for 75 %, channel 0 for 25 %

                TIME (UTC)               STREAM       VALUE    EXPECTED  SCORE
                2026-11-23 14:19:30.000  web[0]          50          50  0.020
                2026-11-23 14:19:30.000  web[1]          50          50  0.020
                2026-11-23 14:20:30.000  web[0]          50          50  0.500  range
                2026-11-23 14:20:30.000  web[1]         150          50  0.500  range
                2026-11-23 14:21:30.000  web[0]          50          50  0.020
                2026-11-23 14:21:30.000  web[1]          50          50  0.020

                """)
    }

    @Test func aSilence() throws {
        #expect(
            try run(columns: 80, "4", "--context", "1") == """
                Anomaly 4 of quiet, still open
                    Began: Mon 2026-11-23 14:40:00 UTC, 20min ago
                    Score: 0.330
                     Kind: gap: nothing came for long
                  Silence: for longer than ever before from Mon 2026-11-23 14:40:00 UTC on

                TIME (UTC)               STREAM       VALUE    EXPECTED  SCORE
                2026-11-23 14:29:00.000  quiet            7           7  0.010

                """)
    }

    @Test func several() throws {
        let titles = try run("1", "3").split(separator: "\n").filter { $0.hasPrefix("Anomaly") }
        #expect(titles == ["Anomaly 1 of cpu.load", "Anomaly 3 of web"])
    }

    @Test func pointsAround() throws {
        func minutes(_ arguments: String...) throws -> [Substring] {
            try InProcess(database: store.path).output(["anomalies", "show", "--utc"] + arguments)
                .split(separator: "\n").filter { $0.hasPrefix("2026") }.map { $0.dropFirst(14).prefix(2) }
        }
        #expect(try minutes("2", "--context", "0") == ["19", "20"])
        #expect(try minutes("1").first == "04" && minutes("1").last == "14")
        #expect(try minutes("1", "--context", "20").first == "00")
        #expect(try minutes("5", "--context", "3").last == "59")
    }

    @Test func json() throws {
        #expect(
            try run("3", "-o", "json", "--context", "0") == """
                {"anomaly":{"id":3,"start":"2026-11-23T14:20:30.000000Z","end":"2026-11-23T14:20:30.000000Z","stream":"web","duration":0,"points":1,"peak":"2026-11-23T14:20:30.000000Z","channel":1,"value":150,"prediction":50,"score":0.5,"kind":"range","open":false,"sequence":21,"attribution":[0.25,0.75],"feedback":null,"muted":false,"excluded":false},"silence":null,"points":[{"stream":"web","time":"2026-11-23T14:20:30.000000Z","value":[50,150],"prediction":[50,50],"lower":[49.5,49.5],"upper":[50.5,50.5],"residual":[0,100],"score":0.5,"anomaly":true,"hindsight":null,"late":false,"kind":"range"}]}

                """)
        #expect(try run("4", "-o", "json").contains(#","silence":"2026-11-23T14:40:00.000000Z","points":[{"#))
        #expect(try run("1", "2", "-o", "json").split(separator: "\n").count == 2)
    }

    @Test func anUnknownNumber() throws {
        let failure = #expect(throws: Failure.self) { try run("1", "99") }
        #expect(failure?.status == .unknownStream)
        #expect(failure?.text == "anomalyctl: there is no anomaly 99\nto see the numbers, try: anomalyctl anomalies\n")
    }

    @Test func anOlderFile() throws {
        try store.makeOld()
        #expect(
            try run(columns: 80, "4", "--context", "0") == """
                Anomaly 4 of quiet, still open
                  Began: Mon 2026-11-23 14:40:00 UTC, 20min ago
                  Score: 0.330

                -- no points --

                """)
    }
}
