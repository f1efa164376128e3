import Presentation

extension RecordFormat {
    package static let json = RecordFormat(
        name: "json", summary: "one JSON object a line, times in UTC, null for what is missing"
    ) { JSONWriter(options: $0) }
}

/// JSON lines. Numbers are the shortest that read back as the same double.
struct JSONWriter: RecordWriter {
    /// For each column: what stands between the field before and this one's value.
    private let keys: [[UInt8]]

    init(options: FormatOptions) {
        keys = options.schema.columns.enumerated().map { index, column in
            let text = Output(descriptor: nil)
            text.write(index == 0 ? "{" : ",")
            Self.write(column.key, to: text)
            text.write(":")
            return text.bytes
        }
    }

    func write(_ record: Record, to output: Output) {
        writeObject(record, to: output)
        output.write(UInt8(ascii: "\n"))
    }

    /// The object without the end of its line, to be part of a larger one.
    func writeObject(_ record: Record, to output: Output) {
        for (key, field) in zip(keys, record.fields) {
            output.write(key)
            write(field, to: output)
        }
        output.write(UInt8(ascii: "}"))
    }

    func finish(_ output: Output) {}

    private func write(_ field: Field, to output: Output) {
        switch field {
        case .text(let text): Self.write(text, to: output)
        case .none, .time(nil): output.write("null")
        case .time(let time?):
            output.write(UInt8(ascii: "\""))
            output.write(rfc3339: time)
            output.write(UInt8(ascii: "\""))
        case .number(let number): write(number, to: output)
        case .numbers(let numbers):
            output.write(UInt8(ascii: "["))
            for (index, number) in numbers.enumerated() {
                if index > 0 { output.write(UInt8(ascii: ",")) }
                write(number, to: output)
            }
            output.write(UInt8(ascii: "]"))
        case .integer(let integer): output.write(integer.description)
        case .flag(let flag): output.write(flag ? "true" : "false")
        }
    }

    private func write(_ number: Double, to output: Output) {
        if number.isFinite {
            output.write(NumberText.shortest(number))
        } else {
            output.write("null")
        }
    }

    /// A string of JSON (RFC 8259, 7): quotes, backslashes and control characters are escaped.
    static func write(_ text: String, to output: Output) {
        output.write(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): output.write("\\\"")
            case UInt8(ascii: "\\"): output.write("\\\\")
            case ..<0x20:
                let digits = String(byte, radix: 16)
                output.write("\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits)
            default: output.write(byte)
            }
        }
        output.write(UInt8(ascii: "\""))
    }
}
