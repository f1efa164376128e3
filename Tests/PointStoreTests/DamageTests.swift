import Foundation
import PointStore
import Testing

/// A damaged database makes room for a new one, and none of it is lost by that.
@Suite struct DamageTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: scratch.directory).sorted() }
    }

    /// The points of stream 1 are there, but some of them cannot be read.
    private func makeDamaged(points: Int64 = 5000) throws {
        let store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(1)], points: rows(1, 1...points))
        try store.close()
        let file = try #require(FileHandle(forUpdatingAtPath: scratch.path))
        let size = try file.seekToEnd()
        // The empty tables lie before the points.
        try file.seek(toOffset: size * 3 / 4 / 4096 * 4096)
        try file.write(contentsOf: Data(repeating: 0xa5, count: 32_768))
        try file.close()
    }

    @Test func aWriterReplacesItWhileItRuns() throws {
        try makeDamaged()
        let store = try PointStore(path: scratch.path)
        #expect(store.damage == nil, "both ends of the table are good")
        let error = try storeError { try store.replay(of: 1, after: 0) { _, _, _, _ in } }
        #expect(error.cause == .damaged && error.remedy == .setAside)
        #expect(store.damage == error)
        // Into the WAL, which must go with the database.
        try store.store(points: rows(1, 5001...5010))
        let (database, wal) = (try #require(scratch.bytes()), try #require(scratch.bytes("-wal")))
        #expect(!wal.isEmpty)

        let aside = try store.replaceDamaged()
        #expect(aside.hasPrefix(scratch.path + ".damaged-20") && aside.hasSuffix("Z"))
        #expect(FileManager.default.contents(atPath: aside) == database, "not a byte is changed")
        #expect(FileManager.default.contents(atPath: aside + "-wal") == wal)
        #expect(
            try sqlite(aside, "SELECT sum(count) FROM hot WHERE stream_id = 1 AND first_time > 1700005000000000")
                == ["10"])
        #expect(store.damage == nil)
        #expect(try store.streams().isEmpty)
        try store.store(streams: [stream(1)], points: rows(1, 5011...5020))
        #expect(try sqlite(scratch.path, "SELECT min(sequence), count(*) FROM point") == ["5011|10"])
        #expect(try storeError { _ = try PointStore(path: scratch.path) }.cause == .locked(process: getpid()))
        try store.close()
    }

    @Test func noNameIsGivenTwice() throws {
        let store = try PointStore(path: scratch.path)
        var asides: [String] = []
        for round in 1...4 as ClosedRange<Int64> {
            try store.store(streams: [stream(1)], points: rows(1, round...round))
            asides.append(try store.replaceDamaged())
        }
        #expect(Set(asides).count == 4)
        for (round, aside) in asides.enumerated() {
            #expect(try sqlite(aside, "SELECT sequence FROM point") == ["\(round + 1)"])
        }
    }

    @Test func aReaderOfTheOldFileLearnsOfIt() throws {
        let store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(1)], points: rows(1, 1...10))
        let reader = try StoreReader(path: scratch.path)
        #expect(try reader.all().count == 10 && !reader.isReplaced)
        _ = try store.replaceDamaged()
        #expect(reader.isReplaced)
        #expect(try reader.all().count == 10, "it still has its file")
        #expect(try StoreReader(path: scratch.path).all().isEmpty)
    }

    /// A reader of the damaged file must not keep the daemon from going on.
    @Test func aReaderDoesNotHinderIt() throws {
        let store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(1)], points: rows(1, 1...10))
        let shell = try OpenShell(scratch.path)
        shell.execute("BEGIN; SELECT count(*) FROM point;")
        let aside = try store.replaceDamaged()
        try store.store(streams: [stream(1)], points: rows(1, 11...11))
        shell.quit()
        #expect(try sqlite(aside, "SELECT count(*) FROM point") == ["10"])
    }

    @Test func whatIsFoundWhenOpening() throws {
        for damage in ["root", "end", "cut"] {
            let folder = try Scratch()
            let store = try PointStore(path: folder.path)
            try store.store(
                streams: (1...200).map { stream(Int32($0), String(repeating: "x\($0)", count: 30)) },
                points: rows(1, 1...5000))
            try store.close()
            let page = try #require(
                Int(try sqlite(folder.path, "SELECT rootpage FROM sqlite_schema WHERE name = 'hot'")[0]))
            let file = try #require(FileHandle(forUpdatingAtPath: folder.path))
            let size = try file.seekToEnd()
            switch damage {
            case "root":
                try file.seek(toOffset: UInt64(page - 1) * 4096)
                try file.write(contentsOf: Data(repeating: 0x5a, count: 4096))
            case "cut": try file.truncate(atOffset: size - 8192)
            default:
                try file.seek(toOffset: 0)
                let names = try #require(try file.readToEnd()?.range(of: Data("x199x199".utf8)))
                try file.seek(toOffset: UInt64(names.lowerBound / 4096 * 4096))
                try file.write(contentsOf: Data(repeating: 0x5a, count: 100))
            }
            try file.close()
            let before = folder.bytes()
            let error = try storeError { _ = try PointStore(path: folder.path) }
            #expect(error.cause == .damaged, "\(damage): \(error)")
            #expect(error.hint?.contains("anomalyctl db salvage") == true)
            #expect(folder.bytes() == before)

            let aside = try PointStore.setAsideDamaged(folder.path)
            #expect(FileManager.default.contents(atPath: aside) == before)
            #expect(folder.bytes() == nil)
            try PointStore(path: folder.path).close()
        }
    }

    @Test func aDatabaseInUseIsNotSetAside() throws {
        let store = try PointStore(path: scratch.path)
        #expect(try storeError { _ = try PointStore.setAsideDamaged(scratch.path) }.cause == .locked(process: getpid()))
        #expect(try names.filter { $0.contains("damaged") }.isEmpty)
        try store.close()
    }

    @Test(
        arguments: [
            (.full, .wait), (.readOnly, .wait), (.busy, .wait), (.inputOutput, .wait), (.notPermitted, .wait),
            (.damaged, .setAside), (.foreign, .setAside), (.conflict, .stop), (.other, .stop), (.missing, .stop),
            (.locked(process: nil), .stop), (.outdated, .stop), (.newer(migrations: []), .stop),
        ] as [(StoreError.Cause, StoreError.Remedy)])
    func everyCauseHasItsRemedy(cause: StoreError.Cause, remedy: StoreError.Remedy) {
        #expect(StoreError(operation: "commit to", path: "/x", cause: cause, detail: "").remedy == remedy)
    }

    @Test(.enabled(if: isRoot, "mounting takes root")) func aReadOnlyFileSystemIsCalledSo() throws {
        let mount = scratch.directory + "/small"
        try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: false)
        guard try run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", mount]).status == 0 else { return }
        defer { _ = try? run(["umount", "-l", mount]) }
        try PointStore(path: mount + "/anomaly.db").close()
        #expect(try run(["mount", "-o", "remount,ro", mount]).status == 0)
        let error = try storeError { _ = try PointStore(path: mount + "/anomaly.db") }
        #expect(error.cause == .readOnly && error.isTransient)
        #expect(error.hint?.contains("mount") == true)
    }

    @Test func whoHoldsALockIsFound() throws {
        let store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(1)], points: rows(1, 1...10))
        #expect(LockHolder.others(holding: .writing, on: scratch.path).isEmpty)
        let shell = try OpenShell(scratch.path)
        shell.execute("BEGIN IMMEDIATE;")
        let writers = LockHolder.others(holding: .writing, on: scratch.path)
        #expect(writers.map(\.name) == ["sqlite3"])
        #expect(writers.first?.description.hasSuffix("(sqlite3)") == true)
        shell.execute("ROLLBACK; BEGIN; SELECT count(*) FROM point;")
        #expect(LockHolder.others(holding: .writing, on: scratch.path).isEmpty)
        #expect(LockHolder.others(holding: .reading, on: scratch.path) == writers)
        shell.quit()
        #expect(LockHolder.others(holding: .reading, on: scratch.path).isEmpty)
    }
}
