import AnomalyControl
import Foundation
import PointStore
import Testing

@Suite struct DBCommandTests {
    /// Overwrites the last pages of a store that nobody has open any more.
    private func damage(_ store: SampleStore) throws {
        try store.writer.close()
        let file = try #require(FileHandle(forUpdatingAtPath: store.path))
        let size = try file.seekToEnd()
        try file.seek(toOffset: size - 16_384)
        try file.write(contentsOf: Data(repeating: 0xA5, count: 16_384))
        try file.close()
    }

    @Test func aSoundDatabase() throws {
        let store = try SampleStore.filled()
        let result = try BuiltProgram().run("db", "verify", "--database", store.path)
        #expect(
            result
                == BuiltProgram.Result(
                    status: 0,
                    output:
                        "\(store.path): sound; 3 streams, 6 points, 1 anomaly, 0 saved models, 0 points in hindsight\n",
                    errors: ""))
        let json = try BuiltProgram().run("db", "verify", "--json", "--database", store.path)
        #expect(json.output.hasPrefix(#"{"anomalies":1,"checkpoints":0,"damages":0,"findings":[],"#))
    }

    @Test func aDamagedDatabase() throws {
        let store = try SampleStore()
        try store.fill(points: 5000)
        try damage(store)
        let result = try BuiltProgram().run("db", "verify", "--database", store.path)
        #expect(result.status == 6)
        #expect(result.output.contains("pages: ") && result.output.contains(": damaged; "))
        #expect(result.errors.hasPrefix("anomalyctl: \(store.path) is damaged: "))
        #expect(result.errors.contains("anomalyctl db salvage '\(store.path)' -o NEW"))

        let new = store.folder + "/new.db"
        let salvaged = try BuiltProgram().run("db", "salvage", store.path, "-o", new)
        #expect(salvaged.status == 0 && salvaged.errors == "")
        #expect(salvaged.output.hasPrefix("Brought over into \(new):\n  1 stream\n"), "\(salvaged.output)")
        #expect(salvaged.output.contains("Lost:\n") || salvaged.output.contains("Nothing seems to be lost."))
        #expect(try BuiltProgram().run("db", "verify", "--database", new).status == 0)
        let rows = try BuiltProgram().run(
            "query", "filled", "--database", new, "-o", "csv", "--no-header", "-n", "9999")
        #expect(rows.output.split(separator: "\n").count > 4500)

        let again = try BuiltProgram().run("db", "salvage", store.path, "-o", new)
        #expect(again.status == 1)
        #expect(again.errors == "anomalyctl: cannot create \(new): it exists already\nname a file that does not\n")
    }

    @Test func aDatabaseInUse() throws {
        let store = try SampleStore.filled()
        #expect(try BuiltProgram().run("db", "verify", "--database", store.path).status == 0)
        let result = try BuiltProgram().run("db", "salvage", store.path, "-o", store.folder + "/new.db")
        #expect(result.status == 1 && result.errors.contains("anomalyd writes to it"))
        // Still alive, with all of its locks.
        try store.append(stream: 1, sequence: 6, time: SampleStore.start + 10 * SampleStore.second, value: 1)
    }

    @Test func whatWasLostIsSaid() throws {
        var report = SalvageReport()
        (report.streams, report.points, report.values, report.checkpoints) = (2, 1000, 1001, 1)
        #expect(DBReportText.lines(report, new: "n.db").last == "Nothing seems to be lost.")
        report.losses = [
            SalvageReport.Loss(stream: "a", points: 2000, incompletePoints: 0),
            SalvageReport.Loss(stream: "b\u{1b}", points: 1, incompletePoints: 1),
        ]
        (report.unreadablePages, report.damagedRows, report.damagedFrames) = (1, 2, 3)
        (report.namelessStreams, report.damagedCheckpoints, report.streamsWithoutCheckpoint) = (1, 1, 1)
        (report.lostAnomalies, report.shortenedAnomalies) = (1, 2)
        #expect(
            DBReportText.lines(report, new: "n.db").drop { $0 != "Lost:" } == [
                "Lost:", "  1 page that the disk did not give", "  3 frames of the write-ahead log, damaged",
                "  2 rows found damaged", "  2,001 points between others, of 2 streams", "  1 point in part",
                "    a: 2,000 points", "    b\u{FFFD}: 2 points",
                "  1 name of streams; they are called salvaged.stream.NUMBER",
                "  1 saved model whose checksum is wrong",
                "  1 stream without a saved model: what it knew is learned again from the points that are there",
                "  1 anomaly of which no point is left", "  2 anomalies in part",
            ])
    }

    @Test func whatTakesRoom() throws {
        let store = try SampleStore()
        try store.fill(points: 5000)
        try store.writer.seal()
        try store.append(stream: 1, sequence: 5001, time: SampleStore.start + 6000 * SampleStore.second, value: 1)
        let usage = try DiskUsage(path: store.path)
        let values = Dictionary(uniqueKeysWithValues: usage.tables.map { ($0.name, $0.values) })
        #expect(
            values["chunk"] == 5000 && values["hot"] == 1 && values["point_row"] == 0 && values["stream"] == .some(nil))
        #expect(usage.tables.map(\.bytes) == usage.tables.map(\.bytes).sorted(by: >))
        #expect(usage.logBytes > 0)
        let json = try InProcess(database: store.path).output("db", "disk-usage", "-o", "json")
        #expect(json.contains(#"{"part":"chunk","bytes":"#) && json.contains(#""values":5000,"bytes_per_value":"#))
        let table = try InProcess(database: store.path).output("db", "disk-usage")
        #expect(table.hasPrefix("PART") && table.contains("\nfree ") && table.contains("\nlog "))
        try store.writer.close()
        let closed = try DiskUsage(path: store.path)
        // What is left is a page in which SQLite remembers where pages are referred to (auto_vacuum).
        #expect(closed.fileBytes - closed.tables.reduce(closed.freeBytes) { $0 + $1.bytes } == 4096)
    }

    @Test func aCopyWhileADaemonWrites() throws {
        let store = try SampleStore.filled()
        let new = store.folder + "/copy.db"
        let result = try BuiltProgram().run("--database", store.path, "db", "backup", new)
        #expect(
            result
                == BuiltProgram.Result(
                    status: 0,
                    output: "\(new): sound; 3 streams, 6 points, 1 anomaly, 0 saved models, 0 points in hindsight\n",
                    errors: ""))
        // The writer goes on; the copy has what was there.
        try store.append(stream: 1, sequence: 6, time: SampleStore.start + 10 * SampleStore.second, value: 1)
        #expect(
            try InProcess(database: new).output("query", "cpu.load", "-o", "csv", "--no-header").split(separator: "\n")
                .count == 5)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: store.folder).allSatisfy { !$0.contains("partial") })
        let again = try BuiltProgram().run("--database", store.path, "db", "backup", new)
        #expect(again.status == 1)
        #expect(again.errors == "anomalyctl: cannot create \(new): it exists already\nname a file that does not\n")
        // A daemon can go on with it.
        #expect(try PointStore(path: new).newest(of: 1)?.sequence == 5)
    }

    @Test func ofADamagedDatabaseThereIsNoCopy() throws {
        let store = try SampleStore()
        try store.fill(points: 5000)
        try damage(store)
        let new = store.folder + "/copy.db"
        #expect(try BuiltProgram().run("--database", store.path, "db", "backup", new).status == 6)
        let left = try FileManager.default.contentsOfDirectory(atPath: store.folder)
        #expect(left.allSatisfy { !$0.hasPrefix("copy.db") }, "\(left)")
    }
}
