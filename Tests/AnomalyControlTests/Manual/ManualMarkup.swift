/// Text in the language of manual pages, mdoc(7).
enum ManualMarkup {
    /// Bytes in a line at most.
    private static let width = 80

    /// Prose as lines: one sentence begins one line, as mdoc wants it.
    static func prose(_ text: String) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(whereSeparator: \.isWhitespace) {
            let ends = line.hasSuffix(".") && word.first.map { $0.isUppercase || "\"$-([".contains($0) } == true
            if !line.isEmpty, ends || escaped("\(line) \(word)").utf8.count > width {
                lines.append(escaped(line))
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        if !line.isEmpty { lines.append(escaped(line)) }
        return lines
    }

    /// What is typed, on a line of its own; spaces in front are kept.
    static func literal(_ text: String) -> String {
        let indent = text.prefix { $0 == " " }.map { _ in "\\ " }.joined()
        return ".Dl " + indent + arguments(text)
    }

    /// Text as arguments of a macro, in which no word is one.
    static func arguments(_ text: String) -> String {
        text.split(separator: " ").map(argument).joined(separator: " ")
    }

    /// One argument of a macro.
    static func argument(_ text: some StringProtocol) -> String {
        let text = escaped(String(text)).replacing("\"", with: "\\(dq")
        // A word of two or three letters may be a macro, and a mark by itself would be set as one.
        let mayBeMacro = text.count <= 3 || text.contains(" ")
        return text.contains(" ") ? "\"\(text)\"" : mayBeMacro ? "\\&" + text : text
    }

    /// Text with nothing in it that means something else than itself.
    static func escaped(_ text: String) -> String {
        var result = text.first.map { ".'".contains($0) ? "\\&" : "" } ?? ""
        for character in text {
            switch character {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            case "^": result += "\\(ha"
            case "~": result += "\\(ti"
            case "`": result += "\\(ga"
            case "'": result += "\\(aq"
            default: result.append(character)
            }
        }
        return result
    }
}
