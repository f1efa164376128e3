import Presentation

extension RecordFormat {
    package static let csv = RecordFormat(
        name: "csv", summary: "commas, a header, times in UTC, channels parted by semicolons"
    ) { CSVWriter(options: $0) }
}

/// CSV with the keys and the numbers of JSON; missing values are empty, flags are 1 and 0.
struct CSVWriter: RecordWriter {
    private let keys: [String]
    /// Written with the first record, so that following a quiet stream and finishing an empty query need no care.
    private var needsHeader: Bool

    init(options: FormatOptions) {
        keys = options.schema.columns.map(\.key)
        needsHeader = options.hasHeader
    }

    mutating func write(_ record: Record, to output: Output) {
        writeHeader(to: output)
        for (index, field) in record.fields.enumerated() {
            if index > 0 { output.write(UInt8(ascii: ",")) }
            write(field, to: output)
        }
        output.write(UInt8(ascii: "\n"))
    }

    mutating func finish(_ output: Output) {
        writeHeader(to: output)
    }

    private mutating func writeHeader(to output: Output) {
        guard needsHeader else { return }
        needsHeader = false
        for (index, key) in keys.enumerated() {
            if index > 0 { output.write(UInt8(ascii: ",")) }
            write(key, to: output)
        }
        output.write(UInt8(ascii: "\n"))
    }

    private func write(_ field: Field, to output: Output) {
        switch field {
        case .none: break
        case .text(let text): write(text, to: output)
        case .time(let time): if let time { output.write(rfc3339: time) }
        case .number(let number): write(number, to: output)
        case .numbers(let numbers):
            // A second kind of separator rather than a quoted list: it needs no quotes and is split by every tool.
            for (index, number) in numbers.enumerated() {
                if index > 0 { output.write(UInt8(ascii: ";")) }
                write(number, to: output)
            }
        case .integer(let integer): output.write(integer.description)
        case .flag(let flag): output.write(UInt8(ascii: flag ? "1" : "0"))
        }
    }

    private func write(_ number: Double, to output: Output) {
        if number.isFinite { output.write(NumberText.shortest(number)) }
    }

    private func write(_ text: String, to output: Output) {
        let special = text.utf8.contains { byte in
            byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte < 0x20
        }
        guard special else { return output.write(text) }
        output.write(UInt8(ascii: "\""))
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") { output.write(byte) }
            output.write(byte)
        }
        output.write(UInt8(ascii: "\""))
    }
}
