import Glibc
import Testing

/// The database can't be written for a while: nothing is lost, nothing is confirmed too early, and everybody who asks
/// is told. A file size limit stands for the full disk, because it takes no rights to set and to lift.
@Suite struct StorageTroubleTests {
    let folder: TemporaryFolder
    let daemon: DaemonProcess
    let client: FeedClient

    /// A daemon whose files can't grow above a megabyte, and a client that has sent more points than fit.
    init() throws {
        folder = try TemporaryFolder()
        daemon = try DaemonProcess.start(
            in: folder, launcher: ["sh", "-c", "trap '' XFSZ; exec prlimit --fsize=1000000: \"$@\"", "sh"])
        client = try daemon.client(timeout: .seconds(2))
        try client.send("a 1 1\n")
        try client.sync()
        try client.send((2...30_000).map { "a \($0) \($0)\n" }.joined() + "!sync all\n")
        try eventually("it notices") { try daemon.status().state == "degraded" }
        #expect(throws: HarnessError.self, "no answer") { try client.readLine() }
    }

    @Test func itGoesOnWhenThereIsRoomAgain() throws {
        try eventually("systemd is told") {
            daemon.notify.messages.last { $0.text.hasPrefix("STATUS=") }?.text.hasPrefix("STATUS=Not storing: ") == true
        }
        let lift = try ChildProcess(["prlimit", "--pid", "\(daemon.process.id)", "--fsize=unlimited"], in: folder)
        #expect(try lift.wait() == .code(0), "\(lift.errors)")
        let patient = try daemon.client()
        try patient.sync()
        #expect(try client.readLine() == "!synced all")
        #expect(try daemon.query("SELECT count(*), max(sequence) FROM point") == ["30000|30000"])
        #expect(try daemon.status().state == "running")
        try daemon.stop()
        let complaints = daemon.process.errors.split(separator: "\n").filter { $0.contains("error") }
        #expect(complaints.count == 1, "it complains once, not at each attempt")
        #expect(complaints.first?.contains(daemon.database) == true)
    }

    /// systemd does not wait for ever; the exit code says that something was lost.
    @Test func itCanBeStopped() throws {
        daemon.process.signal(SIGTERM)
        #expect(try daemon.process.wait(within: .seconds(20)) == .code(1))
        #expect(try client.readLine() == nil, "what isn't stored isn't confirmed")
        let second = try DaemonProcess.start(in: folder)
        let sender = try second.client()
        try sender.send((1...30_000).map { "a \($0) \($0)\n" }.joined())
        try sender.sync()
        #expect(try second.query("SELECT count(*), max(sequence) FROM point") == ["30000|30000"])
        try second.stop()
    }
}
