/// The text that a command's help ends with: paragraphs, and sections under headings such as `EXAMPLES:`.
struct ManualDiscussion {
    struct Section {
        var title: String
        /// Without the two spaces that all are indented by.
        var text: [Substring] = []

        /// Its heading and its body, inside a subsection.
        var lines: [String] {
            let body = body
            // A list begins a paragraph by itself.
            let gap = body.first?.hasPrefix(".Bl") == true ? [] : [".Pp"]
            return [".Pp", ".Sy \(title.prefix(1) + title.dropFirst().lowercased())"] + gap + body
        }

        /// A list where each line is a word, two spaces and what it means; else examples, where some lines are indented; else
        /// text.
        var body: [String] {
            let isList = text.allSatisfy { !$0.hasPrefix(" ") && $0.contains("  ") }
            if isList { return [".Bl -tag -width Ds"] + text.flatMap(item) + [".El"] }
            var lines: [String] = []
            for (index, line) in text.enumerated() {
                if line.hasPrefix("  ") {
                    lines.append(ManualMarkup.literal(String(line.dropFirst(2))))
                } else {
                    if index > 0, text[index - 1].hasPrefix("  ") || title == "EXAMPLES" { lines.append(".Pp") }
                    lines += ManualMarkup.prose(String(line))
                }
            }
            return lines
        }

        /// A word, and what it means.
        private func item(_ line: Substring) -> [String] {
            guard let gap = line.firstRange(of: "  ") else { return [] }
            let meaning = line[gap.upperBound...].drop { $0 == " " }
            return [".It Cm " + ManualMarkup.arguments(String(line[..<gap.lowerBound]))]
                + ManualMarkup.prose(String(meaning))
        }
    }

    private(set) var paragraphs: [String] = []
    private(set) var sections: [Section] = []

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            if let heading = line.wholeMatch(of: /([A-Z][A-Z ]+)( [a-z ]+)?:/) {
                sections.append(Section(title: String(heading.1)))
            } else if sections.isEmpty {
                paragraphs.append(String(line))
            } else {
                sections[sections.count - 1].text.append(line.dropFirst(2))
            }
        }
    }
}
