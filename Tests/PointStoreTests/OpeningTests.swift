import Foundation
import PointStore
import Testing

@Suite struct OpeningTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    @Test func aNewFileHasOurMarks() throws {
        let store = try PointStore(path: scratch.path)
        #expect(try sqlite(scratch.path, "PRAGMA application_id") == ["\(0x616e_6f6d)"])
        #expect(try sqlite(scratch.path, "PRAGMA auto_vacuum") == ["2"])
        #expect(try sqlite(scratch.path, "PRAGMA page_size") == ["4096"])
        #expect(try sqlite(scratch.path, "PRAGMA journal_mode") == ["wal"])
        #expect(try sqlite(scratch.path, "PRAGMA integrity_check") == ["ok"])
        #expect(
            try sqlite(scratch.path, "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name")
                == [
                    "alert", "alert_sink", "anomaly", "anomaly_open", "anomaly_start", "checkpoint", "chunk",
                    "chunk_stream", "event",
                    "feedback",
                    "feedback_by_stream", "grdb_migrations", "hindsight",
                    "hindsight_run", "hot", "hot_stream", "named_rollup_1h", "named_rollup_5m", "pending", "point",
                    "point_row",
                    "recent_point", "rolled", "rolled_behind", "rollup_1h", "rollup_5m", "rollup_5m_pack",
                    "rollup_5m_pack_stream", "rollup_5m_row", "snapshot",
                    "snapshot_by_stream", "stream", "stream_group",
                ])
        try store.close()
        // The header itself says so, not only the WAL.
        let header = try #require(scratch.bytes())
        #expect(header[68..<72].elementsEqual("anom".utf8))
    }

    @Test func ownerWritesAndGroupReads() throws {
        let store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(1)], points: rows(1, 1...10))
        for suffix in ["", "-wal", "-shm"] { #expect(try scratch.mode(suffix) == 0o640, "\(suffix)") }
        try store.close()
        for suffix in ["", "-wal", "-shm"] { #expect(try scratch.mode(suffix) == 0o640, "\(suffix) after close") }
        #expect(scratch.bytes("-wal")?.isEmpty == true)
    }

    @Test func theSchemaExplainsItself() throws {
        try PointStore(path: scratch.path).close()
        let schema = try sqlite(scratch.path, "SELECT sql FROM sqlite_schema").joined(separator: "\n")
        #expect(schema.contains("-- made before the value was seen"))
        #expect(schema.contains("-- UTC, RFC 3339"))
    }

    @Test func anExistingFileIsOpenedAgain() throws {
        let store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(1)], points: rows(1, 1...3))
        try store.close()
        try store.close()
        #expect(throws: StoreError.self) { try store.streams() }
        let again = try PointStore(path: scratch.path)
        #expect(try again.newest(of: 1)?.sequence == 3)
    }

    @Test func aSecondWriterIsToldOfTheFirst() throws {
        let store = try PointStore(path: scratch.path)
        let error = try storeError { _ = try PointStore(path: scratch.path) }
        #expect(error.cause == .locked(process: getpid()))
        #expect(error.description.contains("process \(getpid())"))
        #expect(!error.isTransient)

        // The same database under another name has the same lock.
        let link = scratch.directory + "/link.db"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: scratch.path)
        #expect(try storeError { _ = try PointStore(path: link) }.cause == .locked(process: getpid()))
        #expect(try run(["flock", "-n", scratch.path + ".lock", "true"]).status == 1)

        try store.close()
        #expect(try run(["flock", "-n", scratch.path + ".lock", "true"]).status == 0)
        try PointStore(path: link).close()
    }

    @Test func theLockIsReleasedWithoutClose() throws {
        do { _ = try PointStore(path: scratch.path) }
        try PointStore(path: scratch.path).close()
    }

    @Test func aNewerFileIsRefusedUntouched() throws {
        let store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(1)], points: rows(1, 1...100))
        try store.close()
        _ = try sqlite(scratch.path, "INSERT INTO grdb_migrations VALUES ('7-of-tomorrow')")
        let before = scratch.bytes()

        for open in [{ _ = try PointStore(path: scratch.path) }, { _ = try StoreReader(path: scratch.path) }] {
            let error = try storeError(open)
            #expect(error.cause == .newer(migrations: ["7-of-tomorrow"]))
            #expect(error.description.contains("newer version"))
        }
        #expect(scratch.bytes() == before)
    }

    @Test func anotherProgramsDatabaseIsRefusedUntouched() throws {
        for mode in ["delete", "wal"] {
            _ = try sqlite(scratch.path, "PRAGMA journal_mode = \(mode); CREATE TABLE IF NOT EXISTS cookies (a)")
            let before = scratch.bytes()
            let error = try storeError { _ = try PointStore(path: scratch.path) }
            #expect(error.cause == .foreign)
            #expect(error.description.contains("not one of anomalyd"))
            #expect(scratch.bytes() == before)
            #expect(try storeError { _ = try StoreReader(path: scratch.path) }.cause == .foreign)
        }
    }

    @Test func whatIsNoDatabaseIsRefusedUntouched() throws {
        let text = Data(String(repeating: "time,value\n", count: 1000).utf8)
        try text.write(to: URL(fileURLWithPath: scratch.path))
        let error = try storeError { _ = try PointStore(path: scratch.path) }
        #expect(error.cause == .foreign)
        #expect(error.operation == "open" && error.path.hasSuffix("/anomaly.db"))
        #expect(scratch.bytes() == text)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.directory) == ["anomaly.db"])
        #expect(try storeError { _ = try PointStore(path: scratch.directory) }.cause == .foreign)
    }

    @Test func anEmptyFileBecomesADatabase() throws {
        try Data().write(to: URL(fileURLWithPath: scratch.path))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: scratch.path)
        try PointStore(path: scratch.path).close()
        #expect(try StoreReader(path: scratch.path).streams().isEmpty)
        #expect(try scratch.mode() == 0o600)
    }

    @Test func aLinkToNothingStaysOne() throws {
        try FileManager.default.createSymbolicLink(atPath: scratch.path, withDestinationPath: "/nowhere/at/all.db")
        let error = try storeError { _ = try PointStore(path: scratch.path) }
        #expect(error.cause == .missing && error.description.contains("symbolic link"))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: scratch.path) == "/nowhere/at/all.db")
    }

    /// What was begun under the other name and not finished is thrown away, and so is a log without a database.
    @Test func anInterruptedCreationIsBegunAgain() throws {
        let other = scratch.directory + "/other.db"
        _ = try sqlite(other, "PRAGMA journal_mode = wal; CREATE TABLE alien (a)")
        let shell = try OpenShell(other)
        shell.execute("INSERT INTO alien VALUES (1);")
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: other + suffix, toPath: scratch.path + ".new" + suffix)
        }
        try FileManager.default.copyItem(atPath: other + "-wal", toPath: scratch.path + "-wal")
        shell.quit()
        try PointStore(path: scratch.path).close()
        #expect(try sqlite(scratch.path, "PRAGMA integrity_check; SELECT count(*) FROM point") == ["ok", "0"])
        #expect(scratch.bytes(".new") == nil && scratch.bytes(".new-wal") == nil)
    }

    @Test func aDamagedFileIsCalledDamaged() throws {
        let store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(1)], points: rows(1, 1...5000))
        try store.close()
        var data = try #require(scratch.bytes())
        let original = data
        // The last points: opening works, reading says it.
        for offset in data.count / 2..<data.count { data[offset] = 0xa5 }
        try data.write(to: URL(fileURLWithPath: scratch.path))
        let reader = try StoreReader(path: scratch.path)
        let error = try storeError { _ = try reader.all() }
        #expect(error.cause == .damaged)
        #expect(error.hint != nil && !error.isTransient)
        try reader.close()

        // The root page of the schema.
        data = original
        for offset in 100..<4096 { data[offset] = 0xa5 }
        try data.write(to: URL(fileURLWithPath: scratch.path))
        #expect(try storeError { _ = try PointStore(path: scratch.path) }.cause == .damaged)
        #expect(try storeError { _ = try StoreReader(path: scratch.path) }.cause == .damaged)
    }

    @Test func theDirectoryMustExistOrIsCreated() throws {
        let path = scratch.directory + "/state/anomalyd/anomaly.db"
        let error = try storeError { _ = try PointStore(path: path) }
        #expect(error.cause == .missing)
        #expect(error.description.contains("state/anomalyd"))
        var options = PointStore.Options()
        options.createsDirectory = true
        try PointStore(path: path, options: options).close()
        let attributes = try FileManager.default.attributesOfItem(atPath: scratch.directory + "/state/anomalyd")
        #expect(attributes[.posixPermissions] as? Int == 0o700)
    }

    @Test func aMissingFileIsCalledMissing() throws {
        let error = try storeError { _ = try StoreReader(path: scratch.path) }
        #expect(error.cause == .missing)
        #expect(FileManager.default.fileExists(atPath: scratch.path) == false)
        #expect(try storeError { _ = try StoreReader(path: "/nowhere/at/all.db") }.cause == .missing)
    }

    @Test func aHalfMadeFileIsFinished() throws {
        // A crash after the marks and before the tables.
        _ = try sqlite(
            scratch.path, "PRAGMA auto_vacuum = 2; PRAGMA application_id = \(0x616e_6f6d); PRAGMA journal_mode = wal")
        #expect(try storeError { _ = try StoreReader(path: scratch.path) }.cause == .outdated)
        try PointStore(path: scratch.path).close()
        #expect(try sqlite(scratch.path, "SELECT count(*) FROM point") == ["0"])
    }
}
