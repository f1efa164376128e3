import Foundation
import Testing

/// Streams that share a network, in the whole daemon: over restarts and crashes, with the commands that look at models.
@Suite struct GroupTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private static let configuration = """
        [[stream]]
        match = "web.*"
        model.sharing = "group"
        model.hidden = 8
        """

    private func start() throws -> DaemonProcess {
        let config = try folder.write(Self.configuration, to: "anomalyd.toml")
        return try DaemonProcess.start(in: folder, ["--config", config], settings: ["daemon.shards=2"])
    }

    /// Points of 40 streams of the group and two others, one by one in turn.
    private func send(_ times: Range<Int>, to daemon: DaemonProcess, spike: Int? = nil) throws {
        let client = try daemon.client()
        let lines = times.flatMap { t in
            (0..<42).map { i in
                let value = t == spike && i == 7 ? 1000 : (t + i) % 12 < 6 ? 10 + i % 5 : 20 + i % 7
                return "\(i < 40 ? "web" : "db").\(i) \(value) \(t * 10 + 10)\n"
            }
        }
        try client.send(lines.joined())
        try client.sync()
    }

    private func network() throws -> String {
        let result = try folder.anomalyctl("model", "show", "web.3", "-o", "json")
        #expect(result.exit == .code(0), "\(result.errors)")
        return result.output
    }

    @Test func aGroupLearnsAndGoesOn() throws {
        let daemon = try start()
        try send(0..<600, to: daemon, spike: 550)
        #expect(try daemon.query("SELECT count(*) FROM stream") == ["42"])
        #expect(try daemon.query("SELECT count(*), count(DISTINCT stream_id) FROM point") == ["25200|42"])
        #expect(
            try daemon.query("SELECT count(*) FROM anomaly JOIN stream ON stream.id = stream_id WHERE name = 'web.7'")
                != ["0"])
        try daemon.stop()
        #expect(try daemon.query("SELECT name FROM stream_group") == ["web.* gru 2:8x1:1 value,change change huber"])
        // What is asked of a model is answered for all of them.
        struct Shown: Decodable {
            struct Training: Decodable { var updates: Int }
            var hidden: Int
            var training: Training
        }
        let shown = try JSONDecoder().decode(Shown.self, from: Data(network().utf8))
        #expect(shown.hidden == 8 && shown.training.updates > 20)
        let files = ["web.3", "web.8"].map { name in (name, folder.fresh("exported")) }
        for (name, file) in files {
            #expect(try folder.anomalyctl("model", "export", name, "-o", file).exit == .code(0))
        }
        let exported = files.map { FileManager.default.contents(atPath: $0.1) }
        #expect(exported[0] != nil && exported[0] == exported[1])

        // A restart, then a crash: it goes on with what it had learned.
        let again = try start()
        try send(600..<610, to: again)
        #expect(
            try JSONDecoder().decode(Shown.self, from: Data(network().utf8)).training.updates >= shown.training.updates)
        try again.kill()
        let last = try start()
        try send(605..<700, to: last)
        #expect(try last.query("SELECT count(*), count(DISTINCT time) FROM point WHERE stream_id = 1") == ["700|700"])
        // Both kinds of streams answer to the end.
        #expect(try last.status().streams == 42)
        #expect(!last.process.errors.contains("cannot be used"), "\(last.process.errors)")
        try last.stop()
        let updates = try JSONDecoder().decode(Shown.self, from: Data(network().utf8)).training.updates
        #expect(updates > shown.training.updates)
        #expect(try folder.anomalyctl("db", "verify").exit == .code(0))
    }

    /// A network that all have can't be given to one.
    @Test func importsAreRefused() throws {
        let daemon = try start()
        try send(0..<100, to: daemon)
        let file = folder.fresh("exported")
        try daemon.stop()
        #expect(try folder.anomalyctl("model", "export", "web.3", "-o", file).exit == .code(0))
        let offline = try folder.anomalyctl("model", "import", file, "web.3")
        #expect(
            offline.exit == .code(1)
                && offline.errors.contains("shares its network with all streams of the group web.*"))
        let again = try start()
        let online = try folder.anomalyctl("model", "import", file, "web.3")
        #expect(
            online.exit != .code(0) && online.errors.contains("shares its network with all streams of the group web.*"))
        // What concerns the stream alone is done as ever.
        #expect(try folder.anomalyctl("model", "freeze", "web.3").exit == .code(0))
        #expect(try folder.anomalyctl("model", "snapshot", "web.3").exit == .code(0))
        #expect(try folder.anomalyctl("model", "rollback", "web.3").exit == .code(0))
        #expect(try folder.anomalyctl("model", "reset", "web.4").exit == .code(0))
        try send(100..<140, to: again)
        try again.stop()
        #expect(try folder.anomalyctl("db", "verify").exit == .code(0))
    }

    /// What was learned is lost with the row, and nothing else.
    @Test func aDamagedNetworkIsTold() throws {
        let daemon = try start()
        try send(0..<200, to: daemon)
        try daemon.stop()
        try SQLiteShell.run(
            "UPDATE stream_group SET state = zeroblob(length(state))", on: daemon.database, writable: true)
        #expect(try folder.anomalyctl("db", "verify").exit != .code(0))
        let again = try start()
        #expect(again.process.errors.contains("the stored network of a group cannot be used"))
        try send(200..<300, to: again)
        try again.stop()
        #expect(try daemon.query("SELECT count(*) FROM point") == ["12600"])
        #expect(try folder.anomalyctl("db", "verify").exit == .code(0))
    }

    /// The streams of a group sleep and wake like others.
    @Test func theySleep() throws {
        let config = try folder.write(Self.configuration, to: "anomalyd.toml")
        let daemon = try DaemonProcess.start(
            in: folder, ["--config", config], settings: ["daemon.shards=1", "daemon.memory_limit=1"])
        try send(0..<60, to: daemon)
        let status = try daemon.status()
        #expect(status.asleepStreams >= 20)
        try daemon.stop()
        #expect(
            try daemon.query(
                "SELECT count(*), min(n), max(n) FROM (SELECT count(*) AS n FROM point GROUP BY stream_id)") == [
                    "42|60|60"
                ])
    }
}
