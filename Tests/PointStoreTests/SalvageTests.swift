import AnomalyDetection
import Foundation
import PointStore
import Testing

/// A value that salvaging must not change.
private struct Value: Hashable {
    var stream: Int32
    var time: Int64
    var channel: Int
    var bits: UInt64

    static func all(_ path: String) throws -> Set<Value> {
        let points = try StoreReader(path: path).all()
        return Set(
            points.flatMap { point in
                point.channels.enumerated().filter { !$0.element.value.isNaN }.map {
                    Value(
                        stream: point.stream, time: point.time, channel: $0.offset, bits: $0.element.value.bitPattern)
                }
            })
    }
}

@Suite struct SalvageTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    private var new: String { scratch.directory + "/new.db" }

    private func salvage(_ path: String? = nil) throws -> SalvageReport {
        var salvage = try Salvage(path ?? scratch.path, to: new)
        return try salvage.run()
    }

    /// Rows of `table` that either has and the other has not.
    private func differences(_ table: String) throws -> [String] {
        try sqlite(
            new,
            """
            ATTACH '\(scratch.path)' AS old;
            SELECT count(*) FROM (SELECT * FROM main.\(table) EXCEPT SELECT * FROM old.\(table));
            SELECT count(*) FROM (SELECT * FROM old.\(table) EXCEPT SELECT * FROM main.\(table));
            """)
    }

    private static let tables = [
        "stream", "point_row", "hot", "chunk", "anomaly", "checkpoint", "hindsight", "hindsight_run", "pending",
        "event", "feedback", "snapshot", "alert", "alert_sink", "stream_group", "rollup_5m_row", "rollup_5m_pack",
        "rollup_1h",
    ]
    /// Those that the mended points are brought into.
    private static let mended = ["point_row", "hot", "chunk", "rollup_5m_row", "rollup_5m_pack", "rollup_1h"]

    /// Also what is in the WAL only.
    @Test(arguments: [true, false]) func ofASoundDatabaseEverythingIsBroughtOver(closes: Bool) throws {
        let store = try SampleDatabase.make(scratch.path, closes: closes)
        let copy = scratch.directory + "/copy.db"
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: scratch.path + suffix, toPath: copy + suffix)
        }
        if !closes { #expect((scratch.bytes("-wal")?.count ?? 0) > 500_000) }
        try store.close()
        let report = try salvage(copy)
        for table in Self.tables where !Self.mended.contains(table) {
            #expect(try differences(table) == ["0", "0"], "\(table)")
        }
        #expect(try StoreReader(path: new).all() == StoreReader(path: scratch.path).all())
        #expect(report.isComplete, "\(report)")
        #expect(report.streams == 20 && report.points == 20_000 && report.values == SampleDatabase.rows)
        #expect(report.checkpoints == 40 && report.anomalies == 180 && report.hindsightPoints == 500)
        #expect(report.streamsWithoutCheckpoint == 0)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: scratch.directory).contains { $0.contains("partial") }
                == false)
    }

    /// A row or column that a migration adds must be salvaged as well.
    @Test func everyTableAndColumnIsKnown() throws {
        try PointStore(path: scratch.path).close()
        let names = try sqlite(
            scratch.path,
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'grdb%'"
        )
        // How far points are rolled up follows from the points.
        #expect(Set(names) == Set(Self.tables + ["rolled"]))
        for (table, columns) in [
            ("stream", 5), ("point_row", 11), ("hot", 9), ("chunk", 9), ("anomaly", 14), ("checkpoint", 6),
            ("hindsight", 10), ("hindsight_run", 9), ("pending", 4), ("event", 4), ("feedback", 18), ("snapshot", 9),
            ("alert", 11), ("alert_sink", 3),
            ("rollup_5m_row", 11), ("rollup_5m_pack", 10), ("rollup_1h", 11),
        ] {
            #expect(
                try sqlite(scratch.path, "SELECT count(*) FROM pragma_table_xinfo('\(table)')") == ["\(columns)"],
                "SalvageTable.\(table) must know it")
        }
    }

    /// Whatever befalls the file: nothing crashes, what is brought over is sound and true, at least as much comes over as
    /// the shell's .recover finds, and no more is lost than what the damaged pages held.
    @Test(arguments: Damage.allCases, 1...2) func ofADamagedOneWhatCanBeRead(damage: Damage, seed: Int) throws {
        try SampleDatabase.make(scratch.path).close()
        let damaged = scratch.directory + "/damaged.db"
        var data = try #require(scratch.bytes())
        var generator = Seeded(seed)
        let touched = damage.strike(&data, &generator)
        try data.write(to: URL(filePath: damaged))

        let report = try salvage(damaged)
        // The same once more is the same.
        let salvaged = try #require(Int(try sqlite(new, "SELECT count(*) FROM point")[0]))
        // A page holds rows of the hot table, or a part of a chunk of 600 points.
        #expect(salvaged >= SampleDatabase.rows - 600 * touched.count, "\(report)")
        if damage != .header {
            let recovered = try recover(damaged)
            #expect(salvaged >= recovered - 600 * report.damagedRows, "\(report)")
        }
        if [.zeros, .garbage, .cut, .everyTenthPage, .header].contains(damage) {
            let strays = try sqlite(
                new,
                """
                ATTACH '\(scratch.path)' AS old;
                SELECT count(*) FROM (SELECT stream_id, sequence, state FROM main.checkpoint
                    EXCEPT SELECT stream_id, sequence, state FROM old.checkpoint);
                """)
            #expect(strays == ["0"])
            #expect(try Value.all(new).isSubset(of: Value.all(scratch.path)))
        }
        var verification = try StoreVerification(path: new)
        let verified = try verification.run()
        #expect(verified.isSound, "\(verified.findings)")
        #expect(verified.values == report.values && verified.anomalies == Int64(report.anomalies))

        // A writer goes on with it.
        let store = try PointStore(path: new)
        let newest = try store.newest()
        for stream in try store.streams() where newest[stream.id] != nil {
            let checkpoint = try store.checkpoint(of: stream.id)
            var next = checkpoint.map { $0.sequence + 1 } ?? 1
            try store.replay(of: stream.id, after: checkpoint?.sequence ?? 0) { sequence, _, _, _ in
                #expect(sequence == next)
                next += 1
            }
        }
        try store.close()
    }

    /// Values that the shell's .recover brings over.
    private func recover(_ damaged: String) throws -> Int {
        let target = scratch.directory + "/recovered.db"
        let outcome = try run([
            "sh", "-c", "sqlite3 '\(damaged)' .recover 2>/dev/null | sqlite3 '\(target)' 2>/dev/null; true",
        ])
        #expect(outcome.status == 0)
        let tables = try sqlite(target, "SELECT name FROM sqlite_schema WHERE name IN ('hot', 'chunk')")
        return try tables.reduce(0) {
            try $0 + (Int(sqlite(target, "SELECT ifnull(sum(count), 0) FROM \($1)")[0]) ?? 0)
        }
    }

    @Test func aDamagedFrameOfTheLogCostsItselfOnly() throws {
        let store = try SampleDatabase.make(scratch.path, closes: false)
        let damaged = scratch.directory + "/damaged.db"
        try FileManager.default.copyItem(atPath: scratch.path, toPath: damaged)
        var log = try #require(scratch.bytes("-wal"))
        // SQLite would see nothing behind the fifth frame.
        log[32 + 5 * 4120 + 2000] ^= 1
        try log.write(to: URL(filePath: damaged + "-wal"))
        try store.close()
        let report = try salvage(damaged)
        #expect(report.damagedFrames == 1)
        #expect(report.values > SampleDatabase.rows - 600)
        #expect(report.streams == 20 && report.checkpoints >= 39)
    }

    @Test func lostPointsLeaveNoGapAndModelsGoOn() throws {
        let store = try PointStore(path: scratch.path)
        let checkpoints = [(1, 100), (1, 200), (2, 100), (2, 200), (3, 200)] as [(Int32, Int64)]
        try store.store(
            streams: [stream(1), stream(2), stream(3)],
            points: rows(1, 1...300) + rows(2, 1...300) + rows(3, 1...300),
            anomalies: [
                AnomalyRecord(
                    stream: 1, anomaly: anomaly(50, start: 1_700_000_050_000_000, end: 1_700_000_060_000_000)),
                AnomalyRecord(
                    stream: 1, anomaly: anomaly(10, start: 1_700_000_010_000_000, end: 1_700_000_020_000_000)),
                AnomalyRecord(stream: 2, anomaly: anomaly(250, start: 1_700_000_250_000_000, isOpen: false)),
            ])
        for (stream, sequence) in checkpoints {
            try store.store(checkpoints: [CheckpointRecord(stream: stream, sequence: sequence, state: [1, 2, 3])])
        }
        try store.close()
        // Of stream 1 before its checkpoints, of stream 2 behind them, of stream 3 all that the checkpoint has seen.
        _ = try sqlite(
            scratch.path,
            unpack + """
                DELETE FROM point_row WHERE stream_id = 1 AND (sequence BETWEEN 5 AND 55 OR sequence BETWEEN 150 AND 159);
                DELETE FROM point_row WHERE stream_id = 2 AND sequence BETWEEN 240 AND 260;
                DELETE FROM point_row WHERE stream_id = 3 AND sequence <= 200;
                """)
        let report = try salvage()
        #expect(report.losses.map(\.points) == [61, 21, 0].filter { $0 > 0 })
        #expect(
            try sqlite(new, "SELECT stream_id, min(sequence), max(sequence), count(*) FROM point GROUP BY stream_id")
                == ["1|62|300|239", "2|1|279|279", "3|201|300|100"])
        // The older one of stream 1 does not lead to the newer one any more.
        #expect(
            try sqlite(new, "SELECT stream_id, sequence FROM checkpoint ORDER BY 1, 2")
                == ["1|200", "2|100", "2|200", "3|200"])
        // One has lost all of its points, one its beginning; it is another one for its model.
        #expect(
            try sqlite(
                new, "SELECT stream_id, start_sequence, (start_time - 1700000000000000) / 1000000, open FROM anomaly")
                == ["1|66|56|0"])
        #expect(report.lostAnomalies == 2 && report.shortenedAnomalies == 1)
        #expect(!report.isComplete)
    }

    @Test func lostNamesAndChannels() throws {
        let store = try PointStore(path: scratch.path)
        var points = rows(1, 1...10)
        for row in rows(2, 1...10) {
            for channel in 0..<3 as Range<Int32> {
                var row = row
                row.channel = channel
                points.append(row)
            }
        }
        try store.store(streams: [stream(1), stream(2, channels: 3)], points: points)
        try store.close()
        _ = try sqlite(
            scratch.path,
            unpack
                + "DELETE FROM stream WHERE id = 1; DELETE FROM point_row WHERE stream_id = 2 AND sequence = 4 AND channel < 2"
        )
        let report = try salvage()
        #expect(report.namelessStreams == 1)
        #expect(report.losses == [SalvageReport.Loss(stream: "stream.2", points: 0, incompletePoints: 1)])
        #expect(try sqlite(new, "SELECT id, name, channels FROM stream") == ["1|salvaged.stream.1|1", "2|stream.2|3"])
        #expect(
            try sqlite(new, "SELECT channel, sequence, value FROM point WHERE stream_id = 2 AND sequence = 4")
                == ["0|4|NULL", "1|4|NULL", "2|4|4.0"])
    }

    @Test func whatIsRefused() throws {
        let store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(1)], points: rows(1, 1...10))
        let inUse = try storeError { _ = try salvage() }
        #expect(inUse.cause == .locked(process: nil) && inUse.hint?.contains("set aside") == true)
        try store.close()
        let before = scratch.bytes()
        for name in ["", "-wal", ".partial"] {
            try Data("mine".utf8).write(to: URL(filePath: new + name))
            let taken = try storeError { _ = try salvage() }
            #expect(taken.detail == "it exists already" && taken.path.hasSuffix("new.db\(name)"))
            #expect(FileManager.default.contents(atPath: new + name) == Data("mine".utf8))
            try FileManager.default.removeItem(atPath: new + name)
        }
        #expect(try storeError { _ = try salvage("/nowhere/at/all.db") }.cause == .missing)
        let other = scratch.directory + "/other.db"
        _ = try sqlite(other, "CREATE TABLE cookies (a)")
        #expect(try storeError { _ = try salvage(other) }.cause == .foreign)
        #expect(scratch.bytes() == before)
        #expect(FileManager.default.fileExists(atPath: new) == false)
    }

    @Test func fromAnythingAtAllNothingComesButNoCrash() throws {
        var generator = Seeded(1)
        for size in [1, 100, 4096, 100_000] {
            let noise = Data((0..<size).map { _ in UInt8.random(in: 0...255, using: &generator) })
            try noise.write(to: URL(filePath: scratch.path))
            try noise.write(to: URL(filePath: scratch.path + "-wal"))
            let report = try salvage()
            #expect(report.streams == 0 && report.values == 0)
            try FileManager.default.removeItem(atPath: new)
        }
    }
}
