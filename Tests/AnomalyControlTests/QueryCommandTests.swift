import AnomalyControl
import AnomalyDetection
import PointStore
import Testing

@Suite struct QueryCommandTests {
    /// Streams a, b and c with a point each second; b is half a second later, c at the same time as a.
    private func store(seconds: Int) throws -> SampleStore {
        let store = try SampleStore()
        var commit = Commit()
        for (index, name) in ["a", "b", "c"].enumerated() {
            let id = Int32(index + 1)
            commit.streams.append(StreamRecord(id: id, name: name, channels: 1, created: SampleStore.start))
            for second in 0..<seconds {
                commit.points.append(
                    PointRow(
                        stream: id, channel: 0, sequence: Int64(second + 1),
                        time: SampleStore.start + Int64(second) * SampleStore.second + (name == "b" ? 500_000 : 0),
                        value: Double(second), prediction: 0, lower: 0, upper: 0, residual: 0,
                        score: Double(second) / 100, flags: second.isMultiple(of: 10) ? .anomaly : []))
            }
        }
        try store.writer.commit(&commit)
        return store
    }

    /// Name and value of each point that the command line prints, such as "a0 c0 b0".
    private func points(_ store: SampleStore, _ arguments: String...) throws -> String {
        let lines = try InProcess(database: store.path).output(["query", "-o", "csv", "--no-header"] + arguments)
        return lines.split(separator: "\n").map { line in
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            return fields[0] + fields[2]
        }.joined(separator: " ")
    }

    @Test func orderAndLimit() throws {
        let store = try store(seconds: 3)
        #expect(try points(store) == "a0 c0 b0 a1 c1 b1 a2 c2 b2")
        #expect(try points(store, "-r") == "b2 c2 a2 b1 c1 a1 b0 c0 a0")
        #expect(try points(store, "-n", "4") == "b1 a2 c2 b2")
        #expect(try points(store, "-n4") == "b1 a2 c2 b2")
        #expect(try points(store, "--lines=2", "--reverse") == "b2 c2")
        #expect(try points(store, "-n", "0") == "")
        #expect(try points(store, "-n", "all") == points(store))
        #expect(try points(store, "-n", "99") == points(store))
    }

    @Test func streamsByPattern() throws {
        let store = try store(seconds: 1)
        #expect(try points(store, "[ab]") == "a0 b0")
        #expect(try points(store, "c", "a") == "a0 c0")
        #expect(try points(store, "*") == "a0 c0 b0")
    }

    @Test func timesAreInclusive() throws {
        let store = try store(seconds: 5)
        #expect(try points(store, "a", "-S", "14:00:01", "-U", "14:00:03") == "a1 a2 a3")
        #expect(try points(store, "a", "--since", "-3597s") == "a3 a4")
        #expect(try points(store, "a", "--since=@1795442403.5") == "a4")
        #expect(try points(store, "a", "-U", "-1h") == "a0")
        #expect(try points(store, "a", "-S-3597s", "-n1") == "a4")
        #expect(try points(store, "a", "-U", "14:00:03", "-n", "2") == "a2 a3")
    }

    @Test func scoresAndAnomalies() throws {
        let store = try store(seconds: 25)
        #expect(try points(store, "a", "--anomalies") == "a0 a10 a20")
        #expect(try points(store, "a", "--anomalies", "-n", "2") == "a10 a20")
        #expect(try points(store, "a", "--min-score", "0.22") == "a22 a23 a24")
        #expect(try points(store, "a", "--min-score", "0.1", "--anomalies") == "a10 a20")
    }

    /// More points than are turned round in memory: the limit falls between the two of the same time.
    @Test func longLimits() throws {
        let store = try store(seconds: 5000)
        let all = try points(store).split(separator: " ")
        for count in [10_000, 10_001, 10_002, 10_003, 14_999, 15_000, 20_000] {
            #expect(try points(store, "-n", "\(count)").split(separator: " ") == Array(all.suffix(count)), "\(count)")
        }
    }

    @Test func unknownStreams() throws {
        let store = try store(seconds: 1)
        for (pattern, message) in [("x", "there is no stream \"x\""), ("x*", "no stream matches \"x*\"")] {
            let failure = #expect(throws: Failure.self) { try points(store, "a", pattern) }
            #expect(failure?.status == .unknownStream)
            #expect(failure?.message == message)
            #expect(failure?.hint == "to see the names, try: anomalyctl streams")
        }
    }

    @Test func aNameMayLookLikeAPattern() throws {
        let store = try SampleStore()
        try store.append(stream: 1, sequence: 1, time: SampleStore.start, value: 7, newStream: "disk[0]")
        #expect(try points(store, "disk[0]") == "disk[0]7")
        #expect(try points(store, #"disk\[0\]"#) == "disk[0]7")
    }

    @Test func aDatabaseWithoutStreams() throws {
        let store = try SampleStore()
        #expect(try points(store) == "")
        #expect(try InProcess(database: store.path).output("streams") == "-- no streams --\n")
    }

    @Test(arguments: [
        ["query", "--bogus"], ["query", "-S", "foo"], ["query", "-n", "-1"], ["query", "-n", "many"], ["query", "[a"],
        ["query", "-f", "-r"], ["query", "-f", "-U", "now"], ["query", "--min-score", "2"], ["query", "-o", "xml"],
        ["query", "--min-score", "-0.5"], ["streams", "--sort", "colour"], ["status", "-o", "csv"],
        ["status", "extra"],
        ["nonsense"],
    ])
    func commandLinesThatMakeNoSense(arguments: [String]) {
        #expect(throws: (any Error).self) { try Anomalyctl.command(for: arguments) }
    }

    @Test func sinceAfterUntil() throws {
        let store = try store(seconds: 1)
        let failure = #expect(throws: Failure.self) { try points(store, "-S", "now", "-U", "-1h") }
        #expect(failure?.status == .usage)
    }

    @Test func streamOrders() throws {
        let store = try store(seconds: 3)
        try store.append(stream: 4, sequence: 1, time: SampleStore.start + 9_000_000, value: 1, newStream: "d")
        func names(_ arguments: String...) throws -> String {
            try InProcess(database: store.path).output(["streams", "-o", "csv", "--no-header"] + arguments)
                .split(separator: "\n").map { String($0.prefix(1)) }.joined()
        }
        #expect(try names() == "abcd")
        #expect(try names("-r") == "dcba")
        #expect(try names("--sort", "points") == "abcd")
        #expect(try names("--sort", "last") == "dbac")
        #expect(try names("--sort", "score") == "abcd")
        #expect(try names("--sort", "score", "-r") == "dcba")
        #expect(try names("[bd]") == "bd")
    }
}
