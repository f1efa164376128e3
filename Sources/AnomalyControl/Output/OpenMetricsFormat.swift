import Presentation

extension RecordFormat {
    package static let openMetrics = RecordFormat(
        name: "openmetrics", summary: "OpenMetrics text with times, for promtool tsdb create-blocks-from",
        needsNames: true, isGrouped: true
    ) { OpenMetricsWriter(options: $0) }
}

/// A gauge for each number and flag: `anomalyd_point_value{stream="cpu.load"} 0.5 1795442400`.
///
/// The format wants all samples of a metric together, and all metrics of a family. Records that come in any other
/// order are kept until the end; whoever has many asks for one field of one stream after the other, and nothing is
/// kept.
struct OpenMetricsWriter: GroupedWriter {
    /// The metrics of one family.
    private struct Metrics {
        /// Labels in the order in which they came.
        var order: [String] = []
        var samples: [String: [(time: Int64?, number: String)]] = [:]

        mutating func add(_ number: String, at time: Int64?, _ labels: String) {
            if samples[labels] == nil { order.append(labels) }
            samples[labels, default: []].append((time, number))
        }
    }

    let fields: [Int]
    private let schema: Schema
    private let nameField: Int?
    private let timeField: Int?
    /// What came in no order, for each column.
    private var kept: [Int: Metrics] = [:]
    private var family: Int?

    init(options: FormatOptions) {
        schema = options.schema
        let columns = schema.columns
        nameField = columns.firstIndex { $0.key == "stream" }
        timeField = columns.firstIndex { $0.cell == .time }
        fields = columns.indices.filter { columns[$0].isMetric }
    }

    mutating func write(_ record: Record, to output: Output) {
        for field in fields {
            for channel in 0..<record.fields[field].count {
                guard let number = record.fields[field].metric(channel: channel) else { continue }
                let labels = labels(of: record, channel: record.fields[field].count > 1 ? channel : nil)
                // Taken out meanwhile, so that nothing is copied.
                var metrics = kept.removeValue(forKey: field) ?? Metrics()
                metrics.add(number, at: time(of: record), labels)
                kept[field] = metrics
            }
        }
    }

    mutating func write(field: Int, channel: Int, of record: Record, to output: Output) {
        // What is of the whole record is written once.
        guard channel < record.fields[field].count, let number = record.fields[field].metric(channel: channel) else {
            return
        }
        let labels = labels(of: record, channel: record.fields[field].count > 1 ? channel : nil)
        begin(field, on: output)
        writeSample(field, labels, number, at: time(of: record), to: output)
    }

    mutating func finish(_ output: Output) {
        for field in fields {
            guard let metrics = kept[field] else { continue }
            begin(field, on: output)
            for labels in metrics.order {
                // Times of one metric must not go back, whatever order was asked for.
                let samples = metrics.samples[labels, default: []].sorted { ($0.time ?? .min) < ($1.time ?? .min) }
                for sample in samples { writeSample(field, labels, sample.number, at: sample.time, to: output) }
            }
        }
        output.write("# EOF\n")
    }

    private mutating func begin(_ field: Int, on output: Output) {
        guard family != field else { return }
        family = field
        let name = name(of: field)
        output.write("# TYPE \(name) gauge\n")
        if schema.columns[field].cell == .duration { output.write("# UNIT \(name) seconds\n") }
    }

    private func name(of field: Int) -> String {
        let column = schema.columns[field]
        let suffix = column.cell == .duration && !column.key.hasSuffix("_seconds") ? "_seconds" : ""
        return "anomalyd_\(schema.subject)_\(column.key)\(suffix)"
    }

    private func writeSample(_ field: Int, _ labels: String, _ number: String, at time: Int64?, to output: Output) {
        output.write("\(name(of: field))\(labels) \(number)")
        if let time { output.write(" \(Self.seconds(time))") }
        output.write(UInt8(ascii: "\n"))
    }

    private func time(of record: Record) -> Int64? {
        if let timeField, case .time(let time) = record.fields[timeField] { time } else { nil }
    }

    private func labels(of record: Record, channel: Int?) -> String {
        var labels: [String] = []
        if let nameField, case .text(let name) = record.fields[nameField] {
            labels.append("stream=\"\(Self.escaped(name))\"")
        }
        if let channel { labels.append("channel=\"\(channel)\"") }
        return labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}"
    }

    /// Microseconds as seconds, with as many decimals as they need.
    static func seconds(_ time: Int64) -> String {
        let (seconds, fraction) = time.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
        var digits = String(String(1_000_000 + fraction).dropFirst())
        while digits.last == "0" { digits.removeLast() }
        return (time < 0 ? "-" : "") + "\(seconds)" + (digits.isEmpty ? "" : ".\(digits)")
    }

    /// The value of a label: backslashes, quotes and line feeds behind a backslash.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\", "\"": result += "\\\(scalar)"
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension Column {
    /// Whether it is a number that a metric can be made of; identifiers are none, and texts and times neither.
    fileprivate var isMetric: Bool {
        switch cell {
        case .number, .score, .integer, .duration: true
        case .hidden: key == "anomaly" || key == "late" || key == "hindsight"
        case .text, .time, .identifier: false
        }
    }
}

extension Field {
    /// Channels; 1 for what is of the whole record.
    fileprivate var count: Int {
        if case .numbers(let numbers) = self { numbers.count } else { 1 }
    }

    /// As a number; nil for what is missing or no number.
    fileprivate func metric(channel: Int) -> String? {
        switch self {
        case .number(let number): number.isFinite ? String(NumberText.shortest(number)) : nil
        case .numbers(let numbers): numbers[channel].isFinite ? String(NumberText.shortest(numbers[channel])) : nil
        case .integer(let integer): "\(integer)"
        case .flag(let flag): flag ? "1" : "0"
        case .none, .text, .time: nil
        }
    }
}
