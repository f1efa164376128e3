import AnomalyConfiguration
import Testing

/// What is wrong with a file is said in full: file, key, found, expected.
@Suite struct ConfigurationCheckTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let toml: String
        let expected: [String]

        init(_ toml: String, _ expected: String...) {
            self.toml = toml
            self.expected = expected
        }

        var testDescription: String { toml }
    }

    static let wrongValues = [
        Case(
            "feed.allow_users = ['root', -1]",
            "f:1: feed.allow_users: expected an array of users, each by its name or number, "
                + #"found ["root", -1] (an array)"#),
        Case(
            "control.allow_groups = 4294967295",
            "f:1: control.allow_groups: expected an array of groups, each by its name or number, "
                + "found 4294967295 (an integer)"),
        Case(
            "feed.allow_users = ''",
            #"f:1: feed.allow_users: expected an array of users, each by its name or number, found "" (a string)"#),
        Case("model.hidden = \"x\"", "f:1: model.hidden: expected an integer from 1 to 1024, found \"x\" (a string)"),
        Case("model.hidden = 0", "f:1: model.hidden: expected an integer from 1 to 1024, found 0 (an integer)"),
        Case("model.hidden = 1025", "f:1: model.hidden: expected an integer from 1 to 1024, found 1025 (an integer)"),
        Case(
            "model.hidden = 8.0", "f:1: model.hidden: expected an integer from 1 to 1024, found 8.0 (a decimal number)"),
        Case("model.hidden = [8]", "f:1: model.hidden: expected an integer from 1 to 1024, found [8] (an array)"),
        Case(
            "model.hidden.x = 8", "f:1: model.hidden: expected an integer from 1 to 1024, found { x = 8 } (a table)"),
        Case(
            "model.hidden = 2026-11-24",
            "f:1: model.hidden: expected an integer from 1 to 1024, found 2026-11-24 (a date or time)"),
        Case(
            "model.learning_rate = 0",
            "f:1: model.learning_rate: expected a number above 0 and at most 1, found 0 (an integer)"),
        Case(
            "model.learning_rate = nan",
            "f:1: model.learning_rate: expected a number above 0 and at most 1, found nan (a decimal number)"),
        Case("model.clip = -inf", "f:1: model.clip: expected a number from 0 to 1000, found -inf (a decimal number)"),
        Case(
            "score.expected_range = [5, 1]",
            "f:1: score.expected_range: expected an array of two numbers, the lower one first, or [] for none, "
                + "found [5, 1] (an array)"),
        Case(
            "score.expected_range = [0, 1, 2]",
            "f:1: score.expected_range: expected an array of two numbers, the lower one first, or [] for none, "
                + "found [0, 1, 2] (an array)"),
        Case(
            "score.direction = \"up\"",
            "f:1: score.direction: expected one of \"both\", \"above\", \"below\", found \"up\" (a string)"),
        Case("score.band = 1", "f:1: score.band: expected a number from 0.5 to 0.999, found 1 (an integer)"),
        Case(
            "model.cell = \"grue\"",
            #"f:1: model.cell: expected one of "rnn", "lstm", "gru", found "grue" (a string)"#),
        Case("model.learning = 1", "f:1: model.learning: expected true or false, found 1 (an integer)"),
        Case(
            "model.seed = -1",
            "f:1: model.seed: expected an integer from 0 to 9223372036854775807, found -1 (an integer)"),
        Case(
            "feed.format = \"xml\"",
            #"f:1: feed.format: expected one of "auto", "plain", "graphite", "csv", "influx", "json", "#
                + #""statsd", "collectd", "prometheus", "openmetrics", found "xml" (a string)"#),
        Case(
            "feed.listen = 'xml:/a'",
            #"f:1: feed.listen: expected an array of paths of Unix sockets (each 1 to 107 bytes), with FORMAT: before "#
                + #"those of another format, found "xml:/a" (a string)"#),
        Case(
            "feed.listen = ['/a', 'influx:/a']", #"f:1: feed.listen: names "/a" twice, expected different sockets"#),
        Case(
            "feed.socket_mode = 660",
            #"f:1: feed.socket_mode: expected file permissions in octal, from "0000" to "0777", found 660 (an integer)"#
        ),
        Case(
            "feed.socket_mode = '0888'",
            #"f:1: feed.socket_mode: expected file permissions in octal, from "0000" to "0777", found "0888" (a string)"#
        ),
        Case(
            "feed.listen = ['/a', 1]",
            #"f:1: feed.listen: expected an array of paths of Unix sockets (each 1 to 107 bytes), with FORMAT: before "#
                + #"those of another format, found ["/a", 1] (an array)"#),
        Case(
            "database.path = ''",
            #"f:1: database.path: expected a path (a string that is not empty), found "" (a string)"#),
        Case(
            "database.commit_interval = '2h'",
            #"f:1: database.commit_interval: expected a duration from "1ms" to "1min" (or a number of seconds), "#
                + #"found "2h" (a string)"#),
        Case(
            "database.commit_interval = -1",
            #"f:1: database.commit_interval: expected a duration from "1ms" to "1min" (or a number of seconds), "#
                + "found -1 (an integer)"),
        Case("model = 3", "f:1: model: expected a section, written [model], found 3 (an integer)"),
        Case(
            "[[model]]\nhidden = 3",
            "f:1: model: expected a section, written [model], found [{ hidden = 3 }] (an array)"),
        Case(
            "[stream]\nmatch = 'a'",
            "f:1: stream: expected sections, each written [[stream]] with two brackets, "
                + #"found { match = "a" } (a table)"#),
        Case("stream = [1]", "f:1: stream 1: expected a section, written [[stream]], found 1 (an integer)"),
    ]

    static let unknownKeys = [
        Case("model.hiden = 8", "f:1: model.hiden: unknown key; did you mean model.hidden?"),
        Case("[model]\nHidden = 8", "f:2: model.Hidden: unknown key; did you mean model.hidden?"),
        Case("[model]\nlearning-rate = 1", "f:2: model.learning-rate: unknown key; did you mean model.learning_rate?"),
        Case("[model]\nlearningRate = 1", "f:2: model.learningRate: unknown key; did you mean model.learning_rate?"),
        Case("[feed]\nlsiten = []", "f:2: feed.lsiten: unknown key; did you mean feed.listen?"),
        Case("hidden = 8", "f:1: hidden: unknown key; did you mean model.hidden?"),
        Case("[feed]\nwindow = 8", "f:2: feed.window: unknown key; did you mean score.window?"),
        Case("[modle]\nhidden = 8", "f:1: modle: unknown key; did you mean [model]?"),
        Case("[[streams]]\nmatch = 'x'", "f:1: streams: unknown key; did you mean [[stream]]?"),
        Case("\"mo del\".x = 8", "f:1: \"mo del\": unknown key; did you mean [model]?"),
        Case(
            "model.\"a\\tb\" = 8",
            #"f:1: model."a\tb": unknown key; known here: model.cell, model.hidden, "#
                + "model.layers, model.attention, model.attention_scale, model.k1, model.k2, model.learning_rate, "
                + "model.optimiser, model.loss, model.clip, model.clip_by, model.initialisation, model.forget_bias, "
                + "model.initial, model.target, model.time_zone, model.input_calendar, model.input_elapsed, "
                + "model.input_season, model.input_missing, model.scaling, model.range_half_life, model.replay, "
                + "model.hold, model.seed, "
                + "model.learning, model.sharing"
        ),
        Case(
            "[daemon]\ncolour = 1",
            "f:2: daemon.colour: unknown key; known here: daemon.shards, daemon.max_streams, daemon.sleep_after, "
                + "daemon.memory_limit, daemon.log_level"),
        Case(
            "xyz = 1\n[foo.bar]",
            "f:2: foo: unknown key; known here: [feed], [control], [http], [database], [retention], [daemon], [alerts], [model], [score], [storage], "
                + "[[stream]], [[sink]], [[mute]]",
            "f:1: xyz: unknown key; known here: [feed], [control], [http], [database], [retention], [daemon], [alerts], [model], [score], [storage], "
                + "[[stream]], [[sink]], [[mute]]"),
    ]

    static let conflicts = [
        Case(
            "feed.allow_users = ['root', 'no such user']",
            #"f:1: feed.allow_users: names "no such user", which is no user of this machine, expected one that "#
                + #""getent passwd" lists, or a number"#),
        Case(
            "feed.allow_groups = 'nosuchgroup'\ncontrol.allow_users = 'nosuchuser'\ncontrol.allow_groups = ['-1']",
            #"f:1: feed.allow_groups: names "nosuchgroup", which is no group of this machine, expected one that "#
                + #""getent group" lists, or a number"#,
            #"f:2: control.allow_users: names "nosuchuser", which is no user of this machine, expected one that "#
                + #""getent passwd" lists, or a number"#,
            #"f:3: control.allow_groups: names "-1", which is no group of this machine, expected one that "#
                + #""getent group" lists, or a number"#),
        Case("model.k1 = 64", "f:1: model.k1: is 64, expected at most model.k2, which is 32"),
        Case(
            "model.sharing = 'group'\nmodel.input_season = true",
            "f:1: model.input_season: is true, expected false where model.sharing is \"group\": earlier values are not kept there"
        ),
        Case("model.k2 = 4", "f:1: model.k1: is 16, expected at most model.k2, which is 4"),
        Case(
            "feed.listen = ['/a', '/b', '/a']", #"f:1: feed.listen: names "/a" twice, expected different sockets"#),
        Case(
            "feed.listen = '/a'\ncontrol.socket = '/a'",
            #"f:1: feed.listen: contains "/a", which is control.socket, expected different sockets"#),
        Case(
            "database.path = '/run/anomalyd/control.sock'",
            #"f:1: database.path: is "/run/anomalyd/control.sock", which is a socket, expected a file"#),
        Case(
            "[[stream]]\nmatch = 'a*'\nmodel.k2 = 4",
            #"f:1: stream 1 (match = "a*"): model.k1: is 16, expected at most model.k2, which is 4"#),
        Case(
            "model.k2 = 100\n[[stream]]\nmatch = 'a*'\nmodel.k1 = 50\n[[stream]]\nmatch = 'a?'\nmodel.k1 = 200",
            #"f:5: stream 2 (match = "a?"): model.k1: is 200, expected at most model.k2, which is 100"#),
        Case(
            "model.k1 = 50\nfeed.listen = ['/a', '/a']",
            #"f:2: feed.listen: names "/a" twice, expected different sockets"#,
            "f:1: model.k1: is 50, expected at most model.k2, which is 32"),
    ]

    static let sections = [
        Case(
            "[[stream]]\nmodel.hidden = 3",
            #"f:1: stream 1: match: expected a glob for the names of streams, such as "web.*", found nothing"#),
        Case(
            "[[stream]]\nmatch = ''",
            #"f:2: stream 1: match: expected a glob for the names of streams, such as "web.*", found "" (a string)"#),
        Case(
            "[[stream]]\nmatch = 3",
            #"f:2: stream 1: match: expected a glob for the names of streams, such as "web.*", found 3 (an integer)"#),
        Case(
            "[[stream]]\nmatch = 'a'\n[[stream]]\nmatch = 'a[b'",
            #"f:4: stream 2: match: expected a glob for the names of streams, such as "web.*", found "a[b" (a string), "#
                + #"where the set that begins with the "[" at character 2 has no "]""#),
        Case(
            "[[stream]]\nmatch = 'a'\nmodel.hiden = 3",
            #"f:3: stream 1 (match = "a"): model.hiden: unknown key; did you mean model.hidden?"#),
        Case(
            "[[stream]]\nmatch = 'a'\nhidden = 3",
            #"f:3: stream 1 (match = "a"): hidden: unknown key; did you mean model.hidden?"#),
        Case(
            "[[stream]]\nmatch = 'a'\n[stream.model]\nhidden = 0",
            #"f:4: stream 1 (match = "a"): model.hidden: expected an integer from 1 to 1024, found 0 (an integer)"#),
        Case(
            "[[stream]]\nmatch = 'a'\nmodel = 0",
            #"f:3: stream 1 (match = "a"): model: expected keys, such as model.KEY = VALUE, found 0 (an integer)"#),
        Case(
            "[[stream]]\nmatch = 'a'\nfeed.format = 'plain'",
            #"f:3: stream 1 (match = "a"): feed.format: holds for the daemon as a whole, expected outside of [[stream]]"#
        ),
    ]

    @Test(arguments: wrongValues + unknownKeys + conflicts + sections) func tells(_ example: Case) {
        let layer = ConfigurationLayer(toml: example.toml, source: "f")
        let error = #expect(throws: ConfigurationError.self) {
            try DaemonConfiguration(layers: [layer], paths: .system)
        }
        #expect(error?.problems.map(\.description) == example.expected)
    }

    @Test func tellsAllAtOnce() {
        let layer = ConfigurationLayer(
            toml: """
                [model]
                hidden = "many"
                hiden = 3
                [feed]
                format = 1
                [nothing]
                [[stream]]
                match = "["
                model.layers = 9
                """, source: "f")
        var line = ConfigurationLayer()
        line.set("model.k1=0")
        let error = #expect(throws: ConfigurationError.self) {
            try DaemonConfiguration(layers: [layer, line], paths: .system)
        }
        #expect(
            error?.problems.map(\.key) == [
                "feed.format", "model.hidden", "model.hiden", "nothing", "stream 1: match", "stream 1: model.layers",
                "model.k1",
            ])
        #expect(error?.description.split(separator: "\n").count == 7)
    }

    @Test func longValuesAreCut() throws {
        let layer = ConfigurationLayer(toml: "model.cell = '\(String(repeating: "x", count: 500))'", source: "f")
        #expect(try #require(layer.problems.first).description.count < 140)
    }

    @Test(arguments: [
        ("a = = 1", 1, 5), ("\n\n[model\nhidden = 1", 3, 7), ("[model]\nhidden = 1\nhidden = 2", 3, 10),
        ("é = 1", 1, 1), ("a = \"x", 1, 7), ("x = 1\n[x]", 2, 1), ("a = 9223372036854775808", 1, 24),
    ]) func syntaxErrorsHaveLineAndColumn(toml: String, line: Int, column: Int) throws {
        let problem = try #require(ConfigurationLayer(toml: toml, source: "/etc/f.toml").problems.first)
        guard case .syntax(let foundLine, let foundColumn, let text) = problem.reason else {
            Issue.record("\(problem)")
            return
        }
        #expect(foundLine == line)
        #expect(foundColumn == column)
        #expect(problem.description == "/etc/f.toml:\(line):\(column): \(text)")
    }

    @Test(arguments: [
        "database.commit_interval = 5", "database.commit_interval = 0.5", "database.commit_interval = '1s 500ms'",
        "feed.listen = '/a'", "feed.listen = []", "model.clip = 2", "score = {}", "", "# nothing\n", "stream = []",
        "\u{FEFF}[model]\r\nhidden = 8\r\n", "feed.socket_mode = '660'", "[[stream]]\nmatch = '*'",
    ]) func accepts(toml: String) throws {
        _ = try DaemonConfiguration(layers: [ConfigurationLayer(toml: toml, source: "f")], paths: .system)
    }

    @Test func numbersOfSecondsAreDurations() throws {
        for (text, expected) in [("5", 5_000_000), ("0.25", 250_000), ("'250ms'", 250_000)] as [(String, Int64)] {
            let layer = ConfigurationLayer(toml: "database.commit_interval = \(text)", source: "f")
            let configuration = try DaemonConfiguration(layers: [layer], paths: .system)
            #expect(configuration.database.commitInterval == expected)
        }
    }
}
