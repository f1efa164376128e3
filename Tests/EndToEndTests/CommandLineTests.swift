import Foundation
import Testing

/// The command line's contract: flags, what a refusal says, and exit codes.
@Suite struct CommandLineTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func run(_ arguments: String...) throws -> (exit: ChildProcess.Exit, output: String, errors: String) {
        try DaemonProcess.run(in: folder, arguments)
    }

    // MARK: One daemon for each file

    @Test func aSecondDaemonOnTheSameDatabase() throws {
        let first = try DaemonProcess.start(in: folder)
        let second = try run(
            "--listen", folder("other.sock"), "--set", "control.socket=\(folder("other-control.sock"))")
        #expect(second.exit == .code(1))
        #expect(second.errors.contains(folder("anomaly.db")))
        #expect(second.errors.contains("process \(first.process.id)"))
        #expect(access(folder("other.sock"), F_OK) == -1)
        try expectGoodService(first)
    }

    @Test func aSecondDaemonOnTheSameSocket() throws {
        let first = try DaemonProcess.start(in: folder)
        let second = try run(
            "--database", folder("other.db"), "--set", "control.socket=\(folder("other-control.sock"))")
        #expect(second.exit == .code(1))
        #expect(second.errors.contains(folder("feed.sock")) && second.errors.contains("another process listens"))
        try expectGoodService(first)
    }

    @Test func aSecondDaemonOnTheSameControlSocket() throws {
        let first = try DaemonProcess.start(in: folder)
        let second = try run("--database", folder("other.db"), "--listen", folder("other.sock"))
        #expect(second.exit == .code(1))
        #expect(second.errors.contains(folder("control.sock")))
        #expect(access(folder("other.sock"), F_OK) == -1, "the socket that it could make is removed again")
        try expectGoodService(first)
    }

    private func expectGoodService(_ daemon: DaemonProcess) throws {
        let client = try daemon.client()
        try client.send("a 1 1\n")
        try client.sync()
        #expect(try daemon.status().points == 1)
        try daemon.stop()
        #expect(try daemon.query("SELECT count(*) FROM point") == ["1"])
    }

    /// Something else lies where the socket should be: it isn't removed.
    @Test func aFileInPlaceOfTheSocket() throws {
        try folder.write("precious", to: "feed.sock")
        let daemon = try run()
        #expect(daemon.exit == .code(1))
        #expect(daemon.errors.contains(folder("feed.sock")))
        #expect(contents(of: folder("feed.sock")) == "precious")
    }

    // MARK: Damaged databases

    @Test func aFileThatIsNoDatabase() throws {
        try folder.write(String(repeating: "no database\n", count: 1000), to: "anomaly.db")
        let daemon = try run()
        #expect(daemon.exit == .code(6))
        #expect(daemon.errors.contains(folder("anomaly.db")))
        #expect(contents(of: folder("anomaly.db")).hasPrefix("no database\n"))
    }

    @Test func anotherProgramsDatabase() throws {
        try SQLiteShell.run("CREATE TABLE t (x)", on: folder("anomaly.db"), writable: true)
        let before = FileManager.default.contents(atPath: folder("anomaly.db"))
        #expect(try run().exit == .code(6))
        #expect(FileManager.default.contents(atPath: folder("anomaly.db")) == before)
    }

    /// All pages but the first are overwritten.
    @Test func aDatabaseFullOfNonsense() throws {
        let first = try DaemonProcess.start(in: folder)
        let client = try first.client()
        try client.send((1...5000).map { "a \($0) \($0)\n" }.joined())
        try client.sync()
        try first.stop()
        let file = try #require(FileHandle(forUpdatingAtPath: folder("anomaly.db")))
        let size = try file.seekToEnd()
        try file.seek(toOffset: 8192)
        try file.write(contentsOf: Data(repeating: 0xa5, count: Int(size) - 8192))
        try file.close()
        let daemon = try run("--set", "database.on_damage=stop")
        #expect(daemon.exit == .code(6))
        #expect(daemon.errors.contains(folder("anomaly.db")))
        #expect(daemon.errors.contains("anomalyctl db salvage"), "it says what helps: \(daemon.errors)")
    }

    @Test func aFolderThatIsNotThere() throws {
        let daemon = try run("--database", "/dev/null/none/a.db")
        #expect(daemon.exit == .code(1))
        #expect(daemon.errors.contains("/dev/null/none"))
    }

    // MARK: Configuration

    @Test func aWrongFileIsRefusedWithEveryMistake() throws {
        let file = try folder.write(
            """
            [model]
            hiden = 16
            layers = "two"
            [feed]
            max_line = "long"
            [[stream]]
            match = "web.*"
            model.learning_rate = 7
            """, to: "wrong.toml")
        for arguments in [["--config", file], ["--check-config", "--config", file]] {
            let daemon = try DaemonProcess.run(in: folder, arguments)
            #expect(daemon.exit == .code(2))
            let lines = daemon.errors.split(separator: "\n")
            func line(about key: String) -> Substring? { lines.first { $0.hasPrefix(file) && $0.contains(key) } }
            #expect(line(about: "model.hiden")?.contains("hidden") == true)
            #expect(line(about: "model.layers")?.contains("expected an integer") == true)
            #expect(line(about: "feed.max_line")?.contains("expected an integer") == true)
            #expect(line(about: "model.learning_rate")?.contains("expected a number") == true)
            #expect(daemon.output.isEmpty)
            #expect(access(folder("anomaly.db"), F_OK) == -1)
        }
    }

    @Test func notTOML() throws {
        let file = try folder.write("[feed\n", to: "wrong.toml")
        let daemon = try run("--config", file)
        #expect(daemon.exit == .code(2))
        #expect(daemon.errors.contains("\(file):1:"))
    }

    /// A file that was asked for must be there; the usual one need not.
    @Test func aMissingFile() throws {
        let daemon = try run("--config", folder("none.toml"))
        #expect(daemon.exit == .code(2))
        #expect(daemon.errors.contains(folder("none.toml")))
        #expect(try run("--check-config").exit == .code(0))
    }

    @Test(arguments: [
        ["--nonsense"], ["file"], ["--set", "model.hidden=many"], ["--set", "nonsense"], ["--log-level", "loud"],
        ["--format", "morse"], ["--format", "csv", "--stdin"], ["--stdin", "--format", "csv", "--stream", "two words"],
    ])
    func wrongUsage(arguments: [String]) throws {
        let daemon = try DaemonProcess.run(in: folder, arguments)
        #expect(daemon.exit == .code(2), "\(daemon.errors)")
        #expect(!daemon.errors.isEmpty && daemon.output.isEmpty)
        #expect(access(folder("anomaly.db"), F_OK) == -1)
    }

    @Test func checkConfig() throws {
        try folder.write("[model]\nhidden = 24\n", to: "anomalyd.toml")
        let daemon = try run("--check-config")
        #expect(daemon.exit == .code(0) && daemon.errors.isEmpty && !daemon.output.isEmpty)
        #expect(access(folder("anomaly.db"), F_OK) == -1)
    }

    /// What `--cat-config` prints is a file that gives the same configuration: defaults, files and flags together.
    @Test func catConfig() throws {
        let file = try folder.write(
            "[model]\nhidden = 24\n[[stream]]\nmatch = \"web.*\"\nscore.warmup = 99\n", to: "anomalyd.toml")
        let first = try run("--cat-config", "--set", "model.k1=5", "--database", folder("b.db"))
        #expect(first.exit == .code(0) && first.errors.isEmpty)
        for text in [
            "# \(file)\n", "hidden = 24  # \(file):2; default: 16\n", "k1 = 5  # --set; default: 16\n", folder("b.db"),
            "[[stream]]  # \(file):3\n", "web.*", "warmup = 99", folder("feed.sock"),
        ] {
            #expect(first.output.contains(text), "\(text) is in\n\(first.output)")
        }
        let second = try run("--cat-config", "--config", folder.write(first.output, to: "printed.toml"))
        func settings(_ text: String) -> [String] {
            text.split(separator: "\n").compactMap { $0.split(separator: "#", omittingEmptySubsequences: false).first }
                .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        }
        #expect(settings(second.output) == settings(first.output))
        // An explicit file stands alone.
        #expect(!second.output.contains("# \(file)\n"))
    }

    @Test func versionAndHelp() throws {
        let version = try run("--version")
        #expect(version.exit == .code(0) && version.output.wholeMatch(of: #/[0-9]+\.[0-9]+\.[0-9]+.*\n/#) != nil)
        let help = try run("--help")
        #expect(help.exit == .code(0) && help.output.contains("--listen") && help.output.contains("EXAMPLES"))
    }

    // MARK: Listening

    @Test func severalSockets() throws {
        let paths = ["a.sock", "b.sock", "c.sock"].map { folder($0) }
        let daemon = try DaemonProcess.start(
            in: folder, ["--database", folder("anomaly.db")] + paths.flatMap { ["--listen", $0] },
            settings: ["feed.socket_mode=0600"])
        #expect(try daemon.status().listeners == paths)
        #expect(access(folder("feed.sock"), F_OK) == -1)
        for (index, path) in paths.enumerated() {
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let client = try FeedClient(path)
            try client.send("a \(index) \(index + 1)\n")
            try client.sync()
        }
        #expect(try daemon.query("SELECT value FROM point ORDER BY time") == ["0.0", "1.0", "2.0"])
        try daemon.stop()
        #expect(paths.allSatisfy { access($0, F_OK) == -1 })
    }
}
