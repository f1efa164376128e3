import Presentation

/// How far some work is, as the one line of a terminal says it that all long commands share: share, bar, what is done and
/// how fast, and the time that is left.
package struct Progress: Sendable, Equatable {
    /// 0…1; nil where nobody knows.
    package var share: Double?
    /// What is done and how fast, from the longest to the shortest: the first one that there is room for is shown.
    package var texts: [String]
    /// Until the end; nil where nobody knows.
    package var secondsLeft: Double?

    package init(share: Double?, texts: [String], secondsLeft: Double?) {
        self.share = share
        self.texts = texts
        self.secondsLeft = secondsLeft
    }

    /// As much will be done in each second that is left as in those until now.
    ///
    /// - Parameter seconds: since the begin.
    package init(share: Double?, texts: [String], seconds: Double) {
        let left = share.flatMap { 0 < $0 && $0 < 1 ? seconds * (1 - $0) / $0 : nil }
        self.init(share: share, texts: texts, secondsLeft: left)
    }

    /// Columns of the bar at most, and below which there is none.
    private static let longestBar = 30
    private static let shortestBar = 5

    /// - Parameter columns: that the line may take at most.
    package func line(columns: Int) -> String {
        let percent = share.map { "\(Int(min(max(0, $0), 1) * 100))%" }
        let head = percent.map { String(repeating: " ", count: 4 - $0.utf8.count) + $0 + " " } ?? ""
        let left = secondsLeft.map { ", \(RelativeSpan.text(Int64(min(1e15, $0 * 1e6)))) left" } ?? ""
        let gap = head.isEmpty ? 0 : 1
        let fitting = texts.first { TextWidth.of(head + $0 + left) + gap <= columns }
        guard let text = fitting.map({ $0 + left }) else {
            return TextWidth.shorten(head + String(repeating: " ", count: gap) + (texts.last ?? ""), to: columns)
        }
        let room = min(Self.longestBar, columns - TextWidth.of(head + text) - 2)
        guard let share, room >= Self.shortestBar else { return head + String(repeating: " ", count: gap) + text }
        let full = Int(min(max(0, share), 1) * Double(room))
        return head + String(repeating: "█", count: full) + String(repeating: "░", count: room - full) + "  " + text
    }
}
