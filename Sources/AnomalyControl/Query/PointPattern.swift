import AnomalyDetection
package import PointStore

/// The value of `--grep`: a regular expression for names of streams and for the words of points.
///
/// As journalctl does, a pattern without capitals matches either case.
package struct PointPattern: Sendable, Equatable {
    package let pattern: String

    /// - Throws: `Failure` with the status `usage` for what is no regular expression.
    package init(_ pattern: String) throws(Failure) {
        self.pattern = pattern
        do {
            _ = try Regex(pattern)
        } catch {
            throw Failure(
                .usage, "\"\(pattern)\" is no regular expression: \(error)",
                hint: "to find the text as it stands, put a backslash before each of . * + ? ( ) [ ] { } ^ $ | \\")
        }
    }

    /// The points that match: those of streams whose names do, and those with a word that does.
    package func filter(of streams: [StreamRecord]) -> PointFilter {
        guard let expression = try? Regex(pattern) else { return PointFilter() }
        let regex = pattern.contains(where: \.isUppercase) ? expression : expression.ignoresCase()
        func matches(_ text: String) -> Bool { text.contains(regex) }
        let marks: [(String, PointFlags)] = [("late", .late), ("missing", .missing), ("warm-up", .warmup)]
        return PointFilter(
            streams: Set(streams.filter { matches($0.name) }.map(\.id)),
            kinds: Set(AnomalyKind.allCases.filter { matches($0.rawValue) }),
            flags: marks.reduce(into: []) { if matches($1.0) { $0.insert($1.1) } })
    }
}
