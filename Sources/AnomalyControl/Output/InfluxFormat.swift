import Presentation

extension RecordFormat {
    package static let influx = RecordFormat(
        name: "influx", summary: "InfluxDB's line protocol, one line for each channel, times in nanoseconds",
        needsNames: true
    ) { InfluxWriter(options: $0) }
}

/// Lines such as `anomalyd_point,stream=cpu.load value=0.5,score=0.01,anomaly=false 1795442400000000000`.
///
/// The name of the stream is a tag, and so is the channel of a stream that has several; all else are fields, without
/// those that are missing. What has no time that Influx can write (the years 1677 to 2262) is left out.
struct InfluxWriter: RecordWriter {
    private let columns: [Column]
    private let measurement: String
    private let hasChannels: Bool
    private let nameField: Int?
    private let timeField: Int?

    init(options: FormatOptions) {
        columns = options.schema.columns
        measurement = "anomalyd_\(options.schema.subject)"
        hasChannels = options.schema.hasChannelRows
        nameField = columns.firstIndex { $0.key == "stream" }
        timeField = columns.firstIndex { $0.cell == .time }
    }

    func write(_ record: Record, to output: Output) {
        guard let timeField, case .time(let time?) = record.fields[timeField] else { return }
        let (nanoseconds, overflow) = time.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return }
        guard hasChannels else { return writeLine(record, channel: nil, at: nanoseconds, to: output) }
        let channels = record.fields.lazy.compactMap { field in
            if case .numbers(let numbers) = field { numbers.count } else { nil }
        }.first
        guard let channels else { return writeLine(record, channel: nil, at: nanoseconds, to: output) }
        for channel in 0..<channels { writeLine(record, channel: channel, at: nanoseconds, to: output) }
    }

    func finish(_ output: Output) {}

    private func writeLine(_ record: Record, channel: Int?, at nanoseconds: Int64, to output: Output) {
        var fields: [UInt8] = []
        for (index, field) in record.fields.enumerated() where index != nameField && index != timeField {
            if case .numbers(let numbers) = field, channel == nil {
                // What is not one number for each channel of a point gets a field for each.
                for (place, number) in numbers.enumerated() {
                    Self.append(
                        "\(columns[index].key)_\(place)", Self.value(.number(number), channel: nil), to: &fields)
                }
            } else {
                Self.append(columns[index].key, Self.value(field, channel: channel), to: &fields)
            }
        }
        // A line without a field is none.
        guard !fields.isEmpty else { return }
        output.write(measurement)
        if let nameField, case .text(let name) = record.fields[nameField], !name.isEmpty {
            output.write(",stream=" + Self.tag(name))
        }
        if let channel { output.write(",channel=\(channel)") }
        output.write(UInt8(ascii: " "))
        output.write(fields)
        output.write(" \(nanoseconds)\n")
    }

    private static func append(_ key: String, _ value: String?, to fields: inout [UInt8]) {
        guard let value else { return }
        if !fields.isEmpty { fields.append(UInt8(ascii: ",")) }
        fields += "\(key)=\(value)".utf8
    }

    private static func value(_ field: Field, channel: Int?) -> String? {
        switch field {
        case .none, .time(nil): nil
        case .text(let text): text.isEmpty ? nil : quoted(text)
        case .time(let time?): "\(time)i"
        case .number(let number): number.isFinite ? String(NumberText.shortest(number)) : nil
        case .numbers(let numbers): value(.number(channel.map { numbers[$0] } ?? .nan), channel: nil)
        case .integer(let integer): "\(integer)i"
        case .flag(let flag): flag ? "true" : "false"
        }
    }

    /// A tag's value: commas, equals signs and spaces behind a backslash. A line feed and a backslash at the end have no
    /// spelling there and become "�".
    static func tag(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case ",", "=", " ": result += "\\\(scalar)"
            case "\n", "\r": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result.hasSuffix("\\") ? result.dropLast() + "\u{FFFD}" : result
    }

    /// A string as a field's value: quotes and backslashes behind a backslash.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
        return result + "\""
    }
}
