import AnomalyConfiguration
import AnomalyDetection
import Foundation
import Testing

/// Which files a configuration is read from, and which of them wins.
@Suite final class ConfigurationFilesTests {
    let root: URL
    init() throws {
        root = FileManager.default.temporaryDirectory.appending(path: "layers-\(UUID().uuidString)")
        for folder in ["usr", "local", "etc"] {
            try FileManager.default.createDirectory(
                at: root.appending(path: folder), withIntermediateDirectories: true)
        }
    }
    deinit { try? FileManager.default.removeItem(at: root) }

    private func path(_ name: String) -> String { root.path + "/" + name }

    private func write(_ text: String, _ name: String) throws {
        let file = root.appending(path: name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    /// Folders in the place of /usr/lib, /usr/local/lib and /etc.
    private var paths: DefaultPaths {
        DefaultPaths(
            configurationDirectory: path("etc"), stateDirectory: "/s", runtimeDirectory: "/r",
            vendorDirectories: [path("usr"), path("local")])
    }

    private func files(
        instance: String? = nil, explicit: String? = nil, credentials: String? = nil
    ) throws
        -> ConfigurationFiles
    {
        var paths = paths
        if let instance {
            let environment = ["CONFIGURATION_DIRECTORY": path("etc")]
            paths = DefaultPaths(environment: environment, userID: 0, instance: InstanceName(instance))
            paths.vendorDirectories = [path("usr"), path("local")]
        }
        return ConfigurationFiles(paths: paths, explicit: explicit, credentials: credentials)
    }

    private func configuration(_ files: ConfigurationFiles) throws -> DaemonConfiguration {
        try DaemonConfiguration(layers: files.layers, paths: paths)
    }

    /// The paths in the listing, without the folder of the test.
    private func listed(_ files: ConfigurationFiles) -> [String] {
        files.listing.split(separator: "\n").filter { $0.hasPrefix("# /") }
            .map { String($0.dropFirst(2)).replacing(root.path + "/", with: "") }
    }

    @Test func noFileIsAllDefaults() throws {
        #expect(try configuration(files()) == DaemonConfiguration(paths: paths))
        #expect(try files().listing == "# No configuration file.\n")
    }

    @Test func foldersThenDropInsByName() throws {
        try write("model.hidden = 8\nmodel.layers = 2\nmodel.k1 = 1", "usr/anomalyd.toml")
        try write("model.hidden = 9\nmodel.layers = 3", "local/anomalyd.toml")
        try write("model.hidden = 10", "etc/anomalyd.toml")
        #expect(try configuration(files()).defaults.detector.model.hidden == 10)
        #expect(try configuration(files()).defaults.detector.model.layers == 3)
        #expect(try configuration(files()).defaults.detector.model.k1 == 1)
        // A vendor's drop-in is over the file in /etc, as in systemd; the names decide, not the folders.
        try write("model.hidden = 11\nmodel.layers = 5", "usr/anomalyd.toml.d/50-b.toml")
        try write("model.hidden = 12", "etc/anomalyd.toml.d/10-a.toml")
        let read = try files()
        #expect(try configuration(read).defaults.detector.model.hidden == 11)
        #expect(try configuration(read).defaults.detector.model.layers == 5)
        #expect(
            listed(read) == [
                "usr/anomalyd.toml", "local/anomalyd.toml", "etc/anomalyd.toml", "etc/anomalyd.toml.d/10-a.toml",
                "usr/anomalyd.toml.d/50-b.toml",
            ])
    }

    @Test(arguments: [false, true]) func aFileOfTheSameNameMasks(isLink: Bool) throws {
        try write("model.hidden = 11", "usr/anomalyd.toml.d/50-b.toml")
        try write("model.hidden = 12\nmodel.k1 = 2", "local/anomalyd.toml.d/50-b.toml")
        #expect(try configuration(files()).defaults.detector.model.hidden == 12)
        if isLink {
            try write("", "etc/anomalyd.toml.d/a")
            try FileManager.default.createSymbolicLink(
                atPath: path("etc/anomalyd.toml.d/50-b.toml"), withDestinationPath: "/dev/null")
        } else {
            try write("", "etc/anomalyd.toml.d/50-b.toml")
        }
        let read = try files()
        #expect(try configuration(read) == DaemonConfiguration(paths: paths))
        #expect(
            listed(read) == [
                "usr/anomalyd.toml.d/50-b.toml  (does not count: masked by the next one)",
                "local/anomalyd.toml.d/50-b.toml  (does not count: masked by the next one)",
                "etc/anomalyd.toml.d/50-b.toml",
            ])
    }

    @Test func namesAreSortedByBytes() throws {
        for (place, name) in ["b", "B", "10", "9", "ä", "_"].enumerated() {
            try write("model.hidden = \(place + 1)", "etc/anomalyd.toml.d/\(name).toml")
        }
        #expect(try listed(files()) == ["10", "9", "B", "_", "b", "ä"].map { "etc/anomalyd.toml.d/\($0).toml" })
        #expect(try configuration(files()).defaults.detector.model.hidden == 5)
    }

    @Test(arguments: ["x.toml~", ".x.toml", "x.toml.dpkg-old", "x.conf", "toml"]) func othersAreLeftAlone(
        name: String
    ) throws {
        try write("no TOML", "etc/anomalyd.toml.d/\(name)")
        #expect(try configuration(files()) == DaemonConfiguration(paths: paths))
    }

    /// Sections add up; where two have equally specific globs, that of the later file wins.
    @Test func sectionsOfLaterFilesWin() throws {
        try write(
            """
            [[stream]]
            match = "web.*"
            model.hidden = 8
            model.layers = 2
            [[stream]]
            match = "web.eu.*"
            model.hidden = 9
            """, "usr/anomalyd.toml")
        try write("[[stream]]\nmatch = \"web.*\"\nmodel.hidden = 10", "etc/anomalyd.toml.d/a.toml")
        try write("[[stream]]\nmatch = \"*\"\nmodel.k1 = 3\nmodel.hidden = 11", "etc/anomalyd.toml.d/b.toml")
        let read = try configuration(files())
        func model(_ stream: String) -> [Int] {
            let model = read.settings(forStream: stream).detector.model
            return [model.hidden, model.layers, model.k1]
        }
        #expect(model("web.us") == [10, 2, 3])
        #expect(model("web.eu.1") == [9, 2, 3], "a more specific glob counts for more than a later file")
        #expect(model("db") == [11, 1, 3])
    }

    @Test func problemsNameFileAndLine() throws {
        try write("[model]\nhidden = 8\n", "etc/anomalyd.toml")
        try write(
            "\n[model]\n\nhiden = 3\n[[stream]]\nmatch = \"a\"\n\n[stream.model]\nk1 = 0\n",
            "etc/anomalyd.toml.d/a.toml")
        try write("[model\n", "etc/anomalyd.toml.d/b.toml")
        try FileManager.default.createDirectory(
            atPath: path("etc/anomalyd.toml.d/c.toml"), withIntermediateDirectories: true)
        let file = try files()
        let error = #expect(throws: ConfigurationError.self) { try configuration(file) }
        let lines = (error?.description ?? "").split(separator: "\n")
            .map { $0.replacing(path("etc/anomalyd.toml.d/"), with: "") }
        #expect(lines.count == 4)
        #expect(lines.contains { $0 == "a.toml:4: model.hiden: unknown key; did you mean model.hidden?" })
        #expect(lines.contains { $0.hasPrefix("a.toml:9: stream 1 (match = \"a\"): model.k1: expected") })
        #expect(lines.contains { $0.hasPrefix("b.toml:1:") })
        #expect(lines.contains { $0 == "c.toml: cannot read the configuration file: Is a directory" })
    }

    @Test func contradictionsBetweenFilesNameTheLaterOne() throws {
        try write("[model]\nk1 = 16\nk2 = 16\n", "etc/anomalyd.toml")
        try write("[model]\n\nk2 = 4", "etc/anomalyd.toml.d/a.toml")
        let file = try files()
        let error = #expect(throws: ConfigurationError.self) { try configuration(file) }
        #expect(
            error?.description == path("etc/anomalyd.toml.d/a.toml")
                + ":3: model.k1: is 16, expected at most model.k2, which is 4")
    }

    @Test func aFileThatIsAskedForStandsAlone() throws {
        try write("model.hidden = 8", "etc/anomalyd.toml")
        try write("model.hidden = 9", "etc/anomalyd.toml.d/a.toml")
        try write("model.layers = 2", "mine.toml")
        try write("model.hidden = 10", "mine.toml.d/a.toml")
        try write("model.k1 = 5", "credentials/c.toml")
        let read = try files(explicit: path("mine.toml"), credentials: path("credentials"))
        let model = try configuration(read).defaults.detector.model
        #expect(model.hidden == 16 && model.layers == 2)
        #expect(model.k1 == 5, "but what the service manager hands over counts")
        #expect(try files(explicit: path("none.toml")).layers[0].problems.count == 1)
    }

    @Test func instancesHaveFilesOfTheirOwnOnTop() throws {
        try write("model.hidden = 8\nmodel.layers = 2", "usr/anomalyd.toml")
        try write("model.hidden = 9", "etc/anomalyd.toml.d/a.toml")
        try write("model.hidden = 10", "etc/anomalyd@web.toml")
        try write("model.k1 = 4", "usr/anomalyd@web.toml.d/a.toml")
        try write("model.hidden = 99", "etc/anomalyd@db.toml")
        let web = try files(instance: "web")
        let model = try configuration(web).defaults.detector.model
        #expect(model.hidden == 10 && model.layers == 2 && model.k1 == 4)
        #expect(
            listed(web) == [
                "usr/anomalyd.toml", "etc/anomalyd.toml.d/a.toml", "etc/anomalyd@web.toml",
                "usr/anomalyd@web.toml.d/a.toml",
            ])
        #expect(try configuration(files()).defaults.detector.model.hidden == 9)
        #expect(try configuration(files(instance: "other")).defaults.detector.model.hidden == 9)
    }

    @Test(arguments: [
        ("web", true), ("a-b_c.d:1", true), (#"a\x2db"#, true), (String(repeating: "x", count: 64), true), ("", false),
        (".", false), ("..", false), (".a", false), ("a/b", false), ("a b", false), ("é", false), ("a\n", false),
        (String(repeating: "x", count: 65), false),
    ]) func namesOfInstances(name: String, isTaken: Bool) {
        #expect((InstanceName(name) != nil) == isTaken)
    }

    // MARK: Credentials

    @Test func credentialsAreOnTopAndNeverShown() throws {
        try write("model.hidden = 8", "etc/anomalyd.toml.d/a.toml")
        try write("[model]\nhidden = 777\n[[stream]]\nmatch = \"secretive*\"\nmodel.k1 = 7", "credentials/b.toml")
        try write("no TOML, and not for us", "credentials/key.pem")
        let read = try files(credentials: path("credentials"))
        let configuration = try configuration(read)
        #expect(configuration.defaults.detector.model.hidden == 777)
        #expect(configuration.settings(forStream: "secretive.1").detector.model.k1 == 7)
        #expect(listed(read).last == "credentials/b.toml  (a credential: not shown)")
        let text = read.listing + configuration.effectiveFile(paths: paths)
        #expect(!text.contains("777") && !text.contains("secretive") && !text.contains("key.pem"))
        #expect(text.contains("# hidden is set by a credential and not shown: \(path("credentials/b.toml")):2\n"))
        #expect(text.contains("# A [[stream]] section of a credential is not shown: \(path("credentials/b.toml")):3\n"))
        #expect(ConfigurationLayer(toml: text, source: "printed").problems == [])
        let changes = DaemonConfiguration(paths: paths).changes(to: configuration)
        #expect(changes.map(\.key) == ["model.hidden", "[[stream]]"])
        #expect(changes.allSatisfy { $0.old.isEmpty && $0.new.isEmpty })
    }

    @Test(arguments: [
        "model.hidden = \"hunter2\"", "database.path = hunter2", "feed.listen = [\"hunter2\", \"hunter2\"]",
        "[[stream]]\nmatch = \"hunter2[\"", "[[stream]]\nmatch = \"hunter2\"\nmodel.k1 = 99",
        "feed.allow_users = [\"hunter2\"]", "control.socket = \"/hunter2\"\ndatabase.path = \"/hunter2\"",
        "stream = \"hunter2\"", "model = \"hunter2\"",
    ]) func problemsOfCredentialsShowNothing(toml: String) throws {
        try write(toml, "credentials/a.toml")
        let read = try files(credentials: path("credentials"))
        let error = #expect(throws: ConfigurationError.self) { try configuration(read) }
        let text = error?.description ?? ""
        #expect(text.hasPrefix(path("credentials/a.toml:")) && !text.contains("hunter2"), "\(text)")
    }

    // MARK: What is in force

    @Test func whatIsInForceSaysWhereItComesFrom() throws {
        try write("# many\n# words\n\n[model]\nhidden = 16\nk1 = 8\n", "etc/anomalyd.toml")
        try write("[[stream]]\nmatch = \"a\"\nmodel.k1 = 2", "etc/anomalyd.toml.d/a.toml")
        let read = try files()
        var line = ConfigurationLayer()
        line.set("model.layers=2")
        let configuration = try DaemonConfiguration(layers: read.layers + [line], paths: paths)
        let text = read.listing + configuration.effectiveFile(paths: paths)
        let file = path("etc/anomalyd.toml")
        #expect(text.hasPrefix("# \(file)\n#     [model]\n#     hidden = 16\n#     k1 = 8\n# \(file).d/a.toml\n"))
        #expect(text.contains("\nhidden = 16  # \(file):5\n"))
        #expect(text.contains("\nk1 = 8  # \(file):6; default: 16\n"))
        #expect(text.contains("\nlayers = 2  # --set; default: 1\n"))
        #expect(text.contains("\n[[stream]]  # \(file).d/a.toml:1\nmatch = \"a\"\nmodel.k1 = 2\n"))
        #expect(text.contains("\nk2 = 32\n"))
        let again = ConfigurationLayer(toml: text, source: "printed")
        #expect(try DaemonConfiguration(layers: [again], paths: paths) == configuration)
    }

    /// A comment ends with its line: a path or a value with a line break must not begin a setting.
    @Test func nothingBreaksOutOfAComment() throws {
        try write("model.cell = '''gru'''\nmodel.hidden = 8\u{2028}", "etc/anomalyd.toml.d/a\nhidden = 3.toml")
        try write("database.path = \"\"\"\n[model]\nhidden = 4\"\"\"\r\nmodel.k1 = 5\r\n", "etc/anomalyd.toml.d/b.toml")
        let read = try files()
        _ = try? configuration(read)
        #expect(ConfigurationLayer(toml: read.listing, source: "printed").problems == [])
        #expect(read.listing.split(whereSeparator: \.isNewline).allSatisfy { $0.hasPrefix("#") })
    }

    // MARK: Clients

    @Test func clientsFindWhatTheDaemonUses() throws {
        try write("control.socket = '/c'\ndatabase.path = '/a'", "usr/anomalyd.toml")
        try write("database.path = '/b'\nmodel.hiden = 3", "etc/anomalyd.toml")
        try write("no TOML", "etc/anomalyd.toml.d/a.toml")
        let places = try ClientPlaces(layers: files().layers, paths: paths)
        #expect(places.database == "/b" && places.controlSocket == "/c")
        let usual = ClientPlaces(layers: [], paths: paths)
        #expect(usual.database == "/s/anomaly.db" && usual.controlSocket == "/r/control.sock")
    }
}
