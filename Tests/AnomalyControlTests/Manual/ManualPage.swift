import Foundation

/// A page of `systemd/man`: written by hand, but for parts between two comments, which follow from the programs.
struct ManualPage {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "systemd/man")

    private let file: URL
    private(set) var text: String

    init(_ name: String) throws {
        file = Self.folder.appending(path: name)
        text = try String(contentsOf: file, encoding: .utf8)
    }

    /// The lines between `.\" Begin NAME` and `.\" End NAME`, with their ends; nil if there is no such part.
    func part(_ name: String) -> String? {
        range(of: name).map { String(text[$0]) }
    }

    /// Writes the page with another part.
    mutating func replace(_ name: String, with lines: String) throws {
        guard let range = range(of: name) else { return }
        text.replaceSubrange(range, with: lines)
        try Data(text.utf8).write(to: file)
    }

    private func range(of name: String) -> Range<String.Index>? {
        guard let begin = text.range(of: ".\\\" Begin \(name)"),
            let start = text[begin.upperBound...].firstIndex(of: "\n"),
            let end = text.range(of: ".\\\" End \(name)\n", range: start..<text.endIndex)
        else { return nil }
        return text.index(after: start)..<end.lowerBound
    }
}
