import Presentation

/// Lines of a label and a text, as systemctl(1) prints them. What does not fit goes on below where the text began.
struct LabelledLines {
    /// Spaces before the longest label.
    private let margin: Int
    private var lines: [(label: String, text: String)] = []

    init(margin: Int = 2) { self.margin = margin }

    mutating func add(_ label: String, _ text: String) { lines.append((label, text)) }
    mutating func add(_ texts: [LabelledText]) { lines += texts.map { ($0.label, $0.text) } }

    /// - Parameter columns: of the terminal; nil breaks no lines, as is due where they are coloured.
    func write(to output: Output, columns: Int? = nil) {
        let indent = margin + (lines.map(\.label.utf8.count).max() ?? 0) + 2
        for line in lines {
            output.pad(indent - 2 - line.label.utf8.count)
            output.write("\(line.label): ")
            for (index, part) in Self.wrap(line.text, to: columns.map { $0 - indent }).enumerated() {
                if index > 0 { output.pad(indent) }
                output.write("\(part)\n")
            }
        }
    }

    /// The text in lines that are broken at spaces; a word that is too long has a line of its own.
    private static func wrap(_ text: String, to columns: Int?) -> [String] {
        guard let columns else { return [text] }
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, TextWidth.of(last) + 1 + TextWidth.of(String(word)) <= columns {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}
