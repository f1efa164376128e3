import Glibc
import Testing

/// Whatever ends the daemon, nothing that was confirmed is lost, nothing is there twice, and the models go on as if
/// nothing had happened: the database becomes the same, bit for bit, as that of a daemon that was left alone.
@Suite struct RecoveryTests {
    /// A series, settings, and what befalls the daemon while it gets the series.
    struct Case: Sendable, CustomTestStringConvertible {
        enum End: Sendable { case kill, terminate }

        var testDescription: String
        var channels = 1
        var points = Int.max
        var settings: [String] = []
        var ends: [End]
        /// How long each daemon lives at least.
        var life = Duration.zero

        func lines() throws -> [String] {
            let series = try Series.load()
            let lines = channels == 1 ? series.lines(stream: "real") : series.linesOfThreeChannels(stream: "real")
            return Array(lines.prefix(points))
        }
    }

    static let cases = [
        Case(testDescription: "killed", ends: Array(repeating: .kill, count: 6)),
        Case(
            testDescription: "killed, with many checkpoints",
            settings: ["storage.checkpoint_interval=1s", "database.commit_interval=50ms"],
            ends: [.kill, .kill, .kill], life: .milliseconds(1500)),
        Case(
            testDescription: "killed, with many small commits", points: 5000,
            settings: ["database.commit_interval=1ms", "database.commit_points=10"], ends: [.kill, .kill, .kill]),
        Case(
            testDescription: "three channels, killed and stopped", channels: 3, points: 8000,
            ends: [.kill, .terminate, .kill, .kill]),
        Case(
            testDescription: "LSTM, killed and stopped", points: 5000, settings: ["model.cell=lstm"],
            ends: [.kill, .terminate, .kill]),
        Case(
            testDescription: "RNN of two layers, killed and stopped", points: 5000,
            settings: ["model.cell=rnn", "model.layers=2"], ends: [.terminate, .kill, .kill]),
        Case(testDescription: "stopped", points: 8000, ends: [.terminate, .terminate, .terminate]),
    ]

    @Test(arguments: cases) func itGoesOnAsIfNothingHadHappened(_ its: Case) throws {
        let lines = try its.lines()
        let quiet = try TemporaryFolder()
        let undisturbed = try DaemonProcess.start(in: quiet, settings: its.settings)
        try feed(lines, to: undisturbed)

        let folder = try TemporaryFolder()
        var sender = CarefulSender(lines)
        var generator = SplitMix(seed: UInt64(its.testDescription.utf8.count))
        for end in its.ends {
            let daemon = try DaemonProcess.start(in: folder, settings: its.settings)
            let born = ContinuousClock.now
            let client = try daemon.client()
            let most = max(1, min(6000, (lines.count - sender.confirmed) / 2))
            let place = sender.confirmed + Int.random(in: 1...most, using: &generator)
            try sender.send(upTo: place, to: client, using: &generator)
            pause(
                max(its.life - (ContinuousClock.now - born), .milliseconds(Int.random(in: 0...30, using: &generator))))
            switch end {
            case .kill: try daemon.kill()
            case .terminate: try daemon.stop()
            }
            try sender.takeAnswers(from: client)
            try expectStored(sender, in: daemon, channels: its.channels)
        }
        if its.life > .seconds(1) {
            #expect(try SQLiteShell.run("SELECT count(*) > 0 FROM checkpoint", on: folder("anomaly.db")) == ["1"])
        }
        let last = try DaemonProcess.start(in: folder, settings: its.settings)
        try sender.sendRest(to: last.client())
        try last.stop()
        try expectStored(sender, in: last, channels: its.channels)
        #expect(try StoreComparison.differences(last.database, undisturbed.database) == [])
    }

    /// A checkpoint that has rotted costs time, but no knowledge.
    @Test func aDamagedCheckpointIsReplacedByReplay() throws {
        let lines = Array(try Series.load().lines(stream: "real").prefix(4000))
        let quiet = try TemporaryFolder()
        let undisturbed = try DaemonProcess.start(in: quiet)
        try feed(lines, to: undisturbed)

        for damage in ["(SELECT max(sequence) FROM checkpoint)", "(SELECT min(sequence) FROM checkpoint)", "sequence"] {
            let folder = try TemporaryFolder()
            for part in [lines[..<1000], lines[1000..<2000]] {
                try feed(Array(part), to: DaemonProcess.start(in: folder))
            }
            try SQLiteShell.run(
                "UPDATE checkpoint SET state = zeroblob(length(state)) WHERE sequence = \(damage)",
                on: folder("anomaly.db"), writable: true)
            let daemon = try DaemonProcess.start(in: folder)
            try daemon.waitUntilRestored()
            #expect(daemon.process.errors.contains("checkpoint") == !damage.contains("min"))
            try feed(Array(lines[2000...]), to: daemon)
            #expect(try StoreComparison.differences(daemon.database, undisturbed.database) == [])
        }
    }

    /// A network of another size can't have the old weights, nor one that learns from other windows the old window. It
    /// says so, learns anew, and counts on.
    @Test(arguments: ["model.hidden=8", "model.k1=32"])
    func otherSettingsStartANewModelOnTheOldPoints(setting: String) throws {
        let lines = Array(try Series.load().lines(stream: "real").prefix(3000))
        let folder = try TemporaryFolder()
        try feed(Array(lines[..<2000]), to: DaemonProcess.start(in: folder))
        let daemon = try DaemonProcess.start(in: folder, settings: [setting])
        try daemon.waitUntilRestored()
        #expect(daemon.process.errors.contains("stream=real"))
        try feed(Array(lines[2000...]), to: daemon)
        let counts = try daemon.query("SELECT count(*), max(sequence), sum(flags & 2 AND sequence > 2000) FROM point")
        let accepted = Self.accepted(lines[...])
        #expect(counts == ["\(accepted)|\(accepted)|0"])
    }

    /// Sends everything, waits until it is stored, and stops the daemon.
    private func feed(_ lines: [String], to daemon: DaemonProcess) throws {
        var sender = CarefulSender(lines)
        try sender.sendRest(to: daemon.client())
        try daemon.stop()
    }

    /// Every point that was confirmed is there, once, and the sequence numbers have no gap.
    private func expectStored(_ sender: CarefulSender, in daemon: DaemonProcess, channels: Int) throws {
        let confirmed = Self.accepted(sender.lines[..<sender.confirmed])
        let rows = try daemon.query(
            """
            SELECT count(*) >= \(confirmed * channels), count(*) = count(DISTINCT sequence) * \(channels),
                count(*) = ifnull(max(sequence), 0) * \(channels), count(DISTINCT time) = count(DISTINCT sequence)
            FROM point
            """)
        #expect(rows == ["1|1|1|1"], "of \(sender.confirmed) confirmed lines")
    }

    /// How many of these lines are later than all before them; only those are accepted.
    private static func accepted(_ lines: ArraySlice<String>) -> Int {
        var newest = Int.min
        var count = 0
        for line in lines {
            guard let time = line.split(separator: " ").last.flatMap({ Int($0) }), time > newest else { continue }
            newest = time
            count += 1
        }
        return count
    }
}
