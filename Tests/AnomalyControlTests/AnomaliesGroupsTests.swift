import AnomalyControl
import AnomalyDetection
import PointStore
import Testing

/// `anomalyctl anomalies groups`.
@Suite struct AnomaliesGroupsTests {
    /// | when | what |
    /// |---|---|
    /// | 14:09 | 1, of cpu.load |
    /// | 14:19, 14:20:30 | 2, of cpu.load; 3, of web, which is worse |
    /// | 14:40 | 4, of quiet, still open |
    /// | 14:50 | 5, of cpu.load, still open |
    let store: SampleStore
    init() throws { store = try .withAnomalies() }

    /// The numbers of the groups' anomalies, such as "5 4 32 1".
    private func groups(_ arguments: String...) throws -> String {
        try InProcess(database: store.path).output(["anomalies", "groups", "-o", "csv", "--no-header"] + arguments)
            .split(separator: "\n").map { $0.split(separator: ",").last?.replacing(";", with: "") ?? "" }
            .joined(separator: " ")
    }

    @Test func table() throws {
        #expect(
            try InProcess(columns: 120, database: store.path).output("anomalies", "groups", "--utc") == """
                START (UTC)                 DURATION  ANOMALIES  STREAMS  OPEN  WORST  ID  STREAM
                2026-11-23 14:50:00.000   still open          1        1     1  0.340   5  cpu.load  shift
                2026-11-23 14:40:00.000   still open          1        1     1  0.330   4  quiet     gap
                2026-11-23 14:19:00.000     1min 30s          2        2     0  0.500   3  web       range
                2026-11-23 14:09:00.000           0s          1        1     0  0.350   1  cpu.load  spike

                """)
    }

    @Test func narrowTable() throws {
        #expect(
            try InProcess(columns: 80, database: store.path).output("anomalies", "groups", "--utc") == """
                START (UTC)              ANOMALIES  STREAMS  WORST  ID  STREAM
                2026-11-23 14:50:00.000          1        1  0.340   5  cpu.load  shift
                2026-11-23 14:40:00.000          1        1  0.330   4  quiet     gap
                2026-11-23 14:19:00.000          2        2  0.500   3  web       range
                2026-11-23 14:09:00.000          1        1  0.350   1  cpu.load  spike

                """)
    }

    @Test func json() throws {
        #expect(
            try InProcess(database: store.path).output("anomalies", "groups", "-o", "json", "--until", "14:30") == """
                {"start":"2026-11-23T14:19:00.000000Z","end":"2026-11-23T14:20:30.000000Z","duration":90,"anomalies":2,"streams":2,"open":0,"score":0.5,"worst":3,"stream":"web","ids":[3,2]}
                {"start":"2026-11-23T14:09:00.000000Z","end":"2026-11-23T14:09:00.000000Z","duration":0,"anomalies":1,"streams":1,"open":0,"score":0.35,"worst":1,"stream":"cpu.load","ids":[1]}

                """)
    }

    @Test func whatBelongsTogether() throws {
        #expect(try groups() == "5 4 32 1")
        #expect(try groups("-r") == "1 23 4 5")
        #expect(try groups("--within", "89s") == "5 4 3 2 1")
        #expect(try groups("--within", "90s") == "5 4 32 1")
        // Each is near enough to the next.
        #expect(try groups("--within", "10min") == "54 321")
        #expect(try groups("--within", "20min") == "54321")
        #expect(try groups("--within", "0s") == "5 4 3 2 1")
        #expect(try groups("-n", "2") == "5 4")
        #expect(try groups("-n", "2", "-r") == "1 23")
        #expect(try groups("-n", "0") == "")
        #expect(try groups("--open") == "5 4")
        #expect(try groups("--open", "--within", "20min") == "54321")
        #expect(try groups("--min-streams", "2") == "32")
        #expect(try groups("--min-streams", "2", "-n", "1") == "32")
        #expect(try groups("cpu.load", "--within", "20min") == "5 21")
        #expect(try groups("web", "quiet") == "4 3")
        #expect(try groups("--since", "14:30") == "5 4")
    }

    @Test func manyPages() throws {
        let store = try SampleStore()
        var commit = Commit()
        commit.streams = (1...40).map { StreamRecord(id: $0, name: "s\($0)", channels: 1, created: 0) }
        for index in 0..<4000 as Range<Int64> {
            // A hundred together, and then nothing for an hour.
            let time = index / 100 * 3_600_000_000 + index % 100 * 1_000_000
            commit.anomalies.append(
                AnomalyRecord(
                    stream: Int32(index % 40) + 1,
                    anomaly: Anomaly(
                        startSequence: index + 1, start: time, end: time, peak: time, peakScore: 0.4, peakChannel: 0,
                        peakValue: 0, peakPrediction: 0, points: 1, isOpen: false)))
        }
        try store.writer.commit(&commit)
        let lines = try InProcess(database: store.path).output("anomalies", "groups", "-o", "csv", "--no-header")
            .split(separator: "\n")
        #expect(lines.count == 40 && lines.allSatisfy { $0.contains(",99,100,40,0,0.4,") })
    }

    @Test func nothingFound() throws {
        let empty = try SampleStore()
        #expect(try InProcess(database: empty.path).output("anomalies", "groups") == "-- no anomalies --\n")
        #expect(throws: Failure.self) { try groups("nosuch") }
    }

    @Test(arguments: [["--within", "-5"], ["--within", "soon"], ["--min-streams", "0"], ["-n", "-1"]])
    func commandLinesThatMakeNoSense(arguments: [String]) {
        #expect(throws: (any Error).self) { try Anomalyctl.command(for: ["anomalies", "groups"] + arguments) }
    }
}
