import AnomalyControl
import AnomalyDetection
import PointStore
import Testing

/// `anomalyctl anomalies list`.
@Suite struct AnomaliesListTests {
    let store: SampleStore
    init() throws { store = try .withAnomalies() }

    private func run(columns: Int? = nil, colour: Bool = false, _ arguments: String...) throws -> String {
        try InProcess(columns: columns, colour: colour, database: store.path).output(
            ["anomalies", "--utc"] + arguments
        )
        .replacing("\u{1B}", with: "␛")
    }

    /// The numbers that the command line lists, such as "54321".
    private func ids(_ arguments: String...) throws -> String {
        try InProcess(database: store.path).output(["anomalies", "-o", "csv", "--no-header"] + arguments)
            .split(separator: "\n").map { String($0.prefix(1)) }.joined()
    }

    @Test(arguments: [nil, 120]) func wideTable(columns: Int?) throws {
        #expect(
            try run(columns: columns) == """
                ID  START (UTC)              STREAM       DURATION  POINTS       VALUE    EXPECTED  SCORE
                 5  2026-11-23 14:50:00.000  cpu.load   still open       9         2.4           2  0.340  shift
                 4  2026-11-23 14:40:00.000  quiet      still open       0                          0.330  gap
                 3  2026-11-23 14:20:30.000  web                0s       1         150          50  0.500  range
                 2  2026-11-23 14:19:00.000  cpu.load         1min       2          12           2  0.420  spike
                 1  2026-11-23 14:09:00.000  cpu.load           0s       1           9           2  0.350  spike

                """)
    }

    @Test func narrowTable() throws {
        #expect(
            try InProcess(columns: 80, database: store.path).output("anomalies", "list", "--utc") == """
                ID  START (UTC)              STREAM       DURATION       VALUE  SCORE
                 5  2026-11-23 14:50:00.000  cpu.load   still open         2.4  0.340  shift
                 4  2026-11-23 14:40:00.000  quiet      still open              0.330  gap
                 3  2026-11-23 14:20:30.000  web                0s         150  0.500  range
                 2  2026-11-23 14:19:00.000  cpu.load         1min          12  0.420  spike
                 1  2026-11-23 14:09:00.000  cpu.load           0s           9  0.350  spike

                """)
    }

    @Test func narrowTableInColour() throws {
        #expect(
            try run(columns: 80, colour: true, "cpu.load") == """
                ␛[4mID  START (UTC)              STREAM       DURATION       VALUE  SCORE␛[0m
                ␛[1;31m 5  2026-11-23 14:50:00.000  cpu.load   still open         2.4  0.340  shift␛[0m
                 2  2026-11-23 14:19:00.000  cpu.load         1min          12  0.420  spike
                 1  2026-11-23 14:09:00.000  cpu.load           0s           9  0.350  spike

                """)
    }

    @Test func csv() throws {
        #expect(
            try run("-o", "csv", "web", "quiet") == """
                id,start,end,stream,duration,points,peak,channel,value,prediction,score,kind,open,sequence,attribution,feedback,muted,excluded
                4,2026-11-23T14:40:00.000000Z,2026-11-23T14:40:00.000000Z,quiet,,0,2026-11-23T14:40:00.000000Z,0,,,0.33,gap,1,31,,,0,0
                3,2026-11-23T14:20:30.000000Z,2026-11-23T14:20:30.000000Z,web,0,1,2026-11-23T14:20:30.000000Z,1,150,50,0.5,range,0,21,0.25;0.75,,0,0

                """)
    }

    @Test func json() throws {
        #expect(
            try run("-o", "json", "-n", "3") == """
                {"id":5,"start":"2026-11-23T14:50:00.000000Z","end":"2026-11-23T14:58:00.000000Z","stream":"cpu.load","duration":null,"points":9,"peak":"2026-11-23T14:50:00.000000Z","channel":0,"value":2.4,"prediction":2,"score":0.34,"kind":"shift","open":true,"sequence":51,"attribution":null,"feedback":null,"muted":false,"excluded":false}
                {"id":4,"start":"2026-11-23T14:40:00.000000Z","end":"2026-11-23T14:40:00.000000Z","stream":"quiet","duration":null,"points":0,"peak":"2026-11-23T14:40:00.000000Z","channel":0,"value":null,"prediction":null,"score":0.33,"kind":"gap","open":true,"sequence":31,"attribution":null,"feedback":null,"muted":false,"excluded":false}
                {"id":3,"start":"2026-11-23T14:20:30.000000Z","end":"2026-11-23T14:20:30.000000Z","stream":"web","duration":0,"points":1,"peak":"2026-11-23T14:20:30.000000Z","channel":1,"value":150,"prediction":50,"score":0.5,"kind":"range","open":false,"sequence":21,"attribution":[0.25,0.75],"feedback":null,"muted":false,"excluded":false}

                """)
    }

    @Test func orders() throws {
        #expect(try ids() == "54321")
        #expect(try ids("--reverse") == "12345")
        #expect(try ids("-n", "2") == "54")
        #expect(try ids("-n2", "-r") == "45")
        #expect(try ids("-n", "0") == "")
        #expect(try ids("-n", "all") == "54321")
        #expect(try ids("--sort", "score") == "32154")
        #expect(try ids("--sort", "score", "-n", "1") == "3")
        #expect(try ids("--sort", "score", "-r") == "45123")
        #expect(try ids("--sort", "points") == "52314")
        #expect(try ids("--sort", "duration") == "52431")
    }

    @Test func selections() throws {
        #expect(try ids("web") == "3")
        #expect(try ids("*e*", "cpu.load") == "54321")
        #expect(try ids("[wc]*") == "5321")
        #expect(try ids("--open") == "54")
        #expect(try ids("--kind", "spike") == "21")
        #expect(try ids("--kind", "gap", "--kind", "range") == "43")
        #expect(try ids("--kind", "drift") == "")
        #expect(try ids("--min-score", "0.35") == "321")
        #expect(try ids("--min-score", "0.35", "cpu.load", "-n", "1") == "2")
    }

    /// What began earlier and was going on is there, too.
    @Test func times() throws {
        #expect(try ids("-S", "14:20") == "5432")
        #expect(try ids("-S", "14:20:01") == "543")
        #expect(try ids("-U", "14:19") == "21")
        #expect(try ids("-U", "14:18:59") == "1")
        #expect(try ids("--since", "14:10", "--until", "14:30") == "32")
    }

    @Test func manyAnomaliesComePageByPage() throws {
        let store = try SampleStore()
        var commit = Commit()
        commit.streams = [StreamRecord(id: 1, name: "a", channels: 1, created: 0)]
        for index in 0..<3000 as Range<Int64> {
            commit.anomalies.append(
                AnomalyRecord(
                    stream: 1,
                    anomaly: .init(
                        startSequence: index + 1, start: index / 2, end: index, peak: index,
                        peakScore: index % 5 == 0 ? .nan : Double(index % 7) / 10, peakChannel: 0, peakValue: 0,
                        peakPrediction: 0, points: index % 3, isOpen: false)))
        }
        try store.writer.commit(&commit)
        func ids(_ arguments: String...) throws -> [Substring] {
            try InProcess(database: store.path).output(["anomalies", "-o", "csv", "--no-header"] + arguments)
                .split(separator: "\n").compactMap { $0.split(separator: ",").first }
        }
        #expect(try ids() == (1...3000).reversed().map { Substring("\($0)") })
        for sort in ["start", "duration", "points", "score"] {
            let all = try ids("--sort", sort)
            #expect(Set(all).count == 3000 && all.count == 3000, "\(sort)")
            #expect(try ids("--sort", sort, "--reverse") == all.reversed(), "\(sort)")
            #expect(try ids("--sort", sort, "-n", "1500", "a") == Array(all.prefix(1500)), "\(sort)")
        }
    }

    @Test func nothingFound() throws {
        let empty = try SampleStore()
        let context = InProcess(database: empty.path)
        #expect(try context.output("anomalies") == "-- no anomalies --\n")
        #expect(try context.output("anomalies", "-o", "json") == "")
        #expect(try context.output("anomalies", "-o", "csv").hasPrefix("id,start,end,stream,"))
        #expect(try run("--kind", "flat") == "-- no anomalies --\n")
    }

    @Test func anUnknownStream() throws {
        let failure = #expect(throws: Failure.self) { try ids("nosuch") }
        #expect(failure?.status == .unknownStream)
        #expect(failure?.hint == "to see the names, try: anomalyctl streams")
    }

    /// No kinds are known of what an older version has stored.
    @Test func anOlderFile() throws {
        try store.makeOld()
        #expect(try ids() == "54321")
        #expect(try ids("--kind", "spike") == "")
        #expect(
            try run(columns: 120, "web", "cpu.load", "-n", "2", "--no-header") == """
                 5  2026-11-23 14:50:00.000  cpu.load   still open       9         2.4           2  0.340  anomaly
                 3  2026-11-23 14:20:30.000  web                0s       1         150          50  0.500

                """)
    }

    @Test(arguments: [
        ["anomalies", "--bogus"], ["anomalies", "--kind", "odd"], ["anomalies", "--sort", "colour"],
        ["anomalies", "--min-score", "2"], ["anomalies", "-n", "-1"], ["anomalies", "-o", "text"],
        ["anomalies", "show"], ["anomalies", "show", "first"], ["anomalies", "show", "1", "--context", "-1"],
        ["explain"], ["explain", "1", "2"], ["explain", "1", "-o", "table"],
    ])
    func commandLinesThatMakeNoSense(arguments: [String]) {
        #expect(throws: (any Error).self) { try Anomalyctl.command(for: arguments) }
    }
}
