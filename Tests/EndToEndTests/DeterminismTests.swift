import Testing

/// What a stream's model becomes depends on its own points, its settings and its seed: not on threads, on how the
/// bytes come, or on what other streams do in between.
@Suite struct DeterminismTests {
    private static let streams = 24
    private static let points = 400

    /// The lines of each stream; some have two channels, and values are missing.
    private static func lines() throws -> [[String]] {
        let series = try Series.load()
        return (0..<streams).map { stream in
            (0..<points).map { index in
                let point = series.points[stream * 100 + index]
                let second = stream % 4 == 0 ? ",\(index % 50 == 7 ? "" : String(index * stream % 31))" : ""
                return "host\(stream).load \(index % 97 == 5 ? "nan" : point.value)\(second) \(index * 300)\n"
            }
        }
    }

    /// One thread, one connection, one stream after the other.
    private func reference(_ folder: TemporaryFolder) throws -> DaemonProcess {
        let daemon = try DaemonProcess.start(in: folder, settings: ["daemon.shards=1"])
        let client = try daemon.client()
        try client.send(Self.lines().joined().joined())
        try client.sync()
        try daemon.stop()
        return daemon
    }

    @Test(arguments: [1, 4, 7]) func shardsPiecesAndConnectionsDoNotMatter(shards: Int) throws {
        let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
        let reference = try reference(folder)
        let daemon = try DaemonProcess.start(
            in: other,
            settings: ["daemon.shards=\(shards)", "database.commit_interval=3ms", "storage.checkpoint_interval=1s"])
        var generator = SplitMix(seed: UInt64(shards))
        // Each stream sticks to one connection, which keeps its order; the connections are written to in turn.
        let clients = try (0..<5).map { _ in try daemon.client() }
        var waiting = [[UInt8]](repeating: [], count: clients.count)
        let lines = try Self.lines()
        for index in 0..<Self.points {
            for stream in (0..<Self.streams).shuffled(using: &generator) {
                waiting[stream % clients.count] += Array(lines[stream][index].utf8)
            }
            let connection = Int.random(in: 0..<clients.count, using: &generator)
            let piece = waiting[connection].prefix(Int.random(in: 1...3000, using: &generator))
            try clients[connection].send(piece)
            waiting[connection].removeFirst(piece.count)
        }
        for (client, rest) in zip(clients, waiting) { try client.send(rest) }
        for client in clients { try client.sync() }
        try daemon.stop()
        #expect(try StoreComparison.differences(reference.database, daemon.database) == [])
    }

    @Test func pipesAreNoDifferent() throws {
        let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
        let reference = try reference(folder)
        let text = try Self.lines().joined().joined()
        let file = try other.write(text, to: "points")
        let shell = try ChildProcess(
            ["sh", "-c", "cat \"$1\" | \"$0\" --stdin", Programs.path("anomalyd"), file], in: other,
            environment: DaemonProcess.environment(other))
        #expect(try shell.wait() == .code(0))
        #expect(try StoreComparison.differences(reference.database, other("anomaly.db")) == [])
    }

    /// The comparison does see a difference: another seed draws other weights.
    @Test func anotherSeedIsAnotherModel() throws {
        let (folder, other) = (try TemporaryFolder(), try TemporaryFolder())
        let reference = try reference(folder)
        let daemon = try DaemonProcess.start(in: other, settings: ["model.initial=", "model.seed=1"])
        let client = try daemon.client()
        try client.send(Self.lines().joined().joined())
        try client.sync()
        try daemon.stop()
        let differences = try StoreComparison.differences(reference.database, daemon.database)
        #expect(differences.contains { $0.contains("|2700000000|") || $0.hasPrefix("only one|host") })
    }
}
