import AnomalyControl
import ControlProtocol
import PointStore
import Testing

/// `anomalyctl alerts`: who was told of what.
@Suite struct AlertsCommandTests {
    let store: SampleStore
    init() throws {
        store = try .withAnomalies()
        var commit = Commit()
        func told(
            _ stream: Int32, _ start: Int64, _ id: Int64, _ sink: String, _ state: AlertRecord.State
        ) -> AlertRecord {
            AlertRecord(
                key: AlertKey(stream: stream, start: start), sink: sink, anomaly: id, state: state,
                since: SampleStore.at(51), told: SampleStore.at(55), score: 0.34, deviation: 0.4)
        }
        commit.alerts = [
            told(1, 51, 5, "journal", .firing), told(1, 51, 5, "pager", .firing), told(2, 21, 3, "pager", .firing),
            told(1, 20, 2, "pager", .resolved),
        ]
        var seen = FeedbackRecord(
            stream: 1, sequence: 59, isSilent: false, time: SampleStore.at(56), action: .acknowledged)
        seen.anomaly = 5
        commit.feedback = [seen]
        try store.writer.commit(&commit)
    }

    private func run(columns: Int? = nil, colour: Bool = false, _ arguments: String...) throws -> String {
        try InProcess(columns: columns, colour: colour, database: store.path).output(["alerts"] + arguments)
    }

    @Test func whatGoesOnAndWhoKnows() throws {
        #expect(
            try run("--utc") == """
                ID  START (UTC)              STREAM    SCORE  SINK     STATE     FIRST TOLD (UTC)         LAST TOLD (UTC)
                 3  2026-11-23 14:20:30.000  web       0.500  pager    firing    2026-11-23 14:51:00.000  2026-11-23 14:55:00.000
                 4  2026-11-23 14:40:00.000  quiet     0.330
                 5  2026-11-23 14:50:00.000  cpu.load  0.340  journal  firing    2026-11-23 14:51:00.000  2026-11-23 14:55:00.000  acknowledged
                 5  2026-11-23 14:50:00.000  cpu.load  0.340  pager    firing    2026-11-23 14:51:00.000  2026-11-23 14:55:00.000  acknowledged

                """)
    }

    @Test func alsoWhatIsOver() throws {
        let ids = try run("list", "--all", "-o", "csv", "--no-header").split(separator: "\n").map { $0.prefix(1) }
        #expect(ids == ["2", "3", "4", "5", "5"])
        #expect(
            try run("-o", "json").split(separator: "\n").first ?? "" == """
                {"id":3,"start":"2026-11-23T14:20:30.000000Z","stream":"web","score":0.5,"sink":"pager","state":"firing","since":"2026-11-23T14:51:00.000000Z","told":"2026-11-23T14:55:00.000000Z","open":false,"acknowledged":false,"muted":false,"named":true}
                """)
    }

    @Test func nothingGoesOn() throws {
        let empty = try SampleStore()
        #expect(try InProcess(database: empty.path).output("alerts") == "-- nothing is going on --\n")
    }

    /// A daemon of an older version has no such request.
    @Test func anOlderDaemonKnowsNoAlerts() throws {
        let reply = ControlReply.error(ControlError(code: .unknownRequest, message: "unknown request \"test_alerts\""))
        let daemon = try FakeDaemon(.answer(try ControlLine.encode(reply), pieces: 100))
        let failure = #expect(throws: Failure.self) {
            try InProcess().output("--socket", daemon.path, "alerts", "test")
        }
        #expect(failure?.hint == "restart it after the upgrade; try: systemctl restart anomalyd")
    }

    @Test func whatSinksAnswer() throws {
        let reply = ControlReply.testedAlerts(
            AlertTestReply(sinks: [
                AlertTestReply.Result(sink: "journal", kind: "log", isTold: true, milliseconds: 0),
                AlertTestReply.Result(
                    sink: "chat", kind: "webhook", isTold: false, cause: "HTTP \u{1B}500", milliseconds: 12),
            ]))
        #expect(try ControlLine.decodeReply(try ControlLine.encode(reply)) == reply)
        let daemon = try FakeDaemon(.answer(try ControlLine.encode(reply), pieces: 100))
        let failure = #expect(throws: Failure.self) {
            try InProcess().output("--socket", daemon.path, "alerts", "test", "chat")
        }
        #expect(failure?.message == "not told: chat")
    }

    @Test func requestsAreReadAsTheyAreWritten() throws {
        for request in [ControlRequest.testAlerts(AlertTestRequest(sink: "pager")), .testAlerts(AlertTestRequest())] {
            #expect(try ControlLine.decodeRequest(try ControlLine.encode(request)) == request)
        }
        #expect(
            try ControlLine.decodeRequest(Array(#"{"request":"test_alerts","version":1}"#.utf8))
                == .testAlerts(AlertTestRequest()))
    }
}
