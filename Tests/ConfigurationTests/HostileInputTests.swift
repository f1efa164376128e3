import AnomalyConfiguration
import Testing

/// Whatever stands in a file: an answer, never a crash.
@Suite struct HostileInputTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        /// Beginning of the one problem's description.
        let expected: String

        init(_ name: String, _ bytes: [UInt8], _ expected: String) {
            self.name = name
            self.bytes = bytes
            self.expected = expected
        }

        init(_ name: String, _ text: String, _ expected: String) {
            self.init(name, Array(text.utf8), expected)
        }

        var testDescription: String { name }
    }

    private static func repeated(_ text: String, _ count: Int) -> String {
        String(repeating: text, count: count)
    }

    static let cases = [
        Case("NUL byte", "[model]\nhidden\u{0} = 1", "f:2:7: contains a NUL byte"),
        Case("only NUL", [0], "f:1:1: contains a NUL byte"),
        Case("NUL in a comment", "# é\u{0}", "f:1:4: contains a NUL byte"),
        Case("escaped NUL in a value", #"database.path = "a\u0000b""#, "f:1:19: contains a NUL character"),
        Case("escaped NUL in a key", #""a\U00000000b" = 1"#, "f:1:3: contains a NUL character"),
        Case("escaped NUL in a long string", "x = \"\"\"\n\\\\\\u0000\"\"\"", "f:2:3: contains a NUL character"),
        Case("Latin-1", Array("# caf".utf8) + [0xE9, 0x0A], "f:1:6: is not UTF-8 here"),
        Case("UTF-16", [0xFF, 0xFE, 0x61], "f:1:1: is not UTF-8 here"),
        Case("surrogate", Array("é = '".utf8) + [0xED, 0xA0, 0x80], "f:1:6: is not UTF-8 here"),
        Case("overlong", [0x0A, 0xC0, 0xAF], "f:2:1: is not UTF-8 here"),
        Case("truncated", Array("#é".utf8).dropLast(), "f:1:2: is not UTF-8 here"),
        Case("too large", [UInt8](repeating: 0x0A, count: 1_048_577), "f: is larger than 1048576 bytes"),
        Case("deep arrays", "a = " + repeated("[", 500_000), "f:1:37: values nested more than 32 deep"),
        Case("deep tables", "a = " + repeated("{a=", 300_000), "f:1:101: values nested more than 32 deep"),
        Case("deep over lines", "a = " + repeated("[\n", 500_000), "f:33:1: values nested more than 32 deep"),
        Case("dotted key", repeated("a.", 500_000) + "a = 1", "f:1:34: a key with more than 16 dots"),
        Case("dotted header", "[" + repeated("a . ", 200_000) + "a]", "f:1:68: a key with more than 16 dots"),
        Case("quoted dotted key", repeated("'a'.", 200_000) + "a = 1\n=", "f:1:68: a key with more than 16 dots"),
        Case("open string", "a = \"", "f:1:"),
        Case("open long string", "a = '''\n\n", "f:"),
        Case("backslash at the end", "a = \"\\", "f:1:"),
        Case("control character", "a = \"\u{1B}[31m\"", "f:1:"),
        // Each of these ends the process if it reaches toml++.
        Case("header without a name", "[=]", "f:1:1: a section without a name"),
        Case("header with a strange name", "a = 1\n  [[ $x ]]", "f:2:3: a section without a name"),
        Case("header with a line end", "[\n]", "f:1:1: a section without a name"),
        Case("header outside of ASCII", "[ü]", "f:1:1: a section without a name"),
        Case("header with a dot first", "[.a]", "f:1:1: a section without a name"),
        Case("brace in an array", "a = [}]", "f:1:6: a \"}\" that closes nothing"),
        Case("line separator", "a = [\u{2028}]", "f:1:6: a character outside of ASCII"),
        Case("next line", "a = [\u{85}]", "f:1:6: a character outside of ASCII"),
        Case("date, space, digit", "a = 2026-11-24 1", "f:1:5: a date with a time"),
        Case("date, space, digit in an array", "a = [2026-1_1-24 1]", "f:1:6: a date with a time"),
        Case("date, T, no time", "a = 2026-11-24T\"", "f:1:5: a value that is no number"),
        Case("date, T, no time, in an array", "a = [ # 1\n 1, 2026-11-24T=:]", "f:2:5: a value that is no number"),
        Case("time", "a = 12:30:00", "f:1:5: a value that is no number"),
        Case("long number", "a = 2" + repeated("_", 116) + "026-11-24 1", "f:1:5: a number of more than 100"),
        Case("long sign", "a = -" + repeated("1", 100_000), "f:1:5: a number of more than 100"),
        Case("vertical tab", "a = \u{B}1", "f:1:5: a control character"),
        Case("delete", "\u{7F}", "f:1:1: a control character"),
    ]

    @Test(arguments: cases) func isRefused(_ example: Case) throws {
        let problems = ConfigurationLayer(toml: example.bytes, source: "f").problems
        #expect(problems.count == 1)
        let text = try #require(problems.first).description
        #expect(text.hasPrefix(example.expected), "\(text)")
        #expect(!text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F })
    }

    /// What looks alike and is harmless: text in comments and strings.
    @Test(arguments: [
        #"# \u0000"#, #"database.path = '\u0000'"#, #"database.path = "\\u0000""#, "# " + repeated("[", 1000),
        "database.path = '\(repeated("[.", 100))'", "database.path = \"\(repeated("\\\"{.", 100))\"",
        "database.path = \"\"\"\n\"\"\(repeated(".[", 100))\"\"\"\"\"",
        "database.path = '''\(repeated("[.\n", 100))'''''",
        "database.path = \"\"\"\\\"\"\"\(repeated(".", 50))\"\"\"", "database.path = 'ü 2026-11-24 1'",
        "  [ model ]\n\n\"hidden\" = 8\n[ \"score\" ] # [$]\n['storage']\r\n", "feed.listen = [\n'/a', # [[[[\n'/b'\n]",
    ]) func isAccepted(toml: String) {
        #expect(ConfigurationLayer(toml: toml, source: "f").problems == [])
    }

    @Test func controlCharactersNeverReachTheTerminal() {
        let layer = ConfigurationLayer(
            toml: #""\u001b[31m" = 1"# + "\nmodel.cell = \"\\u001b[2J\\u0085\\u007f\"", source: "f")
        #expect(layer.problems.count == 2)
        for problem in layer.problems {
            #expect(!problem.description.unicodeScalars.contains { $0.properties.generalCategory == .control })
        }
    }

    @Test func theLargestFilesAreRead() throws {
        var text = ""
        var sections = 0
        while text.utf8.count < 1_000_000 {
            text += "[[stream]]\nmatch = \"stream.\(sections).*\"\nmodel.hidden = \(sections % 1024 + 1)\n"
            sections += 1
        }
        let layer = ConfigurationLayer(toml: text, source: "f")
        let configuration = try DaemonConfiguration(layers: [layer], paths: .system)
        #expect(configuration.streams.count == sections)
        let key = try #require(ConfigurationKey.named("model.hidden"))
        var changed = configuration
        changed.defaults = configuration.settings(forStream: "stream.777.x")
        #expect(key.text(in: changed) == "778")
    }

    @Test func thousandsOfProblemsAreAllTold() {
        let text = (0..<20_000).map { "key_number_\($0) = 1\n" }.joined()
        #expect(ConfigurationLayer(toml: text, source: "f").problems.count == 20_000)
    }

    /// The commented file with random damage: bytes changed, pieces dropped, doubled and shuffled.
    @Test func survivesDamage() {
        let whole = Array(
            DaemonConfiguration.commentedDefaults().replacing("\n#", with: "\n").utf8)
        let pieces: [[UInt8]] = [
            "[[", "]]", "[", "]", "{", "}", "\"", "\"\"\"", "'", "'''", ".", "=", ",", "\\", "\\u12", "\\U0010FFFF",
            "\n", "\r", "#", "0x", "1e999", "-", "+inf", "1979-05-27T07:32:00Z", "[stream.model]\n", "\u{1F642}",
            "match = \"[!\"\n", "[[stream]]\n", " ", "2026-11-24 1", "[=]", "__________", "\u{2028}", "\t", "0", "+_",
        ].map { Array($0.utf8) }
        var random = SplitMix(state: 3)
        for _ in 0..<3000 {
            let start = Int.random(in: 0..<whole.count, using: &random)
            var bytes = Array(whole[start..<min(whole.count, start + Int.random(in: 1...400, using: &random))])
            for _ in 0..<Int.random(in: 0...8, using: &random) {
                let place = Int.random(in: 0...bytes.count, using: &random)
                if Bool.random(using: &random), place < bytes.count {
                    bytes[place] = UInt8.random(in: 0...255, using: &random)
                } else {
                    bytes.insert(contentsOf: pieces.randomElement(using: &random) ?? [], at: place)
                }
            }
            let layer = ConfigurationLayer(toml: bytes, source: "f")
            if let configuration = try? DaemonConfiguration(layers: [layer], paths: .system) {
                _ = configuration.settings(forStream: "web.a")
            } else {
                let texts = layer.problems.map(\.description)
                #expect(texts.allSatisfy { $0.hasPrefix("f:") })
            }
        }
    }
}
