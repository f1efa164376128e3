import AnomalyControl
import AnomalyDetection
import Foundation
import PointStore
import Testing

/// `anomalyctl rescore` without a daemon.
@Suite struct RescoreCommandTests {
    private static let minute: Int64 = 60_000_000
    /// Options that make it quick.
    private static let quick = ["--hidden", "8", "--window", "32", "--epochs", "4", "--threads", "2"]

    /// A season of 20 minutes with a spike at minute 200, which was flagged online as well as minute 100; and a stream
    /// that is too short.
    private func store() throws -> SampleStore {
        let store = try SampleStore()
        var commit = Commit()
        commit.streams = [
            StreamRecord(id: 1, name: "wave", channels: 1, created: SampleStore.start),
            StreamRecord(id: 2, name: "wide", channels: 2, created: SampleStore.start),
            StreamRecord(id: 3, name: "short", channels: 1, created: SampleStore.start),
        ]
        func add(_ stream: Int32, _ minute: Int, _ channel: Int32, _ value: Double) {
            let isFlagged = minute == 100 || minute == 200
            commit.points.append(
                PointRow(
                    stream: stream, channel: channel, sequence: Int64(minute + 1),
                    time: SampleStore.start + Int64(minute) * Self.minute, value: value, prediction: 0, lower: -1,
                    upper: 1, residual: value, score: isFlagged ? 0.5 : 0.1, flags: isFlagged ? .anomaly : []))
        }
        for minute in 0..<400 {
            let value = sin(Double(minute) / 20 * 2 * .pi) + Double(minute * 7919 % 101) / 1000
            add(1, minute, 0, value + (minute == 200 ? 9 : 0))
            for channel in 0..<2 as Range<Int32> { add(2, minute, channel, value) }
        }
        for minute in 0..<63 { add(3, minute, 0, 1) }
        try store.writer.commit(&commit)
        try store.writer.close()
        return store
    }

    private func run(_ store: SampleStore, _ arguments: String...) throws -> String {
        try run(store, arguments)
    }

    /// No daemon listens there, and no configuration is found.
    private func run(_ store: SampleStore, _ arguments: [String], options: [String] = quick) throws -> String {
        try InProcess(database: store.path).output(
            ["--socket", store.folder + "/none.sock", "rescore"] + arguments
                + (arguments.contains("--model") ? ["--threads", "2"] : options))
    }

    /// As the user sees it.
    private func failure(_ store: SampleStore, _ arguments: String...) throws -> Failure? {
        let error = #expect(throws: (any Error).self) { try run(store, arguments) }
        return error.flatMap { Failure(explaining: $0) }
    }

    private struct Summary: Decodable {
        var points, flagged_points, hindsight_anomalies, online_anomalies, both, only_hindsight, only_online: Int
        var run: Int?
        var first, last, model: String
        var threshold: Double
        var worst: [Worst]
        struct Worst: Decodable {
            var found, time: String
            var value, hindsight_prediction, score, hindsight: Double
        }
    }

    private func summary(_ store: SampleStore, _ arguments: String...) throws -> Summary {
        try JSONDecoder().decode(Summary.self, from: Data(try run(store, arguments + ["-o", "json"]).utf8))
    }

    @Test func whatIsFoundIsStoredAndTold() throws {
        let store = try store()
        let summary = try summary(store, "wave")
        #expect(summary.points == 400 && summary.run == 1 && abs(summary.threshold - 0.33) < 0.001)
        #expect(summary.first == "2026-11-23T14:00:00.000000Z" && summary.last == "2026-11-23T20:39:00.000000Z")
        #expect(summary.model.hasPrefix("gru both ways, 1 layer of 2 × 8 units, windows of 32 points, learned from"))
        #expect(summary.online_anomalies == 2 && summary.hindsight_anomalies == 1)
        #expect(summary.both == 1 && summary.only_hindsight == 0 && summary.only_online == 1)
        #expect(summary.worst.map(\.found) == ["online", "both"])
        let spike = try #require(summary.worst.last)
        #expect(spike.time == "2026-11-23T17:20:00.000000Z" && spike.value > 8.9 && spike.hindsight_prediction < 3)
        #expect(spike.score == 0.5 && spike.hindsight >= 0.4)

        let query = InProcess(database: store.path)
        let stored = try query.output("query", "wave", "--min-hindsight", "0", "-o", "csv", "--no-header")
        #expect(stored.split(separator: "\n").count == 400)
        let flagged = try query.output("query", "wave", "--min-hindsight", "0.4", "-o", "csv", "--no-header")
        #expect(flagged.hasPrefix("wave,2026-11-23T17:20:00.000000Z,"))
        #expect(try query.output("query", "wide", "--min-hindsight", "0") == "-- no points --\n")
    }

    @Test func theTable() throws {
        let text = try run(store(), "wave", "--utc", "-n")
        #expect(
            text.hasPrefix("wave\n             Points: 400 from 2026-11-23 14:00:00.000 to 2026-11-23 20:39:00.000\n"))
        for line in [
            "       In hindsight: 1 anomalies of 1 points\n", "             Online: 2 anomalies\n",
            "            In both: 1\n", "  Only in hindsight: 0\n", "        Only online: 1\n",
            "             Stored: no\n\n",
            "TIME (UTC)               POINTS       VALUE  IN HINDSIGHT  SCORE  HINDSIGHT\n",
        ] { #expect(text.contains(line), "\(line)in\n\(text)") }
        #expect(text.contains("2026-11-23 15:40:00.000       1") && text.contains("0.500      0.0"))
        #expect(text.contains("  only online\n"))
    }

    @Test func aDryRunStoresNothing() throws {
        let store = try store()
        let before = try Data(contentsOf: URL(filePath: store.path))
        #expect(try summary(store, "wave", "--dry-run").run == nil)
        #expect(try Data(contentsOf: URL(filePath: store.path)) == before)
    }

    @Test func aRangeOfTheStream() throws {
        let store = try store()
        let summary = try summary(store, "wave", "--since", "16:00", "--until", "17:59")
        #expect(summary.points == 120 && summary.last == "2026-11-23T17:59:00.000000Z")
        _ = try self.summary(store, "wave", "--since", "17:00")
        let runs = try InProcess(database: store.path).output(
            "query", "wave", "--min-hindsight", "0", "-o", "csv", "--no-header")
        #expect(runs.split(separator: "\n").count == 280)
    }

    @Test func theSameAgain() throws {
        let outcomes = try ["1", "3"].map { threads in
            let store = try store()
            _ = try run(
                store, ["wave", "wide"],
                options: ["--hidden", "8", "--window", "32", "--epochs", "2", "--threads", threads]
            )
            return try InProcess(database: store.path).output("query", "w*", "-o", "csv", "--hindsight")
        }
        #expect(outcomes[0] == outcomes[1])
        #expect(outcomes[0].split(separator: "\n").count == 801)
    }

    // MARK: Models

    @Test func aModelIsKeptAndUsedAgain() throws {
        let store = try store()
        let path = store.folder + "/wave.safetensors"
        _ = try run(store, "wave", "-n", "--save-model", path)
        let again = try summary(store, "wave", "--since", "17:00", "--until", "17:59", "--model", path)
        #expect(again.points == 60 && again.both == 1 && again.hindsight_anomalies == 1)
        #expect(again.model == "gru both ways, 1 layer of 2 × 8 units, windows of 32 points, learned before from wave")
        // Another stream of the same width can be read with it, one of another width can't.
        #expect(try summary(store, "short", "-n", "--model", path).points == 63)
        let failure = try failure(store, "wide", "-n", "--model", path)
        #expect(failure?.message == "cannot rescore \"wide\": it has 2 values a point, the model is for streams of 1")
    }

    @Test func filesThatAreNoModelForIt() throws {
        let store = try store()
        let missing = try failure(store, "wave", "--model", store.folder + "/none")
        #expect(missing?.status == .failure && missing?.message.contains("No such file") == true)
        let text = store.folder + "/text"
        try Data("weights".utf8).write(to: URL(filePath: text))
        #expect(
            try failure(store, "wave", "--model", text)?.message.hasPrefix("cannot read the model \(text): ") == true)

        let path = store.folder + "/wave.safetensors"
        _ = try run(store, "wave", "-n", "--save-model", path)
        let good = try Data(contentsOf: URL(filePath: path))
        for (part, other, complaint) in [
            (#""anomalyd.purpose":"hindsight""#, #""anomalyd.purpose":"predict"  "#, "its purpose is \"predict\""),
            (#""anomalyd.window":"32""#, #""anomalyd.window":"9" "#, "its window is 9, expected 32 to 4096 points"),
            (#""anomalyd.limits":"#, #""anomalyd.limit_":"#, "its anomalyd.limits are not two numbers for each of 1"),
        ] {
            let range = try #require(good.range(of: Data(part.utf8)), "\(part)")
            var bad = good
            bad.replaceSubrange(range, with: Data(other.utf8))
            try bad.write(to: URL(filePath: path))
            let failure = try failure(store, "wave", "--model", path)
            #expect(failure?.message.contains(complaint) == true, "\(failure as Any)")
            #expect(failure?.hint?.contains("--save-model") == true)
        }
    }

    // MARK: Refusals

    @Test func tooFewPoints() throws {
        let store = try store()
        let failure = try failure(store, "short")
        #expect(failure?.status == .failure)
        #expect(
            failure?.message == "cannot rescore \"short\": its range has 63 points with a value, expected at least 64")
        #expect(failure?.hint?.contains("--since") == true)
        // What a pattern also matches does not keep the others from being read.
        let some = try self.failure(store, "*")
        #expect(some?.message.hasPrefix("1 of 3 streams were not rescored:\n  cannot rescore \"short\"") == true)
        let stored = try InProcess(database: store.path).output(
            "query", "--min-hindsight", "0", "-o", "csv", "--no-header")
        #expect(stored.split(separator: "\n").count == 800)
    }

    @Test func streamsAndTimes() throws {
        let store = try store()
        #expect(try failure(store, "nosuch")?.status == .unknownStream)
        #expect(try failure(store, "wave", "-S", "now", "-U", "-1h")?.status == .usage)
        let two = try failure(store, "wave", "short", "--save-model", store.folder + "/m")
        #expect(two?.status == .usage && two?.message.contains("2 streams match") == true)
    }

    /// The database is in use, and nobody answers who could be its daemon.
    @Test func aWriterThatIsNotKnown() throws {
        let store = try store()
        let writer = try PointStore(path: store.path)
        let failure = try failure(store, "wave")
        #expect(failure?.status == .failure && failure?.hint?.contains("--socket") == true)
        #expect(try summary(store, "wave", "-n").run == nil)
        try writer.close()
    }

    @Test(arguments: [
        [], ["a", "--cell", "cnn"], ["a", "--hidden", "0"], ["a", "--layers", "9"], ["a", "--window", "31"],
        ["a", "--epochs", "0"], ["a", "--threads", "0"], ["a", "--seed", "-1"], ["a", "-o", "csv"], ["[a"],
        ["a", "--model", "m", "--hidden", "8"], ["a", "--model", "m", "--save-model", "n"],
        ["a", "--model", "m", "--epochs", "3"], ["a", "--since", "soon"],
    ])
    func commandLinesThatMakeNoSense(arguments: [String]) {
        #expect(throws: (any Error).self) { try Anomalyctl.command(for: ["rescore"] + arguments) }
    }
}
