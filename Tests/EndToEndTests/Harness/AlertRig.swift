import Foundation

/// A daemon that tells a hook of anomalies, and the files that the hook writes.
///
/// Whatever lies outside of -10 to 10 is an anomaly, which is over after one point within.
struct AlertRig {
    let folder: TemporaryFolder

    init(_ folder: TemporaryFolder) throws {
        self.folder = folder
        try FileManager.default.createDirectory(atPath: folder("told"), withIntermediateDirectories: true)
    }

    static let scores =
        "[score]\nexpected_range = [-10, 10]\nquiet_points = 1\n[database]\ncommit_interval = \"50ms\"\n"

    /// Writes an executable script.
    @discardableResult
    func script(_ body: String, to name: String = "hook") throws -> String {
        try folder.write("#!/bin/sh\n\(body)\n", to: name)
        chmod(folder(name), 0o755)
        return folder(name)
    }

    /// Each notification is a file, written under another name first; in the order of their names.
    func tellingHook(_ more: String = "") throws -> String {
        try script(
            """
            dir=\(folder("told"))
            \(more)
            cat >"$dir/part.$$" && mv "$dir/part.$$" "$dir/$(date +%s%N).json"
            """)
    }

    func configure(_ toml: String) throws { try folder.write(Self.scores + toml, to: "anomalyd.toml") }

    func start(_ settings: [String] = []) throws -> DaemonProcess {
        try DaemonProcess.start(in: folder, settings: settings)
    }

    /// What the hook was told, in that order.
    func told() throws -> [Told] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder("told"))
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try names.filter { $0.hasSuffix(".json") }.sorted().map { name in
            try decoder.decode(Told.self, from: Data(contents(of: folder("told/\(name)")).utf8))
        }
    }

    /// Waits until the hook has been told so.
    func waitUntilTold(_ what: String, by daemon: DaemonProcess, _ isSo: ([Told]) throws -> Bool) throws {
        try eventually("the hook is told \(what); told: \((try? told().events) ?? []); log:\n\(daemon.process.errors)")
        {
            try isSo(told())
        }
    }

    /// A notification, of which the tests look at this.
    struct Told: Decodable {
        var version: Int
        var sink: String
        var status: String
        var repetition: Bool
        var test: Bool
        var group: String
        var firing: Int
        var resolved: Int
        var unnamed: Int
        var summary: String
        var alerts: [Alert]

        struct Alert: Decodable {
            var event: String
            var status: String
            var id: Int?
            var stream: String
            var tags: [String: String]
            var kind: String?
            var severity: String
            var score: Double
            var start: String
            var end: String?
            var reason: String?
            var value: Double?
            var expected: Double?
            var fingerprint: String
            var link: String?
            var acknowledged: Acknowledgement?
        }

        struct Acknowledgement: Decodable {
            var message: String
        }
    }
}

extension [AlertRig.Told] {
    /// Such as "opened web, resolved web".
    var events: [String] { flatMap { $0.alerts.filter { $0.event != "ongoing" }.map { "\($0.event) \($0.stream)" } } }
}
