import Foundation
import PointStore
import Testing

@Suite struct VerifyTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    private func verify() throws -> VerifyReport {
        var verification = try StoreVerification(path: scratch.path)
        return try verification.run()
    }

    @Test func aSoundDatabaseIsSound() throws {
        try SampleDatabase.make(scratch.path).close()
        let before = scratch.bytes()
        var steps: [StoreVerification.Step] = []
        var verification = try StoreVerification(path: scratch.path)
        let report = try verification.run { steps.append($0) }
        #expect(report.isSound && report.findings.isEmpty)
        #expect(report.streams == 20 && report.points == 20_000 && report.values == SampleDatabase.rows)
        #expect(report.anomalies == 180 && report.checkpoints == 42 && report.hindsightPoints == 500)
        #expect(steps.first == .pages && steps.last == .streams(done: 20, of: 20) && steps.count == 22)
        #expect(scratch.bytes() == before)
    }

    /// What each kind of damage is called.
    @Test(
        arguments: [
            (
                "DELETE FROM point_row WHERE stream_id = 2 AND sequence BETWEEN 50 AND 54", .points,
                "stream.2", "5 points are missing after point 49"
            ),
            ("UPDATE point_row SET sequence = 70 WHERE stream_id = 2 AND sequence = 60", .points, "stream.2", "60"),
            (
                "DELETE FROM point_row WHERE stream_id = 7 AND sequence = 9 AND channel = 2", .points,
                "stream.7", "a point has 2 values, expected 3"
            ),
            (
                "DELETE FROM point_row WHERE stream_id = 7 AND sequence = 9 AND channel = 0", .points, "stream.7",
                "no channel 0"
            ),
            (
                "DELETE FROM hot WHERE stream_id = 2 AND first_sequence = 801", .points, "stream.2",
                "100 points are missing after point 800"
            ),
            (
                "UPDATE hot SET first_sequence = 895 WHERE stream_id = 2 AND first_sequence = 901", .points, "stream.2",
                "point 900 is followed by point 895"
            ),
            ("UPDATE hot SET points = '[]' WHERE stream_id = 2", .points, "stream.2", "the table hot, are damaged"),
            (
                "UPDATE hot SET last_time = last_time + 1 WHERE stream_id = 2", .points, "stream.2",
                "the time of the last point is wrong"
            ),
            (
                "UPDATE chunk SET points = zeroblob(500) WHERE stream_id = 2", .points, "stream.2",
                "the table chunk, are damaged"
            ),
            (
                "DELETE FROM chunk WHERE stream_id = 7 AND channel = 2", .points, "stream.7",
                "the table chunk, are damaged"
            ),
            (
                "DELETE FROM chunk WHERE stream_id = 7 AND channel = 0", .points, "stream.7",
                "2 rows of chunk belong to no point"
            ),
            (
                "UPDATE checkpoint SET state = zeroblob(9) WHERE stream_id = 4 AND sequence = 990", .checkpoints,
                "stream.4", "point 990"
            ),
            (
                "UPDATE checkpoint SET sequence = 991 WHERE stream_id = 4 AND sequence = 990", .checkpoints,
                "stream.4", "point 991"
            ),
            (
                "UPDATE anomaly SET end_time = end_time + 1 WHERE stream_id = 5 AND start_sequence = 500", .anomalies,
                "stream.5", "from point 500 on"
            ),
            (
                "UPDATE anomaly SET start_sequence = 501 WHERE stream_id = 5 AND start_sequence = 500", .anomalies,
                "stream.5", "from point 501 on"
            ),
            ("DELETE FROM hindsight_run", .hindsight, "stream.3", "500 values of hindsight belong to no run"),
            ("DELETE FROM stream WHERE id = 20", .stream, nil, "stream 20"),
        ] as [(String, VerifyReport.Finding.Kind, String?, String)])
    func damageIsNamed(change: String, kind: VerifyReport.Finding.Kind, stream: String?, text: String) throws {
        try SampleDatabase.make(scratch.path).close()
        if change.contains("point_row") {
            // Salvaged points have rows of their own.
            let old = scratch.directory + "/old.db"
            try FileManager.default.moveItem(atPath: scratch.path, toPath: old)
            try FileManager.default.moveItem(atPath: scratch.path + "-wal", toPath: old + "-wal")
            var salvage = try Salvage(old, to: scratch.path)
            _ = try salvage.run()
        }
        _ = try sqlite(scratch.path, change)
        let report = try verify()
        #expect(!report.isSound)
        #expect(
            report.findings.contains { $0.kind == kind && $0.stream == stream && $0.text.contains(text) },
            "\(report.findings)")
        // Where points are lost, what refers to them is damaged as well.
        let others: Set<VerifyReport.Finding.Kind> =
            kind == .points && !change.contains("point_row")
            ? [.stream, .anomalies, .hindsight, .rollups, .unreadable] : [.stream]
        #expect(report.findings.allSatisfy { $0.kind == kind || others.contains($0.kind) })
    }

    /// Whatever is found, it comes to an end; and what SQLite's own check finds is found.
    @Test(arguments: Damage.allCases.filter { $0 != .header }, 1...2)
    func damagedPagesAreFound(damage: Damage, seed: Int) throws {
        try SampleDatabase.make(scratch.path).close()
        var data = try #require(scratch.bytes())
        var generator = Seeded(seed)
        _ = damage.strike(&data, &generator)
        try data.write(to: URL(filePath: scratch.path))
        do {
            let report = try verify()
            #expect(!report.isSound)
        } catch let error as StoreError {
            #expect(error.cause == .damaged)
        }
    }

    @Test func aDamagedLogIsFound() throws {
        let store = try SampleDatabase.make(scratch.path + "x", closes: false)
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: scratch.path + "x" + suffix, toPath: scratch.path + suffix)
        }
        try store.close()
        #expect(try verify().isSound)
        var log = try #require(scratch.bytes("-wal"))
        log[32 + 20 * 4120 + 100] ^= 1
        try log.write(to: URL(filePath: scratch.path + "-wal"))
        let report = try verify()
        #expect(report.findings.contains { $0.kind == .log && $0.text.contains("damaged at frame 20") })
    }

    @Test func aLiveDatabaseIsRead() throws {
        let store = try SampleDatabase.make(scratch.path, closes: false)
        // In another process: this one's writer would lose its locks.
        let before = try #require(scratch.bytes("-wal"))
        #expect(try verify().isSound)
        #expect(scratch.bytes("-wal") == before)
        try store.close()
    }

    @Test func whatIsNotOursIsRefused() throws {
        #expect(try storeError { _ = try verify() }.cause == .missing)
        _ = try sqlite(scratch.path, "CREATE TABLE cookies (a)")
        #expect(try storeError { _ = try verify() }.cause == .foreign)
    }
}
