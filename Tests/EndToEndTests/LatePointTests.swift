import Testing

/// `feed.late`: points that do not come in the order of time.
@Suite struct LatePointTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private static let columns = "name, sequence, time / 1000000, value, flags & 128 <> 0"

    private func stored(_ daemon: DaemonProcess) throws -> [String] {
        try daemon.query(
            "SELECT \(Self.columns) FROM point JOIN stream ON id = stream_id ORDER BY name, time, channel")
    }

    private func waiting(_ daemon: DaemonProcess) throws -> [String] {
        try daemon.query(
            "SELECT name, time / 1000000, value FROM pending JOIN stream ON id = stream_id ORDER BY name, time")
    }

    // MARK: reorder

    @Test func pointsWaitAndAreCommittedAllTheSame() throws {
        let settings = ["feed.late=reorder", "feed.reorder_window=10s", "feed.reorder_points=4"]
        let daemon = try DaemonProcess.start(in: folder, settings: settings)
        let client = try daemon.client()
        try client.send("a 3 30\na 1 10\na 2 20\na 20 20\na 15 15\n")
        try client.sync()
        // At 30, the points up to 20 need not wait. Then the second one at 20 is a duplicate, and that at 15 is too late.
        #expect(try stored(daemon) == ["a|1|10|1.0|0", "a|2|20|2.0|0"])
        #expect(try waiting(daemon) == ["a|30|3.0"])
        var status = try daemon.status()
        #expect(status.points == 3 && status.duplicatePoints == 1 && status.latePoints == 1)
        #expect(status.pendingPoints == 1)

        try client.send("a 29 29\na 31 31\na 30 30\na 28 28\na 27 27\n")
        try client.sync()
        // There is room for four.
        #expect(try stored(daemon).last == "a|3|27|27.0|0")
        #expect(try waiting(daemon) == ["a|28|28.0", "a|29|29.0", "a|30|3.0", "a|31|31.0"])
        status = try daemon.status()
        #expect(status.points == 7 && status.duplicatePoints == 2 && status.pendingPoints == 4)

        // They wait still after a crash, and after a stop: neither lets them go.
        try daemon.kill()
        let second = try DaemonProcess.start(in: folder, settings: settings)
        #expect(try waiting(second).count == 4)
        try second.stop()
        let third = try DaemonProcess.start(in: folder, settings: settings)
        let again = try third.client()
        try again.send("a 9 29\na 9 27\na 40 40\n")
        try again.sync()
        #expect(try third.status().duplicatePoints == 2)
        #expect(
            try stored(third).suffix(4) == ["a|3|27|27.0|0", "a|4|28|28.0|0", "a|5|29|29.0|0", "a|6|30|3.0|0"])
        #expect(try waiting(third) == ["a|31|31.0", "a|40|40.0"])
        #expect(try third.status().pendingPoints == 2)
        try third.stop()

        // Without reorder, those that wait still are no later than others: they go on.
        let fourth = try DaemonProcess.start(in: folder, settings: ["feed.late=drop"])
        try eventually("all have gone on") { try waiting(fourth).isEmpty }
        #expect(try stored(fourth).suffix(2) == ["a|7|31|31.0|0", "a|8|40|40.0|0"])
        #expect(try fourth.status().pendingPoints == 0)
    }

    /// A time for each stream: a section of its own.
    @Test func eachStreamHasItsOwnWay() throws {
        let file = try folder.write(
            """
            [feed]
            late = "keep"
            [[stream]]
            match = "d*"
            feed.late = "drop"
            [[stream]]
            match = "r*"
            feed.late = "reorder"
            feed.reorder_window = "1s"
            """, to: "anomalyd.toml")
        let daemon = try DaemonProcess.start(in: folder, ["--config", file])
        let client = try daemon.client()
        for name in ["drop", "keep", "reorder"] {
            try client.send([20, 10, 15, 10, 20].enumerated().map { "\(name) \($0) \($1)\n" }.joined())
        }
        try client.sync()
        #expect(
            try stored(daemon) == [
                "drop|1|20|0.0|0", "keep|0|10|1.0|1", "keep|0|15|2.0|1", "keep|1|20|0.0|0",
                "reorder|1|10|1.0|0", "reorder|2|15|2.0|0",
            ])
        #expect(try waiting(daemon) == ["reorder|20|0.0"])
    }

    /// Shuffled within the window, and with a crash now and then, a stream becomes what it is when it is sorted: all
    /// rows and the model, bit for bit.
    @Test(arguments: [1, 3]) func whatIsShuffledBecomesWhatIsSorted(channels: Int) throws {
        let series = try Series.load()
        let all = channels == 1 ? series.lines(stream: "real") : series.linesOfThreeChannels(stream: "real")
        let sorted = Array(all.prefix(3000))
        var generator = SplitMix(seed: UInt64(channels))
        // Each is late by less than twelve hours.
        let shuffled = sorted.map { line in
            (line, Int(line.split(separator: " ").last ?? "")! + Int.random(in: 0..<43_200, using: &generator))
        }.sorted { $0.1 < $1.1 }.map(\.0)
        #expect(shuffled != sorted)

        let quiet = try TemporaryFolder()
        let undisturbed = try DaemonProcess.start(in: quiet)
        var sender = CarefulSender(sorted)
        try sender.sendRest(to: undisturbed.client())
        try undisturbed.stop()

        let settings = ["feed.late=reorder", "feed.reorder_window=12h", "database.commit_interval=20ms"]
        sender = CarefulSender(shuffled)
        for end in [700, 1500, 2200] {
            let daemon = try DaemonProcess.start(in: folder, settings: settings)
            let client = try daemon.client()
            try sender.send(upTo: end, to: client, using: &generator)
            pause(.milliseconds(Int.random(in: 0...40, using: &generator)))
            try daemon.kill()
            try sender.takeAnswers(from: client)
            // What was confirmed is in one of the two tables, and nothing is in both.
            let counts = try daemon.query(
                """
                SELECT (SELECT count(*) FROM point) + (SELECT count(*) FROM pending) >= \(sender.confirmed * channels),
                    (SELECT count(*) FROM point JOIN pending USING (stream_id, time, channel)),
                    (SELECT count(*) = count(DISTINCT sequence) * \(channels) FROM point)
                """)
            #expect(counts == ["1|0|1"])
        }
        let daemon = try DaemonProcess.start(in: folder, settings: settings)
        try sender.sendRest(to: daemon.client())
        let waiting = try daemon.status().pendingPoints
        #expect(waiting > 1 && waiting < 100)
        try daemon.stop()
        // The last ones wait for a later one that never comes.
        let last = try DaemonProcess.start(in: folder)
        try eventually("all have gone on") { try last.query("SELECT count(*) FROM pending") == ["0"] }
        try last.stop()
        #expect(try StoreComparison.differences(last.database, undisturbed.database) == [])
    }

    // MARK: keep

    @Test func latePointsAreKept() throws {
        let daemon = try DaemonProcess.start(in: folder, settings: ["feed.late=keep"])
        let client = try daemon.client()
        try client.send("a 2 20\na 4 40\na 1 10\na 3 30\na 9 20\na 9 30\na 9 40\na nan 35\n")
        try client.sync()
        let rows = [
            "a|0|10|1.0|1", "a|1|20|2.0|0", "a|0|30|3.0|1", "a|0|35||1", "a|2|40|4.0|0",
        ]
        #expect(try stored(daemon) == rows)
        #expect(
            try daemon.query("SELECT DISTINCT prediction, lower, upper, residual, score FROM point WHERE flags & 128")
                == ["||||"])
        let status = try daemon.status()
        #expect(status.points == 5 && status.keptLatePoints == 3 && status.duplicatePoints == 3)
        #expect(status.latePoints == 0)
        // The same again after a crash: all duplicates.
        try daemon.kill()
        let second = try DaemonProcess.start(in: folder, settings: ["feed.late=keep"])
        let again = try second.client()
        try again.send("a 2 20\na 4 40\na 1 10\na 3 30\n")
        try again.sync()
        #expect(try stored(second) == rows)
        #expect(try second.status().duplicatePoints == 4 && second.status().points == 0)
    }

    /// Late points teach the model nothing, and do not disturb its recovery.
    @Test func theModelDoesNotSeeThem() throws {
        let lines = Array(try Series.load().lines(stream: "real").prefix(2000))
        let quiet = try TemporaryFolder()
        let undisturbed = try DaemonProcess.start(in: quiet)
        var sender = CarefulSender(lines)
        try sender.sendRest(to: undisturbed.client())
        try undisturbed.stop()

        var generator = SplitMix(seed: 5)
        var mixed: [String] = []
        for (index, line) in lines.enumerated() {
            mixed.append(line)
            guard index > 0, Int.random(in: 0..<5, using: &generator) == 0 else { continue }
            let earlier = lines[Int.random(in: 0..<index, using: &generator)].split(separator: " ")
            mixed.append("real -1e9 \(earlier[2]).\(Int.random(in: 1...9, using: &generator))")
        }
        sender = CarefulSender(mixed)
        let settings = ["feed.late=keep", "database.commit_interval=20ms"]
        for end in [600, 1300] {
            let daemon = try DaemonProcess.start(in: folder, settings: settings)
            let client = try daemon.client()
            try sender.send(upTo: end, to: client, using: &generator)
            pause(.milliseconds(Int.random(in: 0...40, using: &generator)))
            try daemon.kill()
            try sender.takeAnswers(from: client)
        }
        let daemon = try DaemonProcess.start(in: folder, settings: settings)
        try sender.sendRest(to: daemon.client())
        try daemon.stop()
        let late = try daemon.query("SELECT count(*), min(value), max(value) FROM point WHERE flags & 128")
        #expect(late.first?.hasSuffix("|-1000000000.0|-1000000000.0") == true)
        try SQLiteShell.run("DELETE FROM point_row WHERE flags & 128", on: daemon.database, writable: true)
        #expect(try StoreComparison.differences(daemon.database, undisturbed.database) == [])
    }
}
