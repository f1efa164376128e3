import Glibc

/// A command line that somebody is still typing, as a shell hands it to a completion: its words with their quotes.
package struct CompletionLine {
    package let words: [String]

    package init(words: [String]) {
        self.words = words
    }

    /// What `--database` names; nil if it is not there.
    package var database: String? { value(of: "--database").map(Self.path) }

    /// What `--instance` names; nil if it is not there.
    package var instance: String? { value(of: "--instance").map(Self.unquoted) }

    private func value(of option: String) -> String? {
        for (index, word) in words.enumerated() {
            if word.hasPrefix(option + "=") { return String(word.dropFirst(option.count + 1)) }
            guard word == option else { continue }
            // bash makes three words of --database=FILE.
            return words.dropFirst(index + 1).drop { $0 == "=" }.first
        }
        return nil
    }

    /// A word without what quotes it. Neither variables nor commands in it are expanded.
    package static func unquoted(_ word: String) -> String {
        var result = ""
        var escapes = false
        for character in word {
            if escapes || !"\\\"'".contains(character) { result.append(character) }
            escapes = !escapes && character == "\\"
        }
        return result
    }

    private static func path(_ word: String) -> String {
        let path = unquoted(word)
        guard path.hasPrefix("~/"), let home = getenv("HOME") else { return path }
        return String(cString: home) + path.dropFirst()
    }
}
