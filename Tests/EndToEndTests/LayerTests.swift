import Foundation
import Testing

/// Drop-ins, credentials and instances, as the programs take them.
@Suite struct LayerTests {
    let folder: TemporaryFolder
    init() throws {
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: folder("anomalyd.toml.d"), withIntermediateDirectories: true)
    }

    /// The daemon and `anomalyctl` go by the same files.
    @Test func anomalyctlFindsWhatADropInMoved() throws {
        try folder.write("[database]\npath = \"\(folder("x.db"))\"\n", to: "anomalyd.toml")
        try folder.write(
            "control.socket = \"\(folder("c.sock"))\"\nfeed.listen = \"\(folder("f.sock"))\"\n",
            to: "anomalyd.toml.d/10-moved.toml")
        let daemon = try DaemonProcess.start(in: folder)
        let client = try FeedClient(folder("f.sock"))
        try client.send("a 1 1\n")
        try client.sync()
        let status = try folder.anomalyctl("status")
        #expect(status.exit == .code(0) && status.output.contains("running"), "\(status.errors)")
        let query = try folder.anomalyctl("query", "--no-header", "-o", "csv")
        #expect(query.exit == .code(0) && query.output.hasPrefix("a,"), "\(query.errors)")
        // What is wrong with other keys, or a file that can't be read, keeps nobody from asking.
        try folder.write("[model\n", to: "anomalyd.toml.d/20-wrong.toml")
        #expect(try folder.anomalyctl("query", "-o", "csv").exit == .code(0))
        #expect(try folder.anomalyctl("explain", "1").errors.contains("20-wrong.toml:1:"))
        try daemon.stop()
    }

    @Test func aReloadReadsAllLayers() throws {
        let daemon = try DaemonProcess.start(in: folder)
        try folder.write("model.hidden = 24\n", to: "anomalyd.toml.d/10-a.toml")
        daemon.process.signal(SIGHUP)
        try eventually("the drop-in is read") { daemon.process.errors.contains(#"changed="model.hidden: 16 to 24""#) }
        try folder.write("\nmodel.hiden = 24\n", to: "anomalyd.toml.d/20-b.toml")
        daemon.process.signal(SIGHUP)
        try eventually("a wrong one is refused") {
            daemon.process.errors.contains("anomalyd.toml.d/20-b.toml:2: model.hiden: unknown key")
        }
        #expect(daemon.process.errors.contains("the old one stays in force"))
        let client = try daemon.client()
        try client.send("a 1 1\n")
        try client.sync()
        try daemon.stop()
    }

    /// A value of a credential is in force, and nothing shows it: not what is printed, and not what a reload logs.
    @Test func credentialsAreNotShown() throws {
        try FileManager.default.createDirectory(atPath: folder("secrets"), withIntermediateDirectories: true)
        try folder.write("[model]\nhidden = 57\n", to: "secrets/secret.toml")
        let environment = DaemonProcess.environment(folder).merging(["CREDENTIALS_DIRECTORY": folder("secrets")]) { $1 }
        let printing = try ChildProcess(
            [Programs.path("anomalyd"), "--cat-config"], in: folder, environment: environment)
        #expect(try printing.wait() == .code(0))
        #expect(printing.output.contains("# hidden is set by a credential and not shown: "))
        #expect(!printing.output.contains("57"))

        let daemon = try DaemonProcess.start(in: folder, environment: environment)
        let client = try daemon.client()
        try client.send("a 1 1\n")
        try client.sync()
        try folder.write("[model]\nhidden = 58\n", to: "secrets/secret.toml")
        daemon.process.signal(SIGHUP)
        try eventually("it is read again") { daemon.process.errors.contains("changed=model.hidden") }
        try folder.write("[model]\nhidden = \"tell no one\"\n", to: "secrets/secret.toml")
        daemon.process.signal(SIGHUP)
        try eventually("a wrong one is refused") {
            daemon.process.errors.contains("secret.toml:2: model.hidden: expected")
        }
        #expect(!daemon.process.errors.contains("57 to 58") && !daemon.process.errors.contains("tell no one"))
        try daemon.stop()
        #expect(try folder.anomalyctl("model", "show", "a").output.contains("57"))
    }

    @Test func instancesReadAFileOfTheirOwn() throws {
        try folder.write("model.hidden = 24\n", to: "anomalyd.toml.d/10-a.toml")
        try folder.write("model.hidden = 32\n", to: "anomalyd@web.toml")
        func hidden(_ arguments: String...) throws -> Substring? {
            try DaemonProcess.run(in: folder, ["--cat-config"] + arguments).output.split(separator: "\n")
                .first { $0.hasPrefix("hidden = ") }?.prefix { $0 != "#" }
        }
        #expect(try hidden() == "hidden = 24  ")
        #expect(try hidden("--instance", "web") == "hidden = 32  ")
        #expect(try hidden("--instance", "db") == "hidden = 24  ")
        let wrong = try DaemonProcess.run(in: folder, ["--instance", "../web"])
        #expect(wrong.exit == .code(2) && wrong.errors.contains("not beginning with a dot"), "\(wrong.errors)")
        #expect(try folder.anomalyctl("--instance", "a/b", "status").exit == .code(2))
    }

    /// Several by one person, without systemd: each has folders of its own, and `anomalyctl` finds them by name.
    @Test(.enabled(if: geteuid() != 0 || access("/usr/bin/setpriv", X_OK) == 0, "needs setpriv to be somebody else"))
    func instancesOfAPerson() throws {
        let environment = [
            "HOME": folder.path, "XDG_RUNTIME_DIR": folder("r"), "XDG_STATE_HOME": folder("s"),
        ]
        let person = geteuid() == 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : []
        chmod(folder.path, 0o777)
        var daemons: [ChildProcess] = []
        for (index, name) in ["east", "west"].enumerated() {
            let daemon = try ChildProcess(
                person + [Programs.path("anomalyd"), "--instance", name], in: folder, environment: environment)
            daemons.append(daemon)
            let socket = folder("r/anomalyd-instances/\(name)/feed.sock")
            try eventually("\(name) listens; \(daemon.errors)") { access(socket, F_OK) == 0 }
            let client = try FeedClient(socket)
            try client.send("a \(index + 1) 1\n")
            try client.sync()
        }
        for (name, value) in [("east", "1"), ("west", "2")] {
            let query = try ChildProcess(
                person + [Programs.path("anomalyctl"), "--instance", name, "query", "--no-header", "-o", "csv"],
                in: folder, environment: environment)
            #expect(try query.wait() == .code(0), "\(query.errors)")
            #expect(query.output.split(separator: ",", omittingEmptySubsequences: false)[2] == value)
        }
        for daemon in daemons {
            daemon.signal(SIGTERM)
            #expect(try daemon.wait() == .code(0), "\(daemon.errors)")
        }
    }
}
