/// A picture as the page's script reads it: JSON with one array for each quantity, times as differences. It holds numbers
/// and kinds only, no text that anybody else has chosen.
struct ChartData {
    private let picture: Picture

    /// Columns of a chart; those around anomalies that are not merged into these; and those to read so that there are
    /// such.
    private static let columns = 800
    private static let details = 1200
    static let finest = 65_536
    /// Columns that are seen before and behind an anomaly at full length.
    private static let margin = 100
    /// A millisecond, which is finer than any page shows.
    private static let unit: Int64 = 1000

    init(_ picture: Picture) { self.picture = picture }

    func write(to output: Output) {
        guard let panel = picture.panels.first else { return }
        let series = panel.series.merged(into: Self.columns, except: details(of: panel))
        let columns = series.columns
        let start = picture.time.start
        func since(_ time: Int64) -> Int64 { (time &- start) / Self.unit }
        output.write("{\"start\":\(start / Self.unit),\"length\":\(since(picture.time.end)),\"time\":[")
        var last: Int64 = 0
        write(columns) { column in
            defer { last = since(column.time) }
            return String(since(column.time) - last)
        }
        for (name, line) in [("value", \PlotColumn.value), ("expected", \PlotColumn.prediction)] {
            write("\(name)Low", columns) { $0[keyPath: line].map { Self.number($0.minimum) } }
            // Where each column has one number, the highest are the lowest.
            let isSingle = columns.allSatisfy { $0[keyPath: line].map { $0.minimum == $0.maximum } ?? true }
            if !isSingle { write("\(name)High", columns) { $0[keyPath: line].map { Self.number($0.maximum) } } }
            write(indices: "\(name)Breaks", columns) { column in
                column[keyPath: line].map { !series.joins($0) } ?? false
            }
        }
        write("lower", columns) { $0.lower.map { Self.number($0.minimum) } }
        write("upper", columns) { $0.upper.map { Self.number($0.maximum) } }
        write(indices: "flagged", columns, \.isFlagged)
        output.write("],\"marks\":[")
        for (index, mark) in picture.marks.enumerated() {
            let numbers = [since(mark.start), since(mark.end), since(mark.peak)].map { String($0) }
            output.write((index > 0 ? "," : "") + "[\(mark.id),\(numbers.joined(separator: ",")),")
            output.write("\(mark.isAbove ? 1 : 0),\(mark.isDismissed ? 1 : 0),\"\(mark.kind ?? "")\"]")
        }
        output.write("]}")

        func write(_ columns: [PlotColumn], _ text: (PlotColumn) -> String) {
            for (index, column) in columns.enumerated() { output.write((index > 0 ? "," : "") + text(column)) }
        }
        func write(_ name: String, _ columns: [PlotColumn], _ text: (PlotColumn) -> String?) {
            output.write("],\"\(name)\":[")
            write(columns) { text($0) ?? "null" }
        }
        func write(indices name: String, _ columns: [PlotColumn], _ isOne: (PlotColumn) -> Bool) {
            output.write("],\"\(name)\":[")
            output.write(columns.indices.filter { isOne(columns[$0]) }.map(String.init).joined(separator: ","))
        }
    }

    /// Places of columns around the worst anomalies, as many as there is room for.
    private func details(of panel: Picture.Panel) -> Set<Int> {
        let columns = panel.series.columns
        guard columns.count > Self.columns else { return [] }
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
            let last = min(columns.count, place(of: mark.end) + Self.margin, first + Self.details / 2)
            if details.count + last - first > Self.details { break }
            details.formUnion(first..<last)
        }
        return details
    }

    /// Six digits, in JSON's own form.
    private static func number(_ number: Double) -> String {
        String(NumberText.shortest(Double(NumberText.formatted("%.6g", number)) ?? number))
    }
}
