import AnomalyConfiguration
import Testing

@Suite struct DefaultPathsTests {
    struct Case: Sendable {
        let environment: [String: String]
        let userID: UInt32
        /// Configuration, state and runtime folder.
        let expected: [String]

        init(_ environment: [String: String], _ userID: UInt32, _ expected: [String]) {
            self.environment = environment
            self.userID = userID
            self.expected = expected
        }
    }

    static let system = ["/etc/anomalyd", "/var/lib/anomalyd", "/run/anomalyd"]

    static let cases = [
        // root, whatever XDG says
        Case([:], 0, system),
        Case(["HOME": "/root", "XDG_STATE_HOME": "/x", "XDG_RUNTIME_DIR": "/y"], 0, system),
        // systemd
        Case(
            ["CONFIGURATION_DIRECTORY": "/etc/a", "STATE_DIRECTORY": "/var/lib/a", "RUNTIME_DIRECTORY": "/run/a"], 0,
            ["/etc/a", "/var/lib/a", "/run/a"]),
        Case(
            ["STATE_DIRECTORY": "/var/lib/a:/var/lib/b", "RUNTIME_DIRECTORY": "/run/a/"], 999,
            ["/etc/anomalyd", "/var/lib/a", "/run/a"]),
        Case(["STATE_DIRECTORY": "/var/lib/a"], 0, ["/etc/anomalyd", "/var/lib/a", "/run/anomalyd"]),
        Case(["STATE_DIRECTORY": "", "RUNTIME_DIRECTORY": "relative"], 0, system),
        // a person
        Case(
            ["HOME": "/home/eve", "XDG_RUNTIME_DIR": "/run/user/1000"], 1000,
            ["/home/eve/.config/anomalyd", "/home/eve/.local/state/anomalyd", "/run/user/1000/anomalyd"]),
        Case(
            ["HOME": "/home/eve"], 1000,
            [
                "/home/eve/.config/anomalyd", "/home/eve/.local/state/anomalyd", "/home/eve/.local/state/anomalyd/run",
            ]),
        Case(
            ["XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s", "XDG_RUNTIME_DIR": "/r", "HOME": "/home/eve"], 1000,
            ["/c/anomalyd", "/s/anomalyd", "/r/anomalyd"]),
        Case(
            ["XDG_CONFIG_HOME": "c", "XDG_STATE_HOME": "", "XDG_RUNTIME_DIR": "r", "HOME": "/home/eve/"], 1000,
            [
                "/home/eve/.config/anomalyd", "/home/eve/.local/state/anomalyd", "/home/eve/.local/state/anomalyd/run",
            ]),
        Case(
            ["HOME": "/home/eve", "XDG_RUNTIME_DIR": "/r", "STATE_DIRECTORY": "/var/lib/a"], 1000,
            ["/home/eve/.config/anomalyd", "/var/lib/a", "/r/anomalyd"]),
        // nobody's home
        Case([:], 1000, system),
    ]

    @Test(arguments: cases) func folders(_ example: Case) {
        let paths = DefaultPaths(environment: example.environment, userID: example.userID)
        #expect(
            [paths.configurationDirectory, paths.stateDirectory, paths.runtimeDirectory] == example.expected)
    }

    @Test func files() {
        let paths = DefaultPaths.system
        #expect(paths.configurationFile == "/etc/anomalyd/anomalyd.toml")
        #expect(paths.database == "/var/lib/anomalyd/anomaly.db")
        #expect(paths.feedSocket == "/run/anomalyd/feed.sock")
        #expect(paths.controlSocket == "/run/anomalyd/control.sock")
    }

    /// What the vendor and the administrator configure is the installed service, not what people run.
    @Test func theVendorConfiguresTheServiceAlone() {
        let vendor = ["/usr/lib/anomalyd", "/usr/local/lib/anomalyd"]
        #expect(DefaultPaths.system.vendorDirectories == vendor)
        func paths(_ environment: [String: String], _ userID: UInt32) -> [String] {
            DefaultPaths(environment: environment, userID: userID).configurationDirectories
        }
        #expect(paths([:], 0) == vendor + ["/etc/anomalyd"])
        #expect(
            paths(["CONFIGURATION_DIRECTORY": "/etc/anomalyd", "HOME": "/"], 999) == vendor + ["/etc/anomalyd"])
        #expect(paths(["CONFIGURATION_DIRECTORY": "/etc/other"], 0) == ["/etc/other"])
        #expect(paths(["HOME": "/home/eve"], 1000) == ["/home/eve/.config/anomalyd"])
    }

    @Test func instancesShareTheConfigurationAlone() throws {
        let web = try #require(InstanceName("web"))
        let paths = DefaultPaths(environment: [:], userID: 0, instance: web)
        #expect(paths == .service(web) && paths != .system)
        #expect(paths.configurationDirectory == "/etc/anomalyd")
        #expect(paths.configurationFile == "/etc/anomalyd/anomalyd@web.toml")
        #expect(paths.database == "/var/lib/anomalyd-instances/web/anomaly.db")
        #expect(paths.controlSocket == "/run/anomalyd-instances/web/control.sock")
        let systemd = DefaultPaths(
            environment: ["STATE_DIRECTORY": "/s", "RUNTIME_DIRECTORY": "/r"], userID: 0, instance: web)
        #expect(systemd.database == "/s/anomaly.db" && systemd.feedSocket == "/r/feed.sock")
        let person = ["HOME": "/home/eve", "XDG_RUNTIME_DIR": "/r"]
        let own = DefaultPaths(environment: person, userID: 1000, instance: web)
        #expect(own.database == "/home/eve/.local/state/anomalyd-instances/web/anomaly.db")
        let client = DefaultPaths.forClient(environment: person, userID: 1000, instance: web) {
            $0 == "/var/lib/anomalyd-instances/web"
        }
        #expect(client == .service(web))
    }

    @Test(
        arguments: [
            ([], "/s/anomalyd"), (["/var/lib/anomalyd"], "/var/lib/anomalyd"),
            (["/s/anomalyd/anomaly.db", "/var/lib/anomalyd"], "/s/anomalyd"),
            (["/r/anomalyd/control.sock", "/var/lib/anomalyd"], "/s/anomalyd"),
        ] as [([String], String)]) func clientsFindTheService(existing: [String], stateDirectory: String)
    {
        let environment = ["HOME": "/home/eve", "XDG_STATE_HOME": "/s", "XDG_RUNTIME_DIR": "/r"]
        let paths = DefaultPaths.forClient(environment: environment, userID: 1000) { existing.contains($0) }
        #expect(paths.stateDirectory == stateDirectory)
    }

    @Test func thisProcessHasPaths() {
        #expect(DefaultPaths.current().database.hasPrefix("/"))
        #expect(DefaultPaths.currentForClient().controlSocket.hasPrefix("/"))
    }
}
