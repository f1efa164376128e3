import AnomalyConfiguration
import AnomalyDetection
import Foundation
import Testing

@Suite struct ConfigurationLayerTests {
    static func commandLine(_ settings: String...) -> ConfigurationLayer {
        var layer = ConfigurationLayer()
        for setting in settings { layer.set(setting) }
        return layer
    }

    @Test func laterLayersWin() throws {
        let file = ConfigurationLayer(
            toml: "[model]\nhidden = 8\nlayers = 2\n[[stream]]\nmatch = 'a'\nmodel.hidden = 24", source: "f")
        var line = Self.commandLine("model.hidden = 32", "model.hidden=40")
        line.set("database.path", to: "/tmp/x.db", flag: "--database")
        line.set("feed.listen", to: ["/a", "/b"], flag: "--listen")
        let configuration = try DaemonConfiguration(layers: [file, line], paths: .system)
        #expect(configuration.defaults.detector.model.hidden == 40)
        #expect(configuration.defaults.detector.model.layers == 2)
        #expect(configuration.database.path == "/tmp/x.db")
        #expect(configuration.feed.listen == ["/a", "/b"])
        // A section is more specific than the command line.
        #expect(configuration.settings(forStream: "a").detector.model.hidden == 24)
    }

    @Test(arguments: [
        ("model.hidden=32", "model.hidden", "32"), (" model.hidden = 32 ", "model.hidden", "32"),
        ("model.learning_rate=1e-3", "model.learning_rate", "0.001"),
        ("model.learning=false", "model.learning", "false"),
        ("database.synchronous=normal", "database.synchronous", #""normal""#),
        (#"database.synchronous="normal""#, "database.synchronous", #""normal""#),
        ("database.path=/tmp/a b", "database.path", #""/tmp/a b""#), ("database.path=1", "database.path", #""1""#),
        ("database.path=a=b", "database.path", #""a=b""#),
        ("database.path=x\ny = 1", "database.path", #""x\ny = 1""#),
        ("feed.socket_mode=0600", "feed.socket_mode", #""0600""#),
        ("feed.socket_mode=600", "feed.socket_mode", #""0600""#),
        ("database.commit_interval=2", "database.commit_interval", #""2s""#),
        ("database.commit_interval=1s 500ms", "database.commit_interval", #""1s 500ms""#),
        ("feed.listen=/a", "feed.listen", #"["/a"]"#), (#"feed.listen=["/a", "/b"]"#, "feed.listen", #"["/a", "/b"]"#),
        ("feed.listen=[]", "feed.listen", "[]"),
    ]) func setTakesKeyAndValue(assignment: String, path: String, expected: String) throws {
        let configuration = try DaemonConfiguration(layers: [Self.commandLine(assignment)], paths: .system)
        #expect(ConfigurationKey.named(path)?.text(in: configuration) == expected)
    }

    @Test(arguments: [
        ("model.hidden", #"--set: expected KEY=VALUE, such as model.hidden=32, found "model.hidden""#),
        ("model.hiden=3", "--set: model.hiden: unknown key; did you mean model.hidden?"),
        ("hidden=3", "--set: hidden: unknown key; did you mean model.hidden?"),
        ("model.hidden=0", "--set: model.hidden: expected an integer from 1 to 1024, found 0 (an integer)"),
        ("model.hidden=", #"--set: model.hidden: expected an integer from 1 to 1024, found "" (a string)"#),
        ("model.hidden=x", #"--set: model.hidden: expected an integer from 1 to 1024, found "x" (a string)"#),
        (
            "model.hidden=3\nlayers=2",
            #"--set: model.hidden: expected an integer from 1 to 1024, found "3\nlayers=2" (a string)"#
        ),
        ("model.cell=grue", #"--set: model.cell: expected one of "rnn", "lstm", "gru", found "grue" (a string)"#),
        ("model.k1=64", "--set: model.k1: is 64, expected at most model.k2, which is 32"),
    ]) func setRefuses(assignment: String, expected: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try DaemonConfiguration(layers: [Self.commandLine(assignment)], paths: .system)
        }
        #expect(error?.description == expected)
    }

    @Test func flagsAreNamed() {
        var line = ConfigurationLayer()
        line.set("daemon.log_level", to: "loud", flag: "--log-level")
        line.set("feed.listen", to: ["/a", ""], flag: "--listen")
        #expect(
            line.problems.map(\.description) == [
                #"--log-level: daemon.log_level: expected one of "trace", "debug", "info", "notice", "warning", "#
                    + #""error", "critical", found "loud" (a string)"#,
                #"--listen: feed.listen: expected an array of paths of Unix sockets (each 1 to 107 bytes), with FORMAT: "#
                    + #"before those of another format, found ["/a", ""] (an array)"#,
            ])
    }

    /// Whoever made the two contradict each other is named.
    @Test func contradictionsAcrossLayersNameTheirSource() {
        let file = ConfigurationLayer(toml: "model.k2 = 4", source: "f")
        let error = #expect(throws: ConfigurationError.self) {
            try DaemonConfiguration(layers: [file, ConfigurationLayer()], paths: .system)
        }
        #expect(error?.problems.map(\.source) == ["f"])
        let both = ConfigurationLayer(toml: "model.k1 = 16\nmodel.k2 = 16", source: "f")
        let later = #expect(throws: ConfigurationError.self) {
            try DaemonConfiguration(layers: [both, Self.commandLine("model.k2=4")], paths: .system)
        }
        #expect(later?.problems.map(\.source) == ["--set"])
        #expect(throws: Never.self) {
            try DaemonConfiguration(layers: [file, Self.commandLine("model.k1=4")], paths: .system)
        }
    }

    @Test func readsFiles() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("anomalyd-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("anomalyd.toml").path
        try Data("model.hidden = 48\n".utf8).write(to: URL(fileURLWithPath: file))
        let configuration = try DaemonConfiguration(layers: [.file(file)], paths: .system)
        #expect(configuration.defaults.detector.model.hidden == 48)

        let missing = folder.path + "/none.toml"
        #expect(
            ConfigurationLayer.file(missing).problems.map(\.description) == [
                "\(missing): cannot read the configuration file: No such file or directory"
            ])
        #expect(ConfigurationLayer.file(missing, mayBeMissing: true).problems.isEmpty)
        #expect(
            ConfigurationLayer.file(folder.path, mayBeMissing: true).problems.map(\.description) == [
                "\(folder.path): cannot read the configuration file: Is a directory"
            ])
        #expect(
            ConfigurationLayer.file("/dev/zero").problems.map(\.description) == [
                "/dev/zero: is larger than 1048576 bytes, expected a TOML file of at most 1 MiB"
            ])
    }
}
