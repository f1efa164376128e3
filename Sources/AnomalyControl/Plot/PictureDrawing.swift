import PointStore
package import Presentation

/// Lays a picture out on pixels.
package struct PictureDrawing {
    private let picture: Picture
    package private(set) var drawing: Drawing
    private let plot: (left: Double, right: Double)
    private let caption: PictureCaption

    private typealias Point = Drawing.Point

    private static let top = 58.0
    /// Below the last panel: two lines of times, and the legend.
    private static let bottom = 74.0
    private static let gap = 30.0
    /// Pixels of the whole for each channel, below which nothing could be seen.
    package static let leastHeight = 110

    /// - Parameters:
    ///   - width, height: in pixels, as `PictureFormat` allows.
    package init(_ picture: Picture, width: Int, height: Int) {
        self.picture = picture
        caption = PictureCaption(picture)
        drawing = Drawing(width: width, height: height, title: caption.title, summary: "")
        let ticks = picture.panels.map { Self.axis(of: $0, picture)?.ticks(atMost: 6) ?? [] }
        let margin = ticks.joined().lazy.map { Double(TextWidth.of($0.label)) }.max() ?? 0
        plot = (18 + margin * Drawing.Size.small.advance, Double(width) - 18)
        drawing.summary = summary
        draw(
            [(0, 0), (Double(width), 0), (Double(width), Double(height)), (0, Double(height))].map { Point($0, $1) },
            .background)
        write(caption.title, at: 16, 25, .text, .large)
        write("\(caption.range), \(caption.counts)", at: 16, 44, .faint)
        let room = Double(height) - Self.top - Self.bottom - Self.gap * Double(picture.panels.count - 1)
        let each = room / Double(picture.panels.count)
        for (place, panel) in picture.panels.enumerated() {
            let top = Self.top + Double(place) * (each + Self.gap)
            draw(panel, top: top, bottom: top + each)
        }
        writeLegend()
    }

    /// What is in the picture, in sentences.
    private var summary: String {
        var text = "Values of \(caption.title) from \(caption.range), \(caption.counts)."
        for panel in picture.panels {
            guard let range = panel.valueRange else { continue }
            let name = picture.panels.count > 1 ? "Channel \(panel.channel): values" : "Values"
            let (lowest, highest) = (NumberText.compact(range.lowerBound), NumberText.compact(range.upperBound))
            text += " \(name) from \(lowest) to \(highest)."
        }
        let worst = picture.marks.filter { !$0.score.isNaN }.sorted { $0.score > $1.score }.prefix(5)
        var clock = ZoneClock(zone: picture.zone)
        for mark in worst { text += " At \(clock.longText(mark.peak)) \(mark.text)." }
        return text
    }

    private static func axis(of panel: Picture.Panel, _ picture: Picture) -> ValueAxis? {
        // Room for marks and their numbers.
        panel.range.map { range in
            let marks = picture.marks.filter { $0.channel == panel.channel || picture.panels.count == 1 }
            return ValueAxis(
                range, below: marks.contains { !$0.isAbove } ? 0.11 : 0.03,
                above: marks.contains { $0.isAbove } ? 0.11 : 0.03)
        }
    }

    // MARK: A panel

    private mutating func draw(_ panel: Picture.Panel, top: Double, bottom: Double) {
        let (left, right) = plot
        let time = picture.time
        func x(_ moment: Int64) -> Double { left + time.position(moment) * (right - left) }
        let times = picture.time.ticks(atMost: max(2, Int((right - left) / 90)), in: picture.zone)
        draw(times.map { tick in [at(tick, top), at(tick, bottom)] }, .grid, width: 1)
        for mark in picture.marks where !mark.isDismissed {
            guard mark.start <= picture.time.end, mark.end >= picture.time.start else { continue }
            let from = max(left, x(mark.start) - 1.5)
            let to = min(right, x(mark.end) + 1.5)
            draw([Point(from, top), Point(to, top), Point(to, bottom), Point(from, bottom)], .span, hint: mark.text)
        }
        if picture.stream.channels > 1, picture.panels.count > 1 {
            write("channel \(panel.channel)", at: left, top - 6, .faint)
        }
        if let axis = Self.axis(of: panel, picture) {
            func y(_ number: Double) -> Double {
                bottom - min(max(0, axis.position(number)), 1) * (bottom - top)
            }
            let ticks = axis.ticks(atMost: 6)
            draw(
                ticks.map { tick in
                    let y = (bottom - tick.position * (bottom - top)).rounded() + 0.5
                    return [Point(left, y), Point(right, y)]
                }, .grid, width: 1)
            for tick in ticks {
                write(tick.label, at: left - 8, bottom - tick.position * (bottom - top) + 4, .faint, anchor: .end)
            }
            let series = panel.series.merged(into: Int(right - left))
            draw(series, x, y)
            drawMarks(of: panel, series, x, y, top: top, bottom: bottom)
        }
        draw([[Point(left, bottom + 0.5), Point(right, bottom + 0.5)]], .faint, width: 1)
        if panel.channel == picture.panels.last?.channel { writeTimes(times, below: bottom) }
    }

    private func at(_ tick: AxisTick, _ y: Double) -> Point {
        Point((plot.left + tick.position * (plot.right - plot.left)).rounded() + 0.5, y)
    }

    private mutating func draw(_ series: PlotSeries, _ x: (Int64) -> Double, _ y: (Double) -> Double) {
        for (lowers, uppers) in zip(series.runs(\.lower), series.runs(\.upper)) {
            let lower = lowers.map { Point(x($0.column.time), y($0.envelope.minimum)) }
            let upper = uppers.map { Point(x($0.column.time), y($0.envelope.maximum)) }
            draw(Self.widened(upper) + Self.widened(lower).reversed(), .band)
        }
        func lines(_ runs: [[(column: PlotColumn, envelope: Envelope)]]) -> [[Point]] {
            runs.map { run in
                let points = run.flatMap { column, envelope -> [Point] in
                    let x = x(column.time)
                    let numbers = [envelope.first, envelope.minimum, envelope.maximum, envelope.last]
                    var points: [Point] = []
                    for number in numbers where points.last?.y != y(number) { points.append(Point(x, y(number))) }
                    return points
                }
                return points.count > 1 ? points : Self.widened(points)
            }
        }
        draw(lines(series.runs(\.prediction)), .expected, width: 1.2)
        draw(lines(series.runs(\.value)), .value, width: 1.4)
        // A flagged value between two ordinary ones is a point, and shows as one.
        for column in series.columns where column.isFlagged {
            guard let value = column.value else { continue }
            let (from, to) = (y(value.minimum), y(value.maximum))
            draw([[Point(x(column.time), from), Point(x(column.time), to)]], .alarm, width: from - to < 4 ? 3.6 : 2)
        }
    }

    /// A single point as a short line, so that it can be seen.
    private static func widened(_ points: [Point]) -> [Point] {
        guard points.count == 1, let point = points.first else { return points }
        return [Point(point.x - 1, point.y), Point(point.x + 1, point.y)]
    }

    private mutating func drawMarks(
        of panel: Picture.Panel, _ series: PlotSeries, _ x: (Int64) -> Double, _ y: (Double) -> Double, top: Double,
        bottom: Double
    ) {
        var taken: [(from: Double, to: Double, y: Double)] = []
        // Where there is no room for all, the worst have their numbers.
        let marks = picture.marks.filter { $0.channel == panel.channel || picture.panels.count == 1 }
            .sorted { ($0.score.isNaN ? 0 : $0.score) > ($1.score.isNaN ? 0 : $1.score) }
        for mark in marks where (0...1).contains(picture.time.position(mark.peak)) {
            let x = x(mark.peak)
            let ink: Drawing.Ink = mark.isDismissed ? .faint : .alarm
            // Beyond all that is drawn where the mark will be; where nothing is, at the bottom.
            let place = picture.time.column(of: mark.peak, of: series.width)
            let near = series.columns.filter { abs($0.index - place) <= 6 }.compactMap(\.value)
            let isAbove = near.isEmpty || mark.isAbove
            let end = isAbove ? near.map(\.maximum).max() : near.map(\.minimum).min()
            let tip = end.map { isAbove ? max(top + 20, y($0) - 5) : min(bottom - 22, y($0) + 5) } ?? bottom
            let side = isAbove ? -1.0 : 1.0
            draw(
                [Point(x, tip), Point(x - 5, tip + side * 8), Point(x + 5, tip + side * 8)], ink,
                hint: mark.text)
            let width = Double("\(mark.id)".utf8.count) * Drawing.Size.small.advance
            let base = isAbove ? tip - 11 : tip + 20
            let middle = min(max(x, plot.left + width / 2), plot.right - width / 2)
            let (from, to) = (middle - width / 2 - 2, middle + width / 2 + 2)
            if taken.contains(where: { $0.from < to && from < $0.to && abs($0.y - base) < 12 }) { continue }
            taken.append((from, to, base))
            write("\(mark.id)", at: middle, base, ink, anchor: .middle)
        }
    }

    // MARK: Texts

    private mutating func writeTimes(_ ticks: [AxisTick], below bottom: Double) {
        for (text, line) in [(\AxisTick.label, 17.0), (\AxisTick.context, 33.0)] {
            var limit = plot.right + 12
            // From the right: where a new day begins matters more than which day it was at the left end.
            for tick in ticks.reversed() where !tick[keyPath: text].isEmpty {
                let label = tick[keyPath: text]
                let width = Double(TextWidth.of(label)) * Drawing.Size.small.advance
                let middle = max(width / 2 + 4, min(at(tick, 0).x, plot.right + 12 - width / 2))
                guard middle + width / 2 <= limit else { continue }
                write(label, at: middle, bottom + line, .faint, anchor: .middle)
                limit = middle - width / 2 - 8
            }
        }
    }

    private mutating func writeLegend() {
        let y = Double(drawing.height) - 14
        let columns = picture.panels.flatMap(\.series.columns)
        var x = plot.left
        func box(_ height: Double) -> [Point] {
            [(x, y - 4 - height), (x + 18, y - 4 - height), (x + 18, y - 4 + height), (x, y - 4 + height)].map {
                Point($0, $1)
            }
        }
        func entry(_ text: String, _ drawing: inout PictureDrawing, _ shape: (inout PictureDrawing) -> Void) {
            shape(&drawing)
            drawing.write(text, at: x + 24, y, .faint)
            x += 24 + Double(TextWidth.of(text)) * Drawing.Size.small.advance + 20
        }
        let line = { (x: Double) in [[Point(x, y - 4), Point(x + 18, y - 4)]] }
        entry("value", &self) { $0.draw(line(x), .value, width: 1.4) }
        if columns.contains(where: { $0.prediction != nil }) {
            entry("expected", &self) { $0.draw(line(x), .expected, width: 1.2) }
        }
        if columns.contains(where: { $0.lower != nil }) { entry("band", &self) { $0.draw(box(5), .band) } }
        if !picture.marks.isEmpty {
            entry("anomaly, with its number", &self) { drawing in
                drawing.draw(box(5), .span)
                drawing.draw([Point(x + 9, y), Point(x + 4, y - 8), Point(x + 14, y - 8)], .alarm)
            }
        }
    }

    private mutating func draw(_ lines: [[Point]], _ ink: Drawing.Ink, width: Double) {
        if !lines.isEmpty { drawing.shapes.append(.lines(lines, ink, width: width)) }
    }

    private mutating func draw(_ area: [Point], _ ink: Drawing.Ink, hint: String? = nil) {
        drawing.shapes.append(.area(area, ink, hint: hint))
    }

    private mutating func write(
        _ text: String, at x: Double, _ y: Double, _ ink: Drawing.Ink, _ size: Drawing.Size = .small,
        anchor: Drawing.Anchor = .start
    ) {
        let room = Int((Double(drawing.width) - 16 - (anchor == .start ? x : 0)) / size.advance)
        drawing.shapes.append(.text(TextWidth.shorten(text, to: room), Point(x, y), anchor, ink, size))
    }
}
