/// A picture as the page's script reads it: JSON with one array for each quantity, times as differences. It holds numbers
/// and kinds only, no text that anybody else has chosen.
package struct ChartData {
    private let picture: Picture

    /// Columns of a chart, and those around anomalies that are not merged into these.
    private let columns: Int
    private let most: Int
    /// Columns of a chart on a page that cannot ask for more; those around anomalies; and those to read so that there are
    /// such.
    private static let columns = 800
    private static let details = 1200
    package static let finest = 65_536
    /// Columns that are seen before and behind an anomaly at full length.
    private static let margin = 100
    /// A millisecond, which is finer than any page shows.
    private static let unit: Int64 = 1000

    /// All that a page needs that cannot ask for more.
    package init(_ picture: Picture) {
        self.init(picture, columns: Self.columns, details: Self.details)
    }

    /// - Parameters:
    ///   - columns: of the chart.
    ///   - details: so many columns around anomalies are not merged into these.
    package init(_ picture: Picture, columns: Int, details: Int = 0) {
        self.picture = picture
        self.columns = columns
        most = details
    }

    /// Appends an object of JSON; nothing of a picture without a panel.
    ///
    /// - Parameter members: others of that object, in JSON, each with a comma behind it.
    package func append(to json: inout String, members: String = "") {
        guard let panel = picture.panels.first else { return }
        let series = panel.series.merged(into: columns, except: details(of: panel))
        let places = series.columns
        let start = picture.time.start
        func since(_ time: Int64) -> Int64 { (time &- start) / Self.unit }
        json += "{\(members)\"start\":\(start / Self.unit),\"length\":\(since(picture.time.end))"
        var last: Int64 = 0
        Self.append("time", places, to: &json) { column in
            defer { last = since(column.time) }
            return String(since(column.time) - last)
        }
        for (name, line) in [("value", \PlotColumn.value), ("expected", \PlotColumn.prediction)] {
            Self.append("\(name)Low", places, to: &json) { Self.number($0[keyPath: line]?.minimum) }
            // Where each column has one number, the highest are the lowest.
            let isSingle = places.allSatisfy { $0[keyPath: line].map { $0.minimum == $0.maximum } ?? true }
            if !isSingle {
                Self.append("\(name)High", places, to: &json) { Self.number($0[keyPath: line]?.maximum) }
            }
            let breaks = places.indices.filter { places[$0][keyPath: line].map { !series.joins($0) } ?? false }
            Self.append("\(name)Breaks", breaks, to: &json) { String($0) }
        }
        Self.append("lower", places, to: &json) { Self.number($0.lower?.minimum) }
        Self.append("upper", places, to: &json) { Self.number($0.upper?.maximum) }
        Self.append("flagged", places.indices.filter { places[$0].isFlagged }, to: &json) { String($0) }
        Self.append("marks", picture.marks, to: &json) { mark in
            let times = [mark.start, mark.end, mark.peak].map { String(since($0)) }.joined(separator: ",")
            return "[\(mark.id),\(times),\(mark.isAbove ? 1 : 0),\(mark.isDismissed ? 1 : 0),\"\(mark.kind ?? "")\"]"
        }
        json += "}"
    }

    /// Appends a member whose value is an array.
    private static func append<Element>(
        _ name: String, _ elements: [Element], to json: inout String, _ text: (Element) -> String
    ) {
        json += ",\"\(name)\":["
        for (index, element) in elements.enumerated() {
            if index > 0 { json += "," }
            json += text(element)
        }
        json += "]"
    }

    /// Places of columns around the worst anomalies, as many as there is room for.
    private func details(of panel: Picture.Panel) -> Set<Int> {
        let columns = panel.series.columns
        guard columns.count > self.columns else { return [] }
        // The first column that is not before a time.
        func place(of time: Int64) -> Int {
            var (low, high) = (0, columns.count)
            while low < high {
                let middle = (low + high) / 2
                if columns[middle].time < time { low = middle + 1 } else { high = middle }
            }
            return low
        }
        var details: Set<Int> = []
        for mark in picture.marks.sorted(by: { ($0.score.isNaN ? 0 : $0.score) > ($1.score.isNaN ? 0 : $1.score) }) {
            let first = max(0, place(of: mark.start) - Self.margin)
            let last = min(columns.count, place(of: mark.end) + Self.margin, first + most / 2)
            if details.count + last - first > most { break }
            details.formUnion(first..<last)
        }
        return details
    }

    /// Six digits, in JSON's own form; null for none.
    private static func number(_ number: Double?) -> String {
        guard let number else { return "null" }
        return String(NumberText.shortest(Double(NumberText.formatted("%.6g", number)) ?? number))
    }
}
