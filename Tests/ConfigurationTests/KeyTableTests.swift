import AnomalyConfiguration
import AnomalyDetection
import Testing

@Suite struct KeyTableTests {
    /// A value that is neither the default nor out of range, by key.
    static let others = [
        "feed.listen": #"["/a", "/b"]"#, "feed.format": #""plain""#,
        "feed.time_unit": #""ms""#, "feed.fields": #""channels""#, "feed.statsd_interval": #""1min""#,
        "feed.max_line": "4096",
        "feed.max_connections": "7", "feed.max_streams_per_client": "8", "feed.new_streams_per_second": "9",
        "feed.new_streams_burst": "10", "feed.allow_users": #"["root", "4711"]"#, "feed.allow_groups": #"["root"]"#,
        "control.socket_mode": #""0666""#, "control.allow_users": #"["4711"]"#,
        "control.allow_groups": #"["4711", "root"]"#, "control.max_connections": "2", "control.max_request": "5000",
        "control.timeout": #""2s""#, "daemon.max_streams": "11", "feed.socket_mode": #""0600""#,
        "feed.max_future": #""1h 30min""#, "feed.late": #""reorder""#, "feed.reorder_window": #""1min""#,
        "feed.reorder_points": "50", "control.socket": #""/tmp/c.sock""#,
        "http.listen": #"["127.0.0.1:9477", "[::1]:9477", "unix:/tmp/h.sock"]"#, "http.page": "false",
        "http.allow_remote": "true",
        "http.socket_mode": #""0600""#, "http.token_file": #""/etc/token""#, "http.hosts": #"["monitor.example"]"#,
        "database.path": #""/tmp/x.db""#, "database.synchronous": #""normal""#, "database.commit_interval": #""50ms""#,
        "database.commit_points": "10", "database.on_damage": #""stop""#,
        "retention.raw": #""4w 2d""#, "retention.rollup_5m": #""1h""#, "retention.rollup_1h": #""10w""#,
        "retention.anomalies": #""1d""#, "retention.max_size": #""20G""#, "daemon.shards": "3",
        "daemon.sleep_after": #""10min""#, "daemon.memory_limit": "1000000",
        "daemon.log_level": #""debug""#, "alerts.journal": "false", "alerts.socket": #""/tmp/a.sock""#,
        "alerts.socket_mode": #""0666""#, "alerts.max_followers": "7", "alerts.group_by": #""tag:host""#,
        "alerts.group_wait": #""1s""#, "alerts.group_interval": #""5min""#, "alerts.repeat_interval": #""1h""#,
        "alerts.max_alerts": "5", "alerts.worsen_factor": "3.0", "alerts.warning_score": "0.35",
        "alerts.critical_score": "0.7", "alerts.queue": "100", "alerts.link": #""https://x/{id}""#,
        "model.cell": #""lstm""#,
        "model.hidden": "32", "model.layers": "2", "model.k1": "4", "model.k2": "64", "model.learning_rate": "0.01",
        "model.optimiser": #""sgd""#, "model.attention": "8",
        "model.attention_scale": #""none""#, "model.loss": #""mse""#, "model.clip": "0.5", "model.clip_by": #""value""#,
        "model.initialisation": #""orthogonal""#, "model.forget_bias": "0.5", "model.initial": #""/tmp/m.safetensors""#,
        "model.target": #""value""#, "model.range_half_life": "0",
        "model.time_zone": #""Europe/Berlin""#, "model.input_calendar": "true", "model.input_elapsed": "true",
        "model.input_season": "true", "model.input_missing": "true", "model.scaling": #""minmax""#, "model.replay": "0",
        "score.false_alarms_per_week": "2.5",
        "model.hold": "7", "score.flat_line": "false", "score.gap": "false", "score.variance": "false",
        "score.drift": "false", "score.direction": #""above""#, "score.expected_range": "[-0.5, 100.0]",
        "score.min_deviation": "0.25", "score.min_relative_deviation": "0.01",
        "model.seed": "9223372036854775807", "model.learning": "false", "model.sharing": #""group""#,
        "score.false_alarm_probability": "1e-06",
        "score.warmup": "16", "score.window": "64", "score.rest": "0", "score.residual": "false",
        "score.season": "false", "score.range": "false", "score.band": "0.99",
        "score.quiet_points": "7", "storage.checkpoint_interval": #""2min 30s""#,
    ]

    @Test func pathsAreUniqueAndTextsComplete() {
        #expect(Set(ConfigurationKey.all.map(\.path)).count == ConfigurationKey.all.count)
        for key in ConfigurationKey.all {
            #expect(key.path.split(separator: ".").count == 2)
            #expect(key.summary.hasSuffix("."), "\(key.path)")
            #expect(key.choosing.hasSuffix("."), "\(key.path)")
            #expect(!key.expectation.isEmpty)
        }
        #expect(Set(ConfigurationKey.all.map(\.path)) == Set(Self.others.keys))
    }

    /// A setting that is added to the detector cannot be forgotten here.
    @Test func everySettingHasItsKey() {
        let settings = StreamSettings()
        let expected =
            Self.names(of: settings.feed, in: "feed")
            + Self.names(of: settings.retention, in: "retention").map { $0.replacing("rollup", with: "rollup_") }
            // Which group is what the section that says so has as its pattern.
            + Self.names(of: settings.detector.model, in: "model").filter { $0 != "model.group" }
            + Self.names(of: settings.detector.score, in: "score")
            + Self.names(of: settings.storage, in: "storage")
        let keys = ConfigurationKey.all.filter(\.isPerStream)
        #expect(keys.map(\.path) == expected)
        let daemon = DaemonConfiguration(paths: .system)
        let rest =
            Self.names(of: daemon.feed, in: "feed") + Self.names(of: daemon.control, in: "control")
            + Self.names(of: daemon.http, in: "http")
            + Self.names(of: daemon.database, in: "database")
            + Self.names(of: daemon.retention, in: "retention") + Self.names(of: daemon.daemon, in: "daemon")
            + Self.names(of: daemon.alerts, in: "alerts")
        #expect(ConfigurationKey.all.filter { !$0.isPerStream }.map(\.path) == rest)
    }

    private static func names(of group: Any, in section: String) -> [String] {
        Mirror(reflecting: group).children.map { child in
            let name = (child.label ?? "").map { $0.isUppercase ? "_" + $0.lowercased() : String($0) }.joined()
            return "\(section).\(name)"
        }
    }

    @Test(arguments: ConfigurationKey.all.map(\.path)) func isWrittenAsItIsRead(path: String) throws {
        let key = try #require(ConfigurationKey.named(path))
        let other = try #require(Self.others[path])
        let defaults = DaemonConfiguration(paths: .system)
        let file = ConfigurationLayer(toml: "\(path) = \(other)", source: "f")
        let changed = try DaemonConfiguration(layers: [file], paths: .system)
        #expect(changed != defaults)
        #expect(key.text(in: changed) == other)
        for rest in ConfigurationKey.all where rest.path != path {
            #expect(rest.text(in: changed) == rest.text(in: defaults))
        }
        // The default is in range, and states itself.
        let same = ConfigurationLayer(toml: "\(path) = \(key.text(in: defaults))", source: "f")
        #expect(try DaemonConfiguration(layers: [same], paths: .system) == defaults)
        // The same by --set, and, if it can be, for a stream alone.
        var line = ConfigurationLayer()
        line.set("\(path)=\(other)")
        #expect(try DaemonConfiguration(layers: [line], paths: .system) == changed)
        let section = ConfigurationLayer(toml: "[[stream]]\nmatch = 'a'\n\(path) = \(other)", source: "f")
        #expect(section.problems.isEmpty == key.isPerStream)
        if key.isPerStream {
            let configuration = try DaemonConfiguration(layers: [section], paths: .system)
            var expected = changed.defaults
            if path == "model.sharing" { expected.detector.model.group = "a" }
            #expect(configuration.settings(forStream: "a") == expected)
            #expect(configuration.settings(forStream: "b") == defaults.defaults)
        }
    }

    @Test func theDefaultsAreThoseOfThePlan() {
        let configuration = DaemonConfiguration(paths: .system)
        #expect(configuration.feed.listen == ["/run/anomalyd/feed.sock"])
        #expect(configuration.feed.format == "auto")
        #expect(configuration.feed.maxLine == 65_536)
        #expect(configuration.feed.socketMode == 0o660)
        #expect(configuration.feed.maxConnections == 1024)
        #expect(configuration.feed.maxStreamsPerClient == 10_000)
        #expect(configuration.feed.newStreamsPerSecond == 100)
        #expect(configuration.feed.newStreamsBurst == 10_000)
        #expect(configuration.daemon.maxStreams == 50_000)
        #expect(configuration.feed.allowUsers.isEmpty && configuration.feed.allowGroups.isEmpty)
        #expect(configuration.control.allowUsers.isEmpty && configuration.control.allowGroups.isEmpty)
        #expect(configuration.control.socketMode == 0o660)
        #expect(configuration.control.maxConnections == 32)
        #expect(configuration.control.maxRequest == 8_388_608)
        #expect(configuration.control.timeout == 30_000_000)
        #expect(configuration.feed.maxFuture == 86_400_000_000)
        #expect(configuration.control.socket == "/run/anomalyd/control.sock")
        #expect(configuration.database.path == "/var/lib/anomalyd/anomaly.db")
        #expect(configuration.database.synchronous == .full)
        #expect(configuration.database.commitInterval == 1_000_000)
        #expect(configuration.database.commitPoints == 20_000)
        #expect(configuration.database.onDamage == .setAside)
        #expect(configuration.daemon.shards == 0)
        #expect(configuration.daemon.logLevel == .info)
        #expect(configuration.alerts.journal && configuration.alerts.socket == "/run/anomalyd/alerts.sock")
        #expect(configuration.alerts.groupBy == .all && configuration.alerts.groupWait == 10_000_000)
        #expect(configuration.alerts.groupInterval == 60_000_000)
        #expect(configuration.alerts.repeatInterval == 14_400_000_000)
        #expect(configuration.sinks.isEmpty && configuration.mutes.isEmpty)
        #expect(configuration.defaults.detector == DetectorSettings())
        #expect(configuration.defaults.storage.checkpointInterval == 60_000_000)
        #expect(configuration.defaults.feed.late == .drop)
        #expect(configuration.defaults.feed.reorderWindow == 10_000_000)
        #expect(configuration.settings(forStream: "any") == StreamSettings())
    }
}
