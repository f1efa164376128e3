import AnomalyConfiguration
import AnomalyDetection
import Testing

/// `[alerts]`, `[[sink]]` and `[[mute]]`.
@Suite struct AlertSectionTests {
    private func configuration(_ toml: String...) throws -> DaemonConfiguration {
        let layers = toml.enumerated().map { ConfigurationLayer(toml: $0.element, source: "f\($0.offset + 1)") }
        return try DaemonConfiguration(layers: layers, paths: .system)
    }

    private func problems(_ toml: String) -> [String] {
        do {
            _ = try configuration(toml)
            return []
        } catch let error as ConfigurationError {
            return error.problems.map(\.description)
        } catch {
            return ["\(error)"]
        }
    }

    @Test func sinksAndWindowsAreRead() throws {
        let read = try configuration(
            """
            [alerts]
            group_by = "tag:host"
            repeat_interval = "2h"
            [[sink]]
            name = "pager"
            command = ["/bin/page", "-t", "web"]
            streams = ["web.*", "db.*"]
            min_severity = "critical"
            group_wait = 0
            timeout = "90s"
            [[sink]]
            name = "chat"
            url = "https://chat.example/x"
            bearer_token_file = "chat.token"
            resolved = false
            [[mute]]
            days = ["Sat", "Sun"]
            from = "22:30"
            to = "06:00"
            time_zone = "Europe/Berlin"
            streams = "backup.*"
            """)
        #expect(read.alerts.groupBy == .tag("host") && read.alerts.repeatInterval == 7_200_000_000)
        #expect(read.sinks.map(\.name) == ["pager", "chat"])
        #expect(read.sinks[0].command == ["/bin/page", "-t", "web"] && read.sinks[0].minSeverity == .critical)
        #expect(read.sinks[0].groupWait == 0 && read.sinks[0].groupInterval == nil)
        #expect(read.sinks[1].url == "https://chat.example/x" && !read.sinks[1].resolved)
        #expect(
            read.mutes.count == 1 && read.mutes[0].from == 22 * 60 + 30 && read.mutes[0].days == [.saturday, .sunday])
        // What is in force reads the same.
        let text = read.effectiveFile(paths: .system)
        #expect(text.contains("[[sink]]  # f1:4\nname = \"pager\"\ncommand = [\"/bin/page\", \"-t\", \"web\"]\n"))
        let again = try configuration(text)
        #expect(again == read)
        #expect(read.changes(to: again).isEmpty)
        #expect(read.changes(to: try configuration("")).map(\.key).suffix(2) == ["[[sink]]", "[[mute]]"])
    }

    @Test func aLaterFilesSinkReplacesTheOneOfItsName() throws {
        let first = "[[sink]]\nname = \"a\"\nurl = \"http://one\"\n[[sink]]\nname = \"b\"\nurl = \"http://b\""
        let read = try configuration(first, "[[sink]]\nname = \"a\"\nurl = \"http://two\"")
        #expect(read.sinks.map(\.url) == ["http://b", "http://two"])
        let sink = "[[sink]]\nname = \"a\"\nurl = \"http://x\"\n"
        #expect(problems(sink + sink) == ["f1:4: sink: name: names \"a\" twice, expected different names"])
    }

    @Test(arguments: [
        ("[[sink]]\nurl = \"http://x\"", "f1:1: sink 1: name: is missing, expected a name"),
        ("[[sink]]\nname = \"a\"", "f1:1: sink 1: command: expected command or url"),
        (
            "[[sink]]\nname = \"a\"\nurl = \"http://x\"\ncommand = [\"/x\"]",
            "f1:4: sink 1: command: expected either command or url, found both"
        ),
        ("[[sink]]\nname = \"a\"\ncommand = [\"/x\"]\nca_file = \"/y\"", "f1:4: sink 1: ca_file: needs url"),
        (
            "[[sink]]\nname = \"a\"\nurl = \"http://x\"\ntimout = 3",
            "f1:4: sink 1: timout: unknown key; did you mean timeout?"
        ),
        ("[[mute]]\nfrom = \"08:00\"\nto = \"08:00\"", "f1:3: mute 1: to: is the same as from"),
        (
            "[alerts]\nwarning_score = 0.7",
            "f1:2: alerts.critical_score: is 0.6, expected at least alerts.warning_score"
        ),
        ("[alerts]\nsocket = \"/run/anomalyd/control.sock\"", "f1:2: alerts.socket: is \"/run/anomalyd/control.sock\""),
        ("[sink]\nname = \"a\"", "f1:1: sink: expected sections, each written [[sink]] with two brackets"),
        ("[[sinks]]\nname = \"a\"", "f1:1: sinks: unknown key; did you mean [[sink]]?"),
    ]) func mistakesAreNamed(toml: String, expected: String) {
        let found = problems(toml)
        #expect(found.count == 1 && found[0].hasPrefix(expected), "\(found)")
    }

    @Test(arguments: [
        "name = \"journal\"", "name = \"a b\"", "command = []", "command = [\"ls\"]", "command = \"/bin/x\"",
        "url = \"ftp://x\"", "url = \"http://\"", "group_by = \"tag:\"", "group_by = \"prefix:0\"",
        "min_severity = \"bad\"", "max_alerts = 0", "streams = []", "streams = [\"[\"]",
    ]) func wrongValuesOfSinks(line: String) {
        let found = problems("[[sink]]\n\(line)")
        #expect(found.contains { $0.hasPrefix("f1:2: sink 1: ") && $0.contains("expected ") }, "\(found)")
    }

    @Test(arguments: [
        "days = [\"Monday\"]", "days = []", "from = \"24:01\"", "from = \"7:00\"", "from = 700",
        "time_zone = \"Mars/Olympus\"",
    ]) func wrongValuesOfWindows(line: String) {
        let found = problems("[[mute]]\n\(line)")
        #expect(found.contains { $0.hasPrefix("f1:2: mute 1: ") && $0.contains("expected ") }, "\(found)")
    }

    /// What a credential says is not shown.
    @Test func secretsAreNotShown() throws {
        let layer = ConfigurationLayer(
            toml: Array("[[sink]]\nname = \"a\"\nurl = \"https://secret.example/token\"".utf8), source: "cred",
            isSecret: true)
        let read = try DaemonConfiguration(layers: [layer], paths: .system)
        #expect(read.sinks.count == 1)
        let text = read.effectiveFile(paths: .system)
        #expect(
            !text.contains("secret.example")
                && text.contains("# A [[sink]] section of a credential is not shown: cred:1"))
    }

    // MARK: Windows

    private func window(
        _ days: Set<MuteWindow.Weekday>, _ from: Int, _ to: Int, _ zone: String = "UTC"
    ) throws -> MuteWindow {
        let names = days.map { "\"\($0.rawValue)\"" }.joined(separator: ",")
        func text(_ minutes: Int) -> String {
            let (hour, minute) = (minutes / 60, minutes % 60)
            return "\(hour < 10 ? "0" : "")\(hour):\(minute < 10 ? "0" : "")\(minute)"
        }
        return try configuration(
            "[[mute]]\ndays = [\(names)]\nfrom = \"\(text(from))\"\nto = \"\(text(to))\"\ntime_zone = \"\(zone)\""
        ).mutes[0]
    }

    /// Monday 2026-11-30 00:00:00 UTC.
    private static let monday: Int64 = 1_796_000_000_000_000 / 86_400_000_000 * 86_400_000_000
    private static let hour: Int64 = 3_600_000_000

    @Test func aDayHasItsHours() throws {
        let monday = Self.monday - Self.monday % (7 * 24 * Self.hour) + 4 * 24 * Self.hour
        let window = try window([.monday], 9 * 60, 17 * 60)
        #expect(!window.isActive(at: monday + 9 * Self.hour - 1))
        #expect(window.isActive(at: monday + 9 * Self.hour))
        #expect(window.isActive(at: monday + 17 * Self.hour - 1))
        #expect(!window.isActive(at: monday + 17 * Self.hour))
        #expect(!window.isActive(at: monday + 34 * Self.hour), "Tuesday")
        #expect(window.isActive(at: monday - 7 * 24 * Self.hour + 10 * Self.hour), "the Monday before")
        #expect(try self.window([.monday], 0, 1440).isActive(at: monday + 24 * Self.hour - 1))
    }

    @Test func aNightBelongsToItsEvening() throws {
        let monday = Self.monday - Self.monday % (7 * 24 * Self.hour) + 4 * 24 * Self.hour
        let window = try window([.monday], 22 * 60, 6 * 60)
        #expect(!window.isActive(at: monday + 5 * Self.hour), "that night began on Sunday")
        #expect(window.isActive(at: monday + 22 * Self.hour))
        #expect(window.isActive(at: monday + 29 * Self.hour))
        #expect(!window.isActive(at: monday + 30 * Self.hour))
        #expect(!window.isActive(at: monday + 46 * Self.hour))
    }

    @Test func clocksOfAZoneCount() throws {
        // 2026-07-01 and 2026-12-01, 06:30 UTC: 08:30 and 07:30 in Berlin.
        let (summer, winter): (Int64, Int64) = (1_782_887_400_000_000, 1_796_106_600_000_000)
        let window = try window(Set(MuteWindow.Weekday.allCases), 8 * 60, 9 * 60, "Europe/Berlin")
        #expect(window.isActive(at: summer) && !window.isActive(at: winter))
        #expect(window.isActive(at: winter + Self.hour))
        #expect(try self.window([.sunday], 0, 60, "local").timeZone.name == "local")
    }

    @Test(arguments: ["all", "stream", "prefix", "prefix:3", "tag:host"]) func groupingsAreWrittenAsRead(
        text: String
    ) throws {
        #expect(try #require(AlertGrouping(text)).text == text)
    }

    /// Documents name every key, with its default.
    @Test func sectionsAreDescribed() {
        let text = DaemonConfiguration.commentedDefaults()
        for section in SectionDescription.all {
            for key in section.keys {
                #expect(key.summary.hasSuffix(".") && key.choosing.hasSuffix("."), "\(key.name)")
                #expect(text.contains("# \(key.name): "), "\(key.name)")
            }
        }
    }
}
