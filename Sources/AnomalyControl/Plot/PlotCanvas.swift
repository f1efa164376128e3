import Presentation

/// The area of a plot on a terminal between its axes: cells that know what is in them.
struct PlotCanvas {
    let columns: Int
    let rows: Int
    let glyphs: PlotGlyphs
    private var cells: [Cell]

    struct Cell {
        var dots: UInt8 = 0
        var isFlagged = false
        var isExpected = false
        var isBand = false
        /// Part of a mark, and how that looks.
        var mark: (character: Character, style: Style)?
    }

    init(columns: Int, rows: Int, glyphs: PlotGlyphs) {
        self.columns = columns
        self.rows = rows
        self.glyphs = glyphs
        cells = Array(repeating: Cell(), count: columns * rows)
    }

    /// Dots from left to right.
    var width: Int { columns * glyphs.dotsAcross }
    private var height: Int { rows * glyphs.dotsDown }

    subscript(column: Int, row: Int) -> Cell {
        get { cells[row * columns + column] }
        set { cells[row * columns + column] = newValue }
    }

    // MARK: Drawing

    mutating func draw(_ panel: Picture.Panel, on axis: ValueAxis) {
        let series = panel.series.merged(into: width)
        drawBand(of: series, on: axis)
        trace(series.runs(\.prediction), on: axis) { canvas, x, y in canvas.touch(x, y) { $0.isExpected = true } }
        let (across, down) = (glyphs.dotsAcross, glyphs.dotsDown)
        trace(series.runs(\.value), on: axis) { canvas, x, y in
            canvas.touch(x, y) { $0.dots |= 1 << UInt8(y % down * across + x % across) }
        }
        for column in series.columns where column.isFlagged {
            for row in 0..<rows { self[column.index / across, row].isFlagged = true }
        }
    }

    /// Draws the lines through runs of envelopes, and each envelope from its lowest to its highest dot.
    private mutating func trace(
        _ runs: [[(column: PlotColumn, envelope: Envelope)]], on axis: ValueAxis,
        _ dot: (inout PlotCanvas, _ x: Int, _ y: Int) -> Void
    ) {
        for run in runs {
            var last: (x: Int, y: Double)?
            for (column, envelope) in run {
                let x = column.index
                if let last, x > last.x {
                    let slope = (axis.position(envelope.first) - last.y) / Double(x - last.x)
                    for column in last.x...x {
                        // Where the line enters the column, and where it leaves it.
                        let (from, to) = (max(0, Double(column - last.x) - 0.5), Double(column - last.x) + 0.5)
                        drawColumn(column, last.y + slope * from, last.y + slope * min(to, Double(x - last.x)), dot)
                    }
                }
                drawColumn(x, axis.position(envelope.minimum), axis.position(envelope.maximum), dot)
                last = (x, axis.position(envelope.last))
            }
        }
    }

    /// Dots of one column between two positions, both included.
    private mutating func drawColumn(
        _ x: Int, _ from: Double, _ to: Double, _ dot: (inout PlotCanvas, Int, Int) -> Void
    ) {
        guard max(from, to) >= 0, min(from, to) <= 1 else { return }
        for y in row(of: max(from, to), of: height)...row(of: min(from, to), of: height) { dot(&self, x, y) }
    }

    /// From the top down; the nearest one for what lies outside.
    private func row(of position: Double, of count: Int) -> Int {
        Int(min(max(0, (1 - position) * Double(count)), Double(count - 1)))
    }

    private mutating func touch(_ x: Int, _ y: Int, _ change: (inout Cell) -> Void) {
        change(&self[x / glyphs.dotsAcross, y / glyphs.dotsDown])
    }

    private mutating func drawBand(of series: PlotSeries, on axis: ValueAxis) {
        for (lowers, uppers) in zip(series.runs(\.lower), series.runs(\.upper)) {
            var last: (x: Int, lower: Double, upper: Double)?
            for (lower, upper) in zip(lowers, uppers) {
                let x = lower.column.index
                let now = (
                    x: x, lower: axis.position(lower.envelope.minimum), upper: axis.position(upper.envelope.maximum)
                )
                let from = last ?? now
                for column in from.x...x {
                    let share = x > from.x ? Double(column - from.x) / Double(x - from.x) : 1
                    fillBand(
                        column, from.lower + (now.lower - from.lower) * share,
                        from.upper + (now.upper - from.upper) * share)
                }
                last = now
            }
        }
    }

    /// The cells of which the band takes a third, and the one that its own middle is in, however narrow it is.
    private mutating func fillBand(_ x: Int, _ lower: Double, _ upper: Double) {
        let middle = (lower + upper) / 2
        for row in 0..<rows {
            let top = 1 - Double(row) / Double(rows)
            let share = (min(upper, top) - max(lower, top - 1 / Double(rows))) * Double(rows)
            let isMiddle = (0..<1).contains(middle) && self.row(of: middle, of: rows) == row
            if share >= 1 / 3.0 || isMiddle { self[x / glyphs.dotsAcross, row].isBand = true }
        }
    }

    // MARK: Marks

    /// Puts a mark and a number over or under what is drawn in a column.
    ///
    /// - Returns: whether there was room for the number.
    mutating func place(_ mark: AnomalyMark, at column: Int, style: Style) -> Bool {
        for isAbove in [mark.isAbove, !mark.isAbove] {
            let glyph = isAbove ? glyphs.over : glyphs.under
            let id = Array(String(mark.id))
            // The number stands to the right of the mark, to the left at the end.
            for (text, start) in [([glyph] + id, column), (id + [glyph], column - id.count)] {
                guard let row = freeRow(start..<start + text.count, beside: column, isAbove) else { continue }
                for (offset, character) in text.enumerated() {
                    self[start + offset, row].mark = (character, style)
                }
                return true
            }
        }
        for isAbove in [mark.isAbove, !mark.isAbove] {
            guard let row = freeRow(column..<column + 1, beside: column, isAbove) else { continue }
            self[column, row].mark = (isAbove ? glyphs.over : glyphs.under, style)
            return false
        }
        return false
    }

    /// The row nearest to the curve on one side of it, in which these columns are free.
    private func freeRow(_ columns: Range<Int>, beside column: Int, _ isAbove: Bool) -> Int? {
        guard columns.lowerBound >= 0, columns.upperBound <= self.columns else { return nil }
        let drawn = (0..<rows).filter { self[column, $0].dots != 0 }
        let rows =
            isAbove
            ? Array((0..<(drawn.first ?? self.rows)).reversed()) : Array((drawn.last.map { $0 + 1 } ?? 0)..<self.rows)
        // Far away from the curve, nobody would know what it belongs to.
        return rows.prefix(Self.reach).first { row in
            columns.allSatisfy { self[$0, row].dots == 0 && self[$0, row].mark == nil }
                // Two numbers beside each other would be read as one.
                && [columns.lowerBound - 1, columns.upperBound].allSatisfy {
                    !(0..<self.columns).contains($0) || self[$0, row].mark == nil
                }
        }
    }

    private static let reach = 4

    // MARK: Text

    /// One row, coloured or not.
    func text(ofRow row: Int, on terminal: Terminal) -> String {
        var text = ""
        var current: Style?
        for column in 0..<columns {
            let (character, style) = look(of: self[column, row])
            let shown = terminal.colour ? style : nil
            if shown != current {
                if current != nil { text += Style.reset }
                text += shown?.start ?? ""
                current = shown
            }
            text.append(character)
        }
        if current != nil { text += Style.reset }
        return text
    }

    private func look(of cell: Cell) -> (Character, Style?) {
        if let mark = cell.mark { return mark }
        if cell.dots != 0 { return (glyphs.cell(cell.dots, cell.isFlagged), cell.isFlagged ? .alarm : nil) }
        if cell.isExpected { return (glyphs.expected, .expected) }
        return cell.isBand ? (glyphs.band, .faint) : (" ", nil)
    }
}
