import Foundation
import Testing

/// Who may feed and who may control: by user and group, as the kernel tells them of the other end. Becoming another user
/// needs root.
@Suite(.enabled(if: getuid() == 0, "these tests become other users, which only root may")) struct PermissionTests {
    /// A user and a group that need no entry in /etc/passwd.
    static let stranger = "54321"
    static let group = "54322"

    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        // Others must get to the sockets.
        guard chmod(folder.path, 0o755) == 0 else { throw systemError("chmod \(folder.path)") }
    }

    private func start(_ settings: String...) throws -> DaemonProcess {
        try DaemonProcess.start(
            in: folder, settings: ["feed.socket_mode=0666", "control.socket_mode=0666"] + settings)
    }

    /// Runs a program as the stranger, whose primary group is of the same number.
    private func runAsStranger(
        _ command: [String], supplementary: String? = nil, input: String = ""
    ) throws -> ChildProcess {
        let file = open(try folder.write(input, to: folder.fresh("input").lastComponent), O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        let groups = supplementary.map { "--groups=\($0)" } ?? "--clear-groups"
        let process = try ChildProcess(
            ["setpriv", "--reuid=\(Self.stranger)", "--regid=\(Self.stranger)", groups] + command, in: folder,
            input: file)
        try process.wait()
        return process
    }

    private func fixture(_ name: String) -> String {
        let root = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        return root.appending(path: "fixtures/\(name)").path
    }

    /// What a socket answers to the stranger.
    private func answer(of socket: String, to input: String, supplementary: String? = nil) throws -> String {
        try runAsStranger(
            ["socat", "-t", "20", "-", "UNIX-CONNECT:\(socket)"], supplementary: supplementary, input: input
        ).output
    }

    private func feeds(_ daemon: DaemonProcess, supplementary: String? = nil) throws -> Bool {
        try answer(of: daemon.feedSocket, to: "a 1\n!sync 1\n", supplementary: supplementary) == "!synced 1\n"
    }

    @Test func everybodyWhoCanConnectMayFeedUnlessSaidOtherwise() throws {
        let daemon = try start()
        #expect(try feeds(daemon))
        try daemon.stop()
    }

    @Test func aStrangerIsTurnedAwayFromTheFeed() throws {
        let daemon = try start("feed.allow_users=[\"daemon\"]", "feed.allow_groups=[54322]")
        #expect(try !feeds(daemon))
        let message = try #require(daemon.log("refused a client").first)
        for part in [
            "reason=not-permitted", "uid=54321", "gid=54321", "pid=", "peer=feed.sock#1", "command=socat",
            "feed.allow_users or feed.allow_groups",
        ] {
            #expect(message.contains(part), "\(message)")
        }
        #expect(try daemon.status().refusedConnections == ["not-permitted": 1])
        #expect(try daemon.status().rejectedLines == [:], "nothing of it is read")
        // root, and so this test, always may.
        try daemon.client().sync()
        try daemon.stop()
    }

    @Test(arguments: ["feed.allow_users=[\"daemon\", \"54321\"]", "feed.allow_groups=[\"root\", \"54321\"]"])
    func anAllowedUserOrPrimaryGroup(setting: String) throws {
        let daemon = try start(setting)
        #expect(try feeds(daemon))
        try daemon.stop()
    }

    @Test func anAllowedSupplementaryGroup() throws {
        let daemon = try start("feed.allow_groups=54322")
        #expect(try !feeds(daemon))
        #expect(try feeds(daemon, supplementary: Self.group))
        // More groups than one question to the kernel has room for.
        let many = (60_000..<60_500).map(String.init) + [Self.group]
        #expect(try feeds(daemon, supplementary: many.joined(separator: ",")))
        try daemon.stop()
    }

    /// Others may see how the daemon does, and change nothing.
    @Test func aStrangerMayAskButNotChange() throws {
        let daemon = try start("control.allow_users=daemon")
        let client = try daemon.client()
        try client.send("a 1 1\n")
        try client.sync()
        let hindsight =
            #"{"hindsight":{"anomalies":[false],"begin":{"first":1000000,"last":1000000,"model":"m","threshold":0.5},"#
            + #""from":1000000,"lowers":[0],"predictions":[0],"residuals":[1],"scores":[0.1],"stream":"a","#
            + #""times":[1000000],"to":1000000,"uppers":[2]},"request":"hindsight","version":1}"# + "\n"
        let answers = try answer(
            of: daemon.controlSocket, to: #"{"request":"status","version":1}"# + "\n" + hindsight
        ).split(separator: "\n")
        #expect(answers.count == 2)
        #expect(answers.first?.contains(#""state":"running""#) == true)
        #expect(answers.last?.contains(#""code":"not_permitted""#) == true)
        #expect(answers.last?.contains("uid 54321 may not store hindsight") == true)
        #expect(try daemon.query("SELECT count(*) FROM hindsight_run") == ["0"])
        #expect(try daemon.status().refusedConnections == ["control-not-permitted": 1])
        #expect(daemon.log("refused a client").first?.contains("asked=\"store hindsight\"") == true)
        // root may, and the log says who it was.
        let root = try FeedClient(daemon.controlSocket)
        try root.send(hindsight)
        #expect(try root.readLine()?.contains(#""run":1"#) == true)
        let message = try #require(daemon.log("a client changes something").first)
        #expect(message.contains("asked=\"store hindsight\"") && message.contains("uid=0"))
        #expect(message.contains("pid=\(getpid())") && message.contains("streams=a"))
        try daemon.stop()
    }

    @Test func anomalyctlSaysNotPermitted() throws {
        let daemon = try start("control.allow_groups=54322")
        let client = try daemon.client()
        try client.send("a 1 1\n")
        try client.sync()
        // A copy, as the stranger may not get to where the programs are built.
        for file in [try Programs.path("anomalyctl"), fixture("safetensors/stream.safetensors")] {
            let copy = folder(file.lastComponent)
            // Not written here: what another test starts meanwhile would inherit the open file, which then can't be run.
            #expect(try ChildProcess(["cp", file, copy], in: folder).wait() == .code(0))
            chmod(copy, 0o755)
        }
        func anomalyctl(_ arguments: String..., supplementary: String? = nil) throws -> ChildProcess {
            try runAsStranger(
                [folder("anomalyctl"), "--socket", daemon.controlSocket] + arguments, supplementary: supplementary)
        }
        #expect(try anomalyctl("status").poll() == .code(0))
        let refused = try anomalyctl("model", "import", folder("stream.safetensors"), "a")
        #expect(refused.poll() == .code(5))
        #expect(refused.errors.contains("uid 54321 may not"), "\(refused.errors)")
        // Whether the file fits is another question, which only those are told who may ask.
        let allowed = try anomalyctl("model", "import", folder("stream.safetensors"), "b", supplementary: Self.group)
        #expect(allowed.poll() == .code(4), "\(allowed.errors)")
        try daemon.stop()
    }

    @Test func anUnknownNameIsAMistakeInTheConfiguration() throws {
        for (setting, name) in [("feed.allow_users", "nosuchuser"), ("control.allow_groups", "nosuchgroup")] {
            let run = try DaemonProcess.run(in: folder, ["--set", "\(setting)=\(name)"])
            #expect(run.exit == .code(2))
            #expect(run.errors.contains("--set: \(setting): names \"\(name)\", which is no "), "\(run.errors)")
        }
    }

    @Test func acceptedConnectionsAreLoggedForWhoWantsToKnow() throws {
        let daemon = try start("daemon.log_level=debug")
        #expect(try feeds(daemon))
        let message = try #require(daemon.log("accepted a connection").first)
        #expect(message.contains("uid=54321") && message.contains("gid=54321") && message.contains("pid="))
        try daemon.stop()
    }
}

extension String {
    fileprivate var lastComponent: String { String(split(separator: "/").last ?? "") }
}
