import AnomalyConfiguration
import Testing

@Suite struct GlobTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let pattern: String
        let matching: [String]
        let other: [String]

        init(_ pattern: String, matching: [String], other: [String]) {
            self.pattern = pattern
            self.matching = matching
            self.other = other
        }

        var testDescription: String { pattern }
    }

    static let cases = [
        Case("", matching: [""], other: ["a"]),
        Case("cpu", matching: ["cpu"], other: ["", "cp", "cpus", "CPU", "acpu"]),
        Case("*", matching: ["", "a", "a.b.c", "a/b", "ä"], other: []),
        Case("**", matching: ["", "a.b"], other: []),
        Case("web.*", matching: ["web.", "web.a", "web.a.b"], other: ["web", "xweb.a"]),
        Case("*.cpu", matching: [".cpu", "a.cpu", "a.b.cpu", "cpu.cpu"], other: ["cpu", "a.cpu.b"]),
        Case("a*b*c", matching: ["abc", "aXbYc", "abbcc", "abcbc"], other: ["ab", "acb", "abcd"]),
        Case("*ab*", matching: ["ab", "aab", "xaby", "aaab"], other: ["ba", "a", "a.b"]),
        Case("a?c", matching: ["abc", "a.c", "aéc", "a🙂c"], other: ["ac", "abbc"]),
        Case("??", matching: ["ab", "🙂é"], other: ["a", "abc"]),
        Case("[abc]x", matching: ["ax", "bx", "cx"], other: ["x", "dx", "abx", "Ax"]),
        Case("[a-cx-z]", matching: ["a", "b", "c", "x", "z"], other: ["d", "w", "-", ""]),
        Case("[!a-z]", matching: ["A", "0", "!", "é", "🙂"], other: ["a", "m", "z", "", "AA"]),
        Case("[!c-ea-b]", matching: ["f", "`"], other: ["a", "b", "c", "d", "e"]),
        Case("[!]a]", matching: ["b", "["], other: ["]", "a"]),
        Case("[]a]", matching: ["]", "a"], other: ["[", "b"]),
        Case("[a-]", matching: ["a", "-"], other: ["b"]),
        Case("[-a]", matching: ["a", "-"], other: ["b"]),
        Case("[a!]", matching: ["a", "!"], other: ["b"]),
        Case("[^a]", matching: ["a", "^"], other: ["b"]),
        Case("[*?]", matching: ["*", "?"], other: ["a", ""]),
        Case("[а-я]", matching: ["ж"], other: ["z"]),
        Case(#"\*"#, matching: ["*"], other: ["a", #"\*"#, ""]),
        Case(#"a\?b\[c\\"#, matching: [#"a?b[c\"#], other: [#"aXb[c\"#]),
        Case(#"[\]\-\\]"#, matching: ["]", "-", #"\"#], other: ["a"]),
        Case(#"[a\-c]"#, matching: ["a", "-", "c"], other: ["b"]),
        Case("a]b", matching: ["a]b"], other: ["ab"]),
        Case("{a,b}", matching: ["{a,b}"], other: ["a", "b"]),
        Case("disk;host=*", matching: ["disk;host=db1"], other: ["disk;host"]),
    ]

    @Test(arguments: cases) func matchesAsDocumented(_ example: Case) throws {
        let glob = try Glob(example.pattern)
        for name in example.matching { #expect(glob.matches(name), "\(example.pattern) and \(name)") }
        for name in example.other { #expect(!glob.matches(name), "\(example.pattern) and \(name)") }
        #expect(glob.description == example.pattern)
        if let name = glob.example { #expect(glob.matches(name)) }
    }

    @Test func matchesSubstringsToo() throws {
        #expect(try Glob("b*").matches("abc".dropFirst()))
    }

    @Test func charactersAreComparedAsTheyAre() throws {
        let composed = "caf\u{E9}"
        let decomposed = "cafe\u{301}"
        #expect(composed == decomposed)
        #expect(try !Glob(composed).matches(decomposed))
        #expect(try Glob("caf??").matches(decomposed))
    }

    @Test(arguments: [
        ("", 0), ("*", 0), ("a*", 1), ("web.*", 4), ("web.??.cpu", 8), ("[abc]", 0), (#"\*\["#, 2), ("a*b?c[d]e", 4),
        ("é🙂*", 2),
    ]) func specificityCountsLiterals(pattern: String, expected: Int) throws {
        #expect(try Glob(pattern).specificity == expected)
    }

    @Test(
        arguments: [
            ("cpu.user", "cpu.user"), (#"a\*b"#, "a*b"), ("", ""), ("a*", nil), ("a?", nil), ("[a]", nil),
        ] as [(String, String?)]) func literalIsTheOnlyName(pattern: String, expected: String?) throws
    {
        #expect(try Glob(pattern).literal == expected)
    }

    @Test(
        arguments: [
            ("[", .unclosedSet(offset: 0)), ("[]", .unclosedSet(offset: 0)), ("[!]", .unclosedSet(offset: 0)),
            ("ab[cd", .unclosedSet(offset: 2)), (#"[a\]"#, .unclosedSet(offset: 0)), ("[a-", .unclosedSet(offset: 0)),
            ("[z-a]", .invertedRange("z-a")), (#"a\"#, .danglingEscape), (#"[\"#, .danglingEscape),
        ] as [(String, GlobError)]) func refusesBrokenPatterns(pattern: String, expected: GlobError)
    {
        #expect(throws: expected) { try Glob(pattern) }
        #expect(!expected.description.isEmpty)
    }

    @Test func aSetThatExcludesEverythingMatchesNothing() throws {
        let glob = try Glob("[!\u{0}-\u{10FFFF}]")
        #expect(!glob.matches("a"))
        #expect(glob.example == nil)
    }

    @Test func manyStarsTakeNoExponentialTime() throws {
        let glob = try Glob(String(repeating: "*a", count: 100) + "b")
        #expect(!glob.matches(String(repeating: "a", count: 2000)))
    }

    /// Short patterns over few letters, compared with a matcher that tries everything.
    @Test func agreesWithTheObviousMatcher() throws {
        var random = SplitMix(state: 1)
        var matched = 0
        for _ in 0..<20_000 {
            let pattern = random.text(of: ["a", "b", ".", "*", "?", "[ab]", "[!a]", "[a-b]"], longest: 6)
            let name = random.text(of: ["a", "b", "."], longest: 7)
            let expected = Self.slowMatch(Substring(pattern), Substring(name))
            #expect(try Glob(pattern).matches(name) == expected, "\(pattern) and \(name)")
            matched += expected ? 1 : 0
        }
        #expect(matched > 1000)
    }

    private static func slowMatch(_ pattern: Substring, _ name: Substring) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        let rest = pattern.dropFirst()
        switch first {
        case "*":
            return (0...name.count).contains { slowMatch(rest, name.dropFirst($0)) }
        case "[":
            let set = rest.prefix { $0 != "]" }
            guard let letter = name.first else { return false }
            let isMember = set == "!a" ? letter != "a" : letter == "a" || letter == "b"
            return isMember && slowMatch(rest.dropFirst(set.count + 1), name.dropFirst())
        default:
            return !name.isEmpty && (first == "?" || first == name.first) && slowMatch(rest, name.dropFirst())
        }
    }
}
