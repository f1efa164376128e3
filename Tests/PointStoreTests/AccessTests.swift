import Foundation
import PointStore
import Testing

/// Reading as somebody who may only read, with and without a writer.
@Suite(.enabled(if: isRoot, "acting as another user takes root")) struct AccessTests {
    private static let nobody: UInt32 = 65534
    /// A group that nobody else uses here.
    private static let group: UInt32 = 54321
    private static let asReader = ["setpriv", "--reuid", "\(nobody)", "--regid", "\(group)", "--clear-groups"]

    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    /// A new database whose group is the readers', as under a directory with the setgid bit.
    private func makeStore() throws -> PointStore {
        guard chmod(scratch.directory, 0o2755) == 0, chown(scratch.directory, 0, AccessTests.group) == 0 else {
            throw CocoaError(.fileWriteNoPermission)
        }
        return try PointStore(path: scratch.path)
    }

    /// Runs `body` with the file rights of a reader: in Linux, these belong to the thread.
    private func asReader<T: Sendable>(_ body: @escaping @Sendable () throws -> T) throws -> T {
        nonisolated(unsafe) var result: Result<T, any Error>?
        let done = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            result = Result {
                try AccessTests.setFileSystemID("setfsgid", AccessTests.group)
                try AccessTests.setFileSystemID("setfsuid", AccessTests.nobody)
                return try body()
            }
            done.signal()
        }
        done.wait()
        return try #require(result).get()
    }

    /// Swift's Glibc does not import <sys/fsuid.h>.
    private static func setFileSystemID(_ function: String, _ id: UInt32) throws {
        let symbol = try #require(dlsym(nil, function))
        _ = unsafeBitCast(symbol, to: (@convention(c) (UInt32) -> Int32).self)(id)
    }

    private func shellCount() throws -> [String] {
        try sqlite(scratch.path, "SELECT count(*) FROM recent_point", prefix: AccessTests.asReader)
    }

    @Test func theShellReadsWithTheDaemonUpAndDown() throws {
        let store = try makeStore()
        #expect(try shellCount() == ["0"])
        try store.store(streams: [stream(1)], points: rows(1, 1...100))
        #expect(try shellCount() == ["100"])
        #expect(throws: ShellFailure.self) {
            try sqlite(scratch.path, "DELETE FROM point", prefix: AccessTests.asReader)
        }
        try store.close()
        #expect(try shellCount() == ["100"])
    }

    @Test func theReaderReadsWithTheDaemonDown() throws {
        let store = try makeStore()
        try store.store(streams: [stream(1)], points: rows(1, 1...100))
        try store.close()
        let path = scratch.path
        let count = try asReader {
            #expect(open(path, O_RDWR) == -1)
            let reader = try StoreReader(path: path)
            _ = try reader.dataVersion()
            return try reader.all().count + reader.streamSummaries().count
        }
        #expect(count == 101)
    }

    @Test func theReaderReadsWhileAnotherProcessHasTheFileOpen() throws {
        let store = try makeStore()
        try store.store(streams: [stream(1)], points: rows(1, 1...100))
        try store.close()
        let shell = try OpenShell(scratch.path)
        shell.execute("INSERT INTO stream VALUES (2, 'two', 1, 0, 0);")
        let path = scratch.path
        #expect(try asReader { try StoreReader(path: path).streams().count } == 2)
        shell.quit()
    }

    /// What SIGKILL leaves behind: everything in the WAL, and nobody to recover it. After a power failure the shared
    /// memory may have any content.
    @Test(arguments: [false, true]) func bothReadWhatACrashLeft(losesSharedMemory: Bool) throws {
        let crashed = try Scratch()
        let store = try makeStore()
        try store.store(streams: [stream(1)], points: rows(1, 1...5000))
        _ = try run(["cp", "-a"] + ["", "-wal", "-shm"].map { scratch.path + $0 } + [crashed.directory])
        try store.close()
        #expect(try #require(crashed.bytes("-wal")).count > 100_000)
        if losesSharedMemory {
            let shared = try #require(FileHandle(forWritingAtPath: crashed.path + "-shm"))
            try shared.write(contentsOf: Data(count: 32768))
            try shared.close()
        }

        let count = try sqlite(crashed.path, "SELECT count(*) FROM point", prefix: AccessTests.asReader)
        #expect(count == ["5000"])
        let path = crashed.path
        #expect(try asReader { try StoreReader(path: path).all().count } == 5000)

        let recovered = try PointStore(path: crashed.path)
        #expect(try recovered.newest(of: 1)?.sequence == 5000)
        try recovered.store(points: rows(1, 5001...5001))
    }

    /// Root's shell, being the last to close the file, removes the WAL that a reader cannot make anew.
    @Test func theReaderReadsAFileWithoutItsWAL() throws {
        let store = try makeStore()
        try store.store(streams: [stream(1)], points: rows(1, 1...100))
        try store.close()
        #expect(try sqlite(scratch.path, "SELECT count(*) FROM point") == ["100"])
        #expect(scratch.bytes("-wal") == nil)
        let path = scratch.path
        let reader = try asReader { try StoreReader(path: path) }
        #expect(try reader.all().count == 100)

        // Read without locks, the file must not be trusted any more once there is a writer.
        let again = try PointStore(path: scratch.path)
        let error = try storeError { _ = try reader.all() }
        #expect(error.cause == .busy && error.isTransient)
        try again.close()
    }

    @Test func whoeverMayNotReadIsTold() throws {
        let store = try makeStore()
        try store.store(streams: [stream(1)])
        try store.close()
        chmod(scratch.path, 0o600)
        let path = scratch.path
        let error = try asReader { try storeError { _ = try StoreReader(path: path) } }
        #expect(error.cause == .notPermitted)
        #expect(error.hint?.contains("group") == true)
    }
}
