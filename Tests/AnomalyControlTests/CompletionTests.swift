import AnomalyControl
import Foundation
import PointStore
import Testing

/// What shells offer after TAB. `Tests/PackageTests` tries it in the shells themselves.
@Suite struct CompletionTests {
    /// What the program answers to a shell that completes the word behind `line`.
    private func completions(
        _ command: String, argument: String = "positional@0", line: [String], prefix: String
    ) throws -> [String] {
        let words = ["anomalyctl"] + line + [prefix]
        let arguments =
            ["---completion"] + command.split(separator: " ").map(String.init)
            + ["--", argument, "\(words.count - 1)", "\(prefix.count)"] + words
        let result = try BuiltProgram(environment: ["SAP_SHELL": "bash"]).run(arguments)
        #expect(result.status == 0)
        #expect(result.errors == "")
        return result.output.split(separator: "\n").map(String.init)
    }

    @Test func namesOfStreams() throws {
        let store = try SampleStore.withAnomalies()
        let line = ["--database", store.path, "query"]
        #expect(try completions("query", line: line, prefix: "") == ["cpu.load", "quiet", "web"])
        #expect(try completions("query", line: line, prefix: "c") == ["cpu.load"])
        #expect(try completions("streams", line: ["streams", "--database=\(store.path)"], prefix: "w") == ["web"])
        #expect(try completions("query", line: ["query", "--database", "=", store.path], prefix: "'q") == ["quiet"])
        #expect(try completions("plot", line: line, prefix: "cpu") == ["cpu.load"])
        #expect(try completions("model export", line: line, prefix: "x") == [])
    }

    @Test func numbersOfAnomalies() throws {
        let store = try SampleStore.withAnomalies()
        let line = ["--database", store.path, "anomalies", "show"]
        // The newest first.
        #expect(try completions("anomalies show", line: line, prefix: "") == ["5", "4", "3", "2", "1"])
        #expect(try completions("anomalies show", line: line, prefix: "4") == ["4"])
        let explained = try completions("explain", line: line, prefix: "")
        #expect(explained == ["5", "4", "3", "2", "1", "cpu.load", "quiet", "web"])
    }

    /// Who presses TAB has not asked for an error.
    @Test func nothingIsSaidWithoutADatabase() throws {
        #expect(try completions("query", line: ["--database", "/nonexistent/a.db", "query"], prefix: "") == [])
    }

    /// Names come from whoever may feed, and bash evaluates what a completion offers.
    @Test(arguments: [
        "$(reboot)", "`reboot`", "a;reboot", "a&b", "a|b", "a'b", "a\"b", "a\\b", "a*", "a?", "a[b]", "{a,b}", "a<b",
        "a>b",
        "-x", "~root", "=x", "a#b", "!b", "a(b)", "a$b", "", "a^b", "a\u{202E}b", "a\u{85}b",
    ])
    func namesThatAreMoreThanAWordAreNotOffered(name: String) {
        #expect(!StoreCompletion.isPlain(name))
    }

    @Test(arguments: ["cpu.load", "web-1_x", "eu/host:9100", "a=b", "größe", "50%", "user@host", "a+b,c", "日本"])
    func wordsAreOffered(name: String) {
        #expect(StoreCompletion.isPlain(name))
    }

    @Test func manyNamesAreBounded() throws {
        let store = try SampleStore()
        var commit = Commit()
        for id in 1...5000 as ClosedRange<Int32> {
            let name = id % 2 == 0 ? "s\(id)" : "a$\(id)"
            commit.streams.append(StreamRecord(id: id, name: name, channels: 1, created: SampleStore.start))
        }
        try store.writer.commit(&commit)
        let reader = try StoreReader(path: store.path)
        let all = try StoreCompletion(store: reader, prefix: "").streams()
        #expect(all.count == StoreCompletion.most)
        #expect(all.allSatisfy { $0.hasPrefix("s") })
        #expect(
            try StoreCompletion(store: reader, prefix: "s499").streams() == [
                "s4990", "s4992", "s4994", "s4996", "s4998",
            ])
    }

    @Test func keysOfTheConfigurationAreInTheScripts() throws {
        for shell in ["bash", "zsh", "fish"] {
            let script = try BuiltProgram().run("--generate-completion-script", shell)
            #expect(script.status == 0)
            #expect(script.output.contains("score.false_alarms_per_week="))
        }
    }

    @Test(arguments: [("'web.*", "web.*"), ("\"a b\"", "a b"), ("a\\ b", "a b"), ("plain", "plain"), ("", "")])
    func quotesAreTakenAway(word: String, meant: String) {
        #expect(CompletionLine.unquoted(word) == meant)
    }
}
