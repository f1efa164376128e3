import PointStore
package import Presentation

/// A picture in characters.
package struct TerminalPlot {
    private let picture: Picture
    private let terminal: Terminal
    private let glyphs: PlotGlyphs
    /// Columns of a line, and rows between the axes of one panel.
    private let width: Int
    private let rows: Int

    package static let leastWidth = 40
    package static let leastRows = 4

    /// - Parameters:
    ///   - width: at least `leastWidth`.
    ///   - rows: at least `leastRows`.
    package init(_ picture: Picture, terminal: Terminal, width: Int, rows: Int) {
        self.picture = picture
        self.terminal = terminal
        self.width = width
        self.rows = rows
        glyphs = terminal.isUnicode ? .unicode : .ascii
    }

    package func write(to output: Output) {
        for line in PictureCaption(picture).lines(to: width, terminal: terminal) { output.write(line + "\n") }
        let axes = picture.panels.map { axis(of: $0) }
        // At least two, as the mark of the axis has to be somewhere.
        let ticks = axes.map { $0?.ticks(atMost: max(2, rows / 3)) ?? [] }
        let margin = ticks.joined().lazy.map { TextWidth.of($0.label) }.max() ?? 0
        let columns = max(1, width - margin - 2)
        var unnumbered = 0
        for (place, panel) in picture.panels.enumerated() {
            if picture.stream.channels > 1 { output.write("\nchannel \(panel.channel)") }
            output.write("\n")
            var canvas = PlotCanvas(columns: columns, rows: rows, glyphs: glyphs)
            if let axis = axes[place] { canvas.draw(panel, on: axis) }
            unnumbered += put(marks(of: panel), on: &canvas)
            write(canvas, ticks[place], margin: margin, to: output)
            writeBottom(columns: columns, margin: margin, to: output)
        }
        writeTimes(columns: columns, margin: margin, to: output)
        output.write("\n")
        writeLegend(unnumbered: unnumbered, to: output)
    }

    /// Those that are marked in a panel: of several panels in that of the channel which stood out most.
    private func marks(of panel: Picture.Panel) -> [AnomalyMark] {
        picture.marks.filter { picture.panels.count == 1 || $0.channel == panel.channel }
    }

    /// The axis, with a row more where marks need one.
    private func axis(of panel: Picture.Panel) -> ValueAxis? {
        let row = 1.2 / Double(rows)
        let marks = marks(of: panel)
        return panel.range.map { range in
            ValueAxis(
                range, below: marks.contains { !$0.isAbove } ? row : 0.01,
                above: marks.contains { $0.isAbove } ? row : 0.01)
        }
    }

    /// - Returns: how many have a mark without a number, or none at all.
    private func put(_ marks: [AnomalyMark], on canvas: inout PlotCanvas) -> Int {
        var unnumbered = 0
        // Where there is no room for all, the worst have their numbers.
        for mark in marks.sorted(by: { ($0.score.isNaN ? 0 : $0.score) > ($1.score.isNaN ? 0 : $1.score) }) {
            guard (0...1).contains(picture.time.position(mark.peak)) else { continue }
            let column = picture.time.column(of: mark.peak, of: canvas.columns)
            if !canvas.place(mark, at: column, style: mark.isDismissed ? .faint : .alarm) { unnumbered += 1 }
        }
        return unnumbered
    }

    private func write(_ canvas: PlotCanvas, _ ticks: [AxisTick], margin: Int, to output: Output) {
        var labels: [Int: String] = [:]
        for tick in ticks { labels[min(rows - 1, Int((1 - tick.position) * Double(rows)))] = tick.label }
        for row in 0..<rows {
            let label = labels[row]
            output.pad(margin - TextWidth.of(label ?? ""))
            output.write(label ?? "")
            output.write(" \(label == nil ? glyphs.side : glyphs.sideTick)")
            output.write(canvas.text(ofRow: row, on: terminal))
            output.trimSpaces()
            output.write("\n")
        }
    }

    /// The horizontal axis, heavy while anomalies lasted.
    private func writeBottom(columns: Int, margin: Int, to output: Output) {
        output.pad(margin + 1)
        let ticked = Set(ticks(columns: columns).map { column(of: $0, columns) })
        var line = ""
        var isHeavy = false
        let lasting = lastingColumns(columns)
        for column in 0..<columns {
            if lasting.contains(column) != isHeavy {
                isHeavy.toggle()
                if terminal.colour { line += isHeavy ? Style.alarm.start : Style.reset }
            }
            line.append(
                ticked.contains(column)
                    ? isHeavy ? glyphs.bottomAnomalyTick : glyphs.bottomTick
                    : isHeavy ? glyphs.bottomAnomaly : glyphs.bottom)
        }
        if isHeavy, terminal.colour { line += Style.reset }
        output.write("\(glyphs.corner)\(line)\n")
    }

    /// Columns in which an anomaly lasted that nobody has dismissed.
    private func lastingColumns(_ columns: Int) -> Set<Int> {
        var result: Set<Int> = []
        for mark in picture.marks where !mark.isDismissed {
            guard mark.start <= picture.time.end, mark.end >= picture.time.start else { continue }
            let first = picture.time.column(of: mark.start, of: columns)
            result.formUnion(first...max(first, picture.time.column(of: mark.end, of: columns)))
        }
        return result
    }

    private func ticks(columns: Int) -> [AxisTick] {
        // 12 columns are enough for "14:00:05.123" and a space; coarser ticks are shorter.
        for count in stride(from: max(2, columns / 8), through: 2, by: -1) {
            let ticks = picture.time.ticks(atMost: count, in: picture.zone)
            let needed = (ticks.map { TextWidth.of($0.label) }.max() ?? 0) + 2
            if ticks.count < 2 || needed * (ticks.count - 1) <= columns { return ticks }
        }
        return picture.time.ticks(atMost: 2, in: picture.zone)
    }

    private func column(of tick: AxisTick, _ columns: Int) -> Int {
        min(columns - 1, Int(tick.position * Double(columns)))
    }

    private func writeTimes(columns: Int, margin: Int, to output: Output) {
        let ticks = ticks(columns: columns)
        for text in [\AxisTick.label, \AxisTick.context] {
            var line = Array(repeating: Character(" "), count: columns + margin + 2)
            // From the right: where a new day begins matters more than which day it was at the left end.
            var limit = line.count
            for tick in ticks.reversed() where !tick[keyPath: text].isEmpty {
                let label = Array(tick[keyPath: text])
                let middle = margin + 2 + column(of: tick, columns)
                let start = min(max(0, middle - tick.label.count / 2), line.count - label.count)
                guard start >= 0, start + label.count <= limit else { continue }
                line.replaceSubrange(start..<start + label.count, with: label)
                limit = start - 1
            }
            output.write(String(line))
            output.trimSpaces()
            output.write("\n")
        }
    }

    private func writeLegend(unnumbered: Int, to output: Output) {
        let columns = picture.panels.flatMap(\.series.columns)
        var items = [sign(glyphs.cell(0xFF, false), nil) + " value"]
        if columns.contains(where: { $0.prediction != nil }) {
            items.append(sign(glyphs.expected, .expected) + " expected")
        }
        if columns.contains(where: { $0.lower != nil }) { items.append(sign(glyphs.band, .faint) + " band") }
        if !picture.marks.isEmpty {
            items.append(
                sign(glyphs.over, .alarm) + sign(glyphs.under, .alarm) + " anomaly: anomalyctl explain ID")
            items.append(sign(glyphs.bottomAnomaly, .alarm) + " its time")
        }
        if unnumbered > 0 {
            items.append("\(unnumbered) without room for \(unnumbered == 1 ? "its number" : "their numbers")")
        }
        var line = ""
        var length = 0
        for item in items {
            let itemLength = TextWidth.of(item.replacing(/\u{1B}\[[0-9;]*m/, with: ""))
            if length > 0, length + 3 + itemLength > width {
                output.write(line + "\n")
                (line, length) = ("", 0)
            }
            line += (length > 0 ? "   " : "") + item
            length += (length > 0 ? 3 : 0) + itemLength
        }
        output.write(line + "\n")
    }

    private func sign(_ glyph: Character, _ style: Style?) -> String {
        style?(String(glyph), on: terminal) ?? String(glyph)
    }
}
