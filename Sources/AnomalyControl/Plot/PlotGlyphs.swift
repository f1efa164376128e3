/// What a plot on a terminal is drawn with.
struct PlotGlyphs: Sendable {
    /// Dots in a cell, across and down.
    var dotsAcross: Int
    var dotsDown: Int
    /// The character of a cell from its dots, bit `y * dotsAcross + x`; of such as were flagged, where that can be told.
    var cell: @Sendable (_ dots: UInt8, _ isFlagged: Bool) -> Character
    var expected: Character
    var band: Character
    /// Marks of anomalies over and under the curve; each points at it.
    var over: Character
    var under: Character
    // Axes.
    var side: Character
    var sideTick: Character
    var corner: Character
    var bottom: Character
    var bottomTick: Character
    /// The same while an anomaly lasts.
    var bottomAnomaly: Character
    var bottomAnomalyTick: Character
    /// Between the points of a sentence, and between two ends.
    var ellipsis: String

    /// Braille: two by four dots in a cell.
    static let unicode = PlotGlyphs(
        dotsAcross: 2, dotsDown: 4,
        cell: { dots, _ in
            // Braille numbers its first six dots column by column, and the last two behind them.
            let bits: [UInt8] = [0, 3, 1, 4, 2, 5, 6, 7]
            let pattern = (0..<8).reduce(0 as UInt32) { pattern, dot in
                dots & 1 << dot == 0 ? pattern : pattern | 1 << UInt32(bits[dot])
            }
            return Unicode.Scalar(0x2800 + pattern).map { Character($0) } ?? " "
        },
        expected: "·", band: "░", over: "▼", under: "▲", side: "│", sideTick: "┤", corner: "└", bottom: "─",
        bottomTick: "┬", bottomAnomaly: "━", bottomAnomalyTick: "┯", ellipsis: "…")

    static let ascii = PlotGlyphs(
        dotsAcross: 1, dotsDown: 1, cell: { _, isFlagged in isFlagged ? "#" : "*" }, expected: ".", band: ":",
        over: "v", under: "^", side: "|", sideTick: "+", corner: "+", bottom: "-", bottomTick: "+",
        bottomAnomaly: "=", bottomAnomalyTick: "#", ellipsis: "...")
}
