import Glibc
import Testing

/// The database as another user of its group sees it with the plain shell, with the daemon up and down.
@Suite(.enabled(if: geteuid() == 0, "acting as other users takes root")) struct ReaderTests {
    /// A group that nobody else uses here.
    private static let group: UInt32 = 54321
    private static let anotherGroup: UInt32 = 54322

    private func asNobody(group: UInt32) -> [String] {
        ["setpriv", "--reuid=65534", "--regid=\(group)", "--clear-groups"]
    }

    @Test(arguments: [true, false]) func theGroupReads(isKilled: Bool) throws {
        let folder = try TemporaryFolder()
        try #require(chown(folder.path, 0, Self.group) == 0 && chmod(folder.path, 0o750) == 0)
        let daemon = try DaemonProcess.start(
            in: folder, launcher: ["setpriv", "--regid=\(Self.group)", "--clear-groups"])
        let client = try daemon.client()
        func count(as group: UInt32 = Self.group) throws -> [String] {
            // As people do it: without -readonly.
            try SQLiteShell.run(
                "SELECT stream, count(*) FROM recent_point GROUP BY stream", on: daemon.database, writable: true,
                launcher: asNobody(group: group))
        }
        #expect(try count() == [])
        for end in [1000, 2000] {
            try client.send((end - 999...end).map { "a \($0) \($0)\n" }.joined())
            try client.sync()
            #expect(try count() == ["a|\(end)"])
        }
        #expect(throws: HarnessError.self) {
            try SQLiteShell.run(
                "DELETE FROM point", on: daemon.database, writable: true, launcher: asNobody(group: Self.group))
        }
        #expect(throws: HarnessError.self) { try count(as: Self.anotherGroup) }
        if isKilled { try daemon.kill() } else { try daemon.stop() }
        #expect(try count() == ["a|2000"])
        #expect(throws: HarnessError.self) { try count(as: Self.anotherGroup) }
        // A reader leaves nothing behind that the next daemon stumbles over.
        try DaemonProcess.start(in: folder).stop()
        #expect(try count() == ["a|2000"])
    }

    /// The sockets admit the group, and nobody else.
    @Test func theGroupSends() throws {
        let folder = try TemporaryFolder()
        try #require(chown(folder.path, 0, Self.group) == 0 && chmod(folder.path, 0o755) == 0)
        let daemon = try DaemonProcess.start(
            in: folder, launcher: ["setpriv", "--regid=\(Self.group)", "--clear-groups"])
        for path in [daemon.feedSocket, daemon.controlSocket] {
            var status = stat()
            try #require(stat(path, &status) == 0)
            #expect(status.st_mode & 0o777 == 0o660 && status.st_gid == Self.group)
        }
        try daemon.stop()
    }
}
