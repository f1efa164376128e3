import Foundation
import Testing

/// Points expire while others come; what a restart needs stays, and the sums of all points.
@Suite struct RetentionTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private static let quick = ["storage.checkpoint_interval=1s", "model.initial=", "daemon.shards=1"]

    /// A point every two seconds, the last of which is now.
    private static func lines(
        _ points: ClosedRange<Int>, of all: Int, until now: Int, stream: String = "disk"
    ) -> String {
        points.map { number in
            var random = SplitMix(seed: UInt64(number))
            return "\(stream) \(Double(random.next() % 1000) / 1000) \(now - 2 * (all - number))\n"
        }.joined()
    }

    /// Feeds points until both of a stream's checkpoints have seen so many.
    private func feed(
        _ daemon: DaemonProcess, _ points: ClosedRange<Int>, of all: Int, until now: Int, checkpointed: Int
    ) throws -> Int {
        try daemon.feed(Self.lines(points, of: all, until: now))
        var next = points.upperBound + 1
        try eventually("both checkpoints are behind point \(checkpointed)") {
            let old = "SELECT count(*) FROM checkpoint WHERE sequence >= \(checkpointed)"
            if try daemon.query(old) == ["2"] { return true }
            if next <= all {
                try daemon.feed(Self.lines(next...next, of: all, until: now))
                next += 1
            }
            pause(.milliseconds(200))
            return false
        }
        return next
    }

    @Test func expiredPointsChangeNoModel() throws {
        let now = Int(Date().timeIntervalSince1970)
        let all = 5000
        let daemon = try DaemonProcess.start(in: folder, settings: Self.quick + ["retention.raw=1h"])
        let next = try feed(daemon, 1...4400, of: all, until: now, checkpointed: 4100)
        let vacuum = try folder.anomalyctl("db", "vacuum")
        #expect(vacuum.exit == .code(0) && vacuum.output.contains("deleted 3,072 points"), "\(vacuum)")
        #expect(try daemon.query("SELECT min(first_sequence) FROM chunk") == ["3073"])
        let (rolled, points) = (
            "SELECT sum(count) FROM rollup_5m", try daemon.query("SELECT max(last_sequence) FROM rolled")
        )
        #expect(try daemon.query(rolled) == points && Int(points[0]) ?? 0 >= 4400)
        #expect(try daemon.query("SELECT DISTINCT stream FROM named_rollup_1h") == ["disk"])
        #expect(try folder.anomalyctl("db", "verify").exit == .code(0))
        try daemon.kill()
        let second = try DaemonProcess.start(in: folder, settings: Self.quick + ["retention.raw=1h"])
        try second.waitUntilRestored()
        try second.feed(Self.lines(next...all, of: all, until: now))
        try second.stop()
        let state = "SELECT hex(state) FROM checkpoint WHERE sequence = \(all)"
        let found = try SQLiteShell.run(state, on: folder("anomaly.db"))

        let other = try TemporaryFolder()
        let reference = try DaemonProcess.start(in: other, settings: Self.quick)
        try reference.feed(Self.lines(1...all, of: all, until: now))
        try reference.stop()
        #expect(try found == SQLiteShell.run(state, on: other("anomaly.db")) && found.count == 1)

        // Without any checkpoint, a model can only be learned anew, from the points that are left.
        try SQLiteShell.run("DELETE FROM checkpoint", on: folder("anomaly.db"), writable: true)
        let third = try DaemonProcess.start(in: folder, settings: Self.quick)
        try third.waitUntilRestored()
        try third.feed("disk 0.5 \(now + 10)\n")
        try third.stop()
        #expect(
            try SQLiteShell.run("SELECT max(sequence) FROM checkpoint", on: folder("anomaly.db")) == ["\(all + 1)"])
        #expect(try folder.anomalyctl("db", "verify").exit == .code(0))
    }

    /// Killed again and again while old points go: the others are there, and the sums of all.
    @Test func killedWhileExpiring() throws {
        let now = Int(Date().timeIntervalSince1970)
        let all = 12_000
        let first = try DaemonProcess.start(in: folder, settings: Self.quick + ["model.learning=false"])
        try first.feed(Self.lines(1...all, of: all, until: now))
        try first.feed(Self.lines(1...all, of: all, until: now, stream: "keep"))
        try first.stop()
        // Two checkpoints at the end of each stream.
        let again = try DaemonProcess.start(in: folder, settings: Self.quick + ["model.learning=false"])
        try again.feed("disk 0.5 \(now + 1)\nkeep 0.5 \(now + 1)\n")
        try again.stop()
        try """
        [retention]
        raw = "1h"
        rollup_5m = "2h"
        [model]
        learning = false
        [[stream]]
        match = "keep"
        retention.raw = "forever"
        """.write(toFile: folder("anomalyd.toml"), atomically: true, encoding: .utf8)
        for milliseconds in [0, 5, 10, 20, 40] {
            let daemon = try DaemonProcess.start(in: folder)
            pause(.milliseconds(milliseconds))
            try daemon.kill()
        }
        let last = try DaemonProcess.start(in: folder)
        try eventually("old points are gone") {
            try last.query("SELECT min(first_sequence) > 1 FROM chunk WHERE stream_id = 1") == ["1"]
        }
        let vacuum = try folder.anomalyctl("db", "vacuum")
        #expect(vacuum.exit == .code(0), "\(vacuum)")
        try last.stop()
        let database = folder("anomaly.db")
        // Points 1 to 10,201 are older than an hour: nine whole chunks.
        let chunks = try SQLiteShell.run(
            "SELECT min(first_sequence) FROM chunk GROUP BY stream_id ORDER BY stream_id", on: database)
        #expect(chunks == ["9217", "1"])
        #expect(
            try SQLiteShell.run("SELECT sum(count) FROM rollup_1h GROUP BY stream_id", on: database)
                == ["\(all + 1)", "\(all + 1)"])
        let fine = try SQLiteShell.run("SELECT min(time) / 1000000 FROM rollup_5m", on: database)
        #expect((Int(fine[0]) ?? 0) >= now - 7200 - 300, "\(fine)")
        #expect(try folder.anomalyctl("db", "verify").exit == .code(0))
    }

    /// More comes than there is room for: the file stays as large as it may be, give or take what comes while it is made
    /// smaller.
    @Test func theSizeIsKept() throws {
        let daemon = try DaemonProcess.start(
            in: folder,
            settings: Self.quick + ["model.learning=false", "model.hidden=1", "retention.max_size=16M"])
        let client = try daemon.client()
        let start = Int(Date().timeIntervalSince1970) - 500_000
        var random = SplitMix(seed: 1)
        var largest = 0
        for round in 0..<60 {
            let lines = (0..<5000).map { number -> String in
                let values = (0..<8).map { _ in "\(Double.random(in: 0...1, using: &random))" }
                return "wide \(values.joined(separator: ",")) \(start + round * 5000 + number)\n"
            }
            try client.send(lines.joined())
            try client.sync()
            largest = max(largest, try size())
        }
        #expect(largest <= 18 << 20, "\(largest)")
        #expect(largest > 8 << 20, "\(largest)")
        #expect(try daemon.query("SELECT min(first_sequence) > 1 FROM chunk") == ["1"])
        #expect(try daemon.status().notes == [])
        #expect(daemon.process.errors.contains("have expired and are deleted"))
        try daemon.stop()
        #expect(try folder.anomalyctl("db", "verify").exit == .code(0))
    }

    private func size() throws -> Int {
        try ["", "-wal"].reduce(0) { sum, suffix in
            let attributes = try FileManager.default.attributesOfItem(atPath: folder("anomaly.db") + suffix)
            return sum + (attributes[.size] as? Int ?? 0)
        }
    }

    /// Whoever may not change anything may not have the database made small either; and what makes no sense is refused.
    @Test func notEverybodyMayAsk() throws {
        let wrong = try DaemonProcess.run(
            in: folder, ["--check-config", "--set", "retention.raw=0s", "--set", "retention.max_size=1M"])
        #expect(wrong.exit == .code(2) || wrong.exit == .code(1), "\(wrong)")
        #expect(wrong.errors.contains("\"forever\"") && wrong.errors.contains("from \"16M\""), "\(wrong)")
        let daemon = try DaemonProcess.start(in: folder)
        try daemon.feed("disk 1\n")
        let vacuum = try folder.anomalyctl("db", "vacuum")
        #expect(vacuum.exit == .code(0) && vacuum.output.contains("deleted nothing"), "\(vacuum)")
        #expect(try daemon.query("SELECT count(*) FROM hot") == ["0"])
        let full = try folder.anomalyctl("db", "vacuum", "--full")
        #expect(full.exit == .code(1) && full.errors.contains("systemctl stop anomalyd"), "\(full)")
        try daemon.stop()
    }
}
