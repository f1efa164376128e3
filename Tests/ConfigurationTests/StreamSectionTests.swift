import AnomalyConfiguration
import AnomalyDetection
import Testing

@Suite struct StreamSectionTests {
    static func configuration(_ toml: String) throws -> DaemonConfiguration {
        try DaemonConfiguration(layers: [ConfigurationLayer(toml: toml, source: "f")], paths: .system)
    }

    @Test func theMostSpecificMatchWins() throws {
        let configuration = try Self.configuration(
            """
            [model]
            hidden = 8
            layers = 2
            [[stream]]
            match = "web.eu.*"
            model.hidden = 40
            [[stream]]
            match = "*"
            model.hidden = 24
            score.warmup = 500
            [[stream]]
            match = "web.*"
            storage.checkpoint_interval = "5min"
            [stream.model]
            hidden = 32
            learning_rate = 0.1
            """)
        // Hidden units, layers, learning rate, warm-up, checkpoint interval in minutes.
        let expected: [(String, [Double])] = [
            ("db", [24, 2, 0.006, 500, 1]),
            ("web.us.1", [32, 2, 0.1, 500, 5]),
            ("web.eu.1", [40, 2, 0.1, 500, 5]),
        ]
        for (name, values) in expected {
            let settings = configuration.settings(forStream: name)
            let model = settings.detector.model
            #expect(
                [
                    Double(model.hidden), Double(model.layers), model.learningRate,
                    Double(settings.detector.score.warmup), Double(settings.storage.checkpointInterval) / 60e6,
                ] == values, "\(name)")
        }
        #expect(configuration.streams.map(\.match.pattern) == ["*", "web.*", "web.eu.*"])
        #expect(
            configuration.streams[1].keys == ["model.hidden", "model.learning_rate", "storage.checkpoint_interval"])
    }

    /// Who says that streams share a network says which.
    @Test func groups() throws {
        let configuration = try Self.configuration(
            """
            [[stream]]
            match = "web.*"
            model.sharing = "group"
            [[stream]]
            match = "web.eu.*"
            model.hidden = 32
            [[stream]]
            match = "web.us.*"
            model.sharing = "group"
            [[stream]]
            match = "web.us.own"
            model.sharing = "per-stream"
            """)
        let expected = [
            ("db", WeightSharing.perStream, "*"), ("web.1", .group, "web.*"), ("web.eu.1", .group, "web.*"),
            ("web.us.1", .group, "web.us.*"), ("web.us.own", .perStream, "web.us.own"),
        ]
        for (name, sharing, group) in expected {
            let model = configuration.settings(forStream: name).detector.model
            #expect(model.sharing == sharing && model.group == group, "\(name)")
        }
        let all = try Self.configuration("model.sharing = 'group'").settings(forStream: "db").detector.model
        #expect(all.sharing == .group && all.group == "*")
    }

    /// A section of `[feed]`'s own keys may be set per stream, the others may not.
    @Test func lateness() throws {
        let configuration = try Self.configuration(
            """
            [feed]
            late = "keep"
            reorder_window = "1h"
            [[stream]]
            match = "web.*"
            [stream.feed]
            late = "reorder"
            reorder_points = 7
            """)
        #expect(configuration.defaults.feed.late == .keep)
        let web = configuration.settings(forStream: "web.1").feed
        #expect(web.late == .reorder && web.reorderWindow == 3_600_000_000 && web.reorderPoints == 7)
        #expect(configuration.settings(forStream: "db") == configuration.defaults)
    }

    @Test func amongEqualsTheLaterOneWins() throws {
        let toml = { (first: String, second: String) in
            "[[stream]]\nmatch = '\(first)'\nmodel.hidden = 1\n[[stream]]\nmatch = '\(second)'\nmodel.hidden = 2"
        }
        for (first, second) in [("a*", "*b"), ("*b", "a*"), ("a*", "a*"), ("a?", "a[b]")] {
            let configuration = try Self.configuration(toml(first, second))
            #expect(configuration.settings(forStream: "ab").detector.model.hidden == 2)
        }
        // Wildcards do not count, however many.
        let configuration = try Self.configuration(toml("ab", "a[bc]*?*"))
        #expect(configuration.settings(forStream: "ab").detector.model.hidden == 1)
    }

    @Test func aLaterLayersSectionWinsAmongEquals() throws {
        let first = ConfigurationLayer(toml: "[[stream]]\nmatch='a'\nmodel.hidden=1\nmodel.layers=2", source: "1")
        let second = ConfigurationLayer(toml: "[[stream]]\nmatch='a'\nmodel.hidden=3", source: "2")
        let configuration = try DaemonConfiguration(layers: [first, second], paths: .system)
        let model = configuration.settings(forStream: "a").detector.model
        #expect(model.hidden == 3)
        #expect(model.layers == 2)
    }

    /// Each section is right by itself, so the file is accepted; only some streams combine them badly.
    @Test func combinationsThatContradictAreSettled() throws {
        let configuration = try Self.configuration(
            """
            [[stream]]
            match = "a*"
            model.k1 = 32
            [[stream]]
            match = "*bb"
            model.k2 = 16
            """)
        let model = configuration.settings(forStream: "abb").detector.model
        #expect(model.k1 == 16)
        #expect(model.k2 == 16)
        #expect(configuration.settings(forStream: "a").detector.model.k1 == 32)
    }

    @Test func aSectionMayRelyOnAMoreGeneralOne() throws {
        let configuration = try Self.configuration(
            "[[stream]]\nmatch='*'\nmodel.k2 = 512\n[[stream]]\nmatch = 'a*'\nmodel.k1 = 256")
        #expect(configuration.settings(forStream: "ax").detector.model.k1 == 256)
    }
}
