import FeedProtocol
import Testing

@Suite struct FeedExcerptTests {
    @Test(
        arguments: [
            (Array("cpu größe 🌡".utf8), "cpu größe 🌡"), (Array("a\tb\u{0}\u{1B}[0m\n".utf8), #"a\x09b\x00\x1B[0m\x0A"#),
            (Array("a\u{85}b".utf8), #"a\xC2\x85b"#), ([0x61, 0xFF, 0xC3], #"a\xFF\xC3"#),
            (Array(#"\x00"#.utf8), #"\\x00"#),
            ([0xF0, 0x9F, 0x8C], #"\xF0\x9F\x8C"#), ([], ""),
        ] as [([UInt8], String)])
    func isFitForALog(bytes: [UInt8], text: String) {
        #expect(bytes.withUnsafeBytes { FeedExcerpt.printable($0) } == text)
    }
}

@Suite struct StreamNameTests {
    private func check(_ name: String) throws { try withBytes(name) { try StreamName.check($0) } }

    @Test(arguments: ["a", "web01.cpu;dc=eu", "größe", "a!#", String(repeating: "é", count: 127)])
    func accepts(name: String) throws { try check(name) }

    @Test(arguments: [
        ("", "name"), ("!a", "name"), ("#a", "name"), ("a b", "name"), ("a\tb", "name"), ("a\u{2003}b", "name"),
        ("a\nb", "control"), ("a\u{7F}", "control"), ("a\u{80}", "control"),
        (String(repeating: "é", count: 128), "name"),
    ])
    func rejects(name: String, reason: String) {
        #expect {
            try check(name)
        } throws: { error in
            (error as? FeedLineError)?.reason.rawValue == reason
        }
    }
}
