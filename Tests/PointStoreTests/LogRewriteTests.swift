import Foundation
import PointStore
import Testing

/// What a failed fsync leaves for the next process, and what a rewrite leaves that was cut short. (FaultTests let both
/// happen.)
@Suite struct LogRewriteTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    private var lock: String { scratch.path + ".lock" }
    private var copy: String { scratch.path + "-wal-copy" }

    /// Two points, one of them in the log only.
    private func make() throws -> (database: Data, log: Data) {
        let store = try PointStore(path: scratch.path)
        var commit = Commit()
        commit.streams = [stream(1)]
        commit.points = rows(1, 1...1)
        try store.commit(&commit)
        let files = (try #require(scratch.bytes()), try #require(scratch.bytes("-wal")))
        try store.close()
        return files
    }

    private func restore(_ files: (database: Data, log: Data), copy: Data? = nil) throws {
        for (suffix, bytes) in [("", files.database), ("-wal", files.log), ("-wal-copy", copy)] {
            try bytes?.write(to: URL(filePath: scratch.path + suffix))
        }
    }

    private func points() throws -> [String] { try sqlite(scratch.path, "SELECT count(*) FROM point") }

    @Test func aMarkedLogIsWrittenAnew() throws {
        let files = try make()
        try restore(files)
        try Data("\nunsynced\n".utf8).write(to: URL(filePath: lock))
        let store = try PointStore(path: scratch.path)
        #expect(try points() == ["1"])
        #expect(!FileManager.default.fileExists(atPath: copy))
        try store.close()
        let mark = try String(contentsOfFile: lock, encoding: .utf8)
        #expect(!mark.contains("unsynced"), "it is good again")
    }

    /// A half of the log has become rubbish while it was written, or its name was lost with the power: its copy is good.
    @Test(arguments: [true, false]) func aCopyThatIsCompleteIsTheLog(hasLog: Bool) throws {
        let files = try make()
        var torn = files.log
        torn.replaceSubrange(
            torn.count / 2..<torn.count, with: Data(repeating: 0xa5, count: torn.count - torn.count / 2))
        var header = Data()
        var checksum: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in files.log { checksum = (checksum ^ UInt64(byte)) &* 0x100_0000_01b3 }
        for word in [UInt64(files.log.count), checksum] { withUnsafeBytes(of: word.littleEndian) { header += $0 } }
        try restore((files.database, torn), copy: header + files.log)
        if !hasLog { try FileManager.default.removeItem(atPath: scratch.path + "-wal") }
        let store = try PointStore(path: scratch.path)
        #expect(try points() == ["1"])
        #expect(!FileManager.default.fileExists(atPath: copy))
        try store.close()
    }

    /// Cut short while the copy was made, when the log had not been touched.
    @Test(arguments: [0, 10, 16, 500]) func aCopyThatIsNotCompleteIsNone(length: Int) throws {
        let files = try make()
        try restore(files, copy: Data(repeating: 7, count: length))
        let store = try PointStore(path: scratch.path)
        #expect(try points() == ["1"])
        #expect(!FileManager.default.fileExists(atPath: copy))
        try store.close()
    }

    @Test(arguments: [true, false]) func aBrokenCopyIsOfNoUse(hasLog: Bool) throws {
        _ = try make()
        if !hasLog { try FileManager.default.removeItem(atPath: scratch.path + "-wal") }
        try Data(repeating: 7, count: 500).write(to: URL(filePath: copy))
        let store = try PointStore(path: scratch.path)
        #expect(try points() == ["1"])
        #expect(!FileManager.default.fileExists(atPath: copy))
        try store.close()
    }

    /// A power failure has taken the names of a young database and of its log.
    @Test func aCopyWithoutADatabaseIsOfNoUse() throws {
        _ = try make()
        for suffix in ["", "-wal", "-shm"] { try FileManager.default.removeItem(atPath: scratch.path + suffix) }
        try Data(repeating: 7, count: 500).write(to: URL(filePath: copy))
        try Data("\nunsynced\n".utf8).write(to: URL(filePath: lock))
        let store = try PointStore(path: scratch.path)
        #expect(try points() == ["0"])
        #expect(!FileManager.default.fileExists(atPath: copy))
        try store.close()
    }
}
