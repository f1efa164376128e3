/// A TOML value, detached from the parser that read it.
package enum ConfigurationValue: Sendable, Equatable {
    case string(String)
    case integer(Int)
    case number(Double)
    case boolean(Bool)
    case array([ConfigurationValue])
    case table([String: ConfigurationValue])
    /// A date or a time. No key takes one, so its text is enough.
    case date(String)

    /// The value as TOML on one line.
    package var toml: String {
        switch self {
        case .string(let text): return Self.quoted(text)
        case .integer(let value): return String(value)
        case .number(let value): return Self.toml(value)
        case .boolean(let value): return String(value)
        case .array(let values): return "[" + values.map(\.toml).joined(separator: ", ") + "]"
        case .table(let table):
            let pairs = table.sorted { $0.key < $1.key }.map { Self.key($0.key) + " = " + $0.value.toml }
            return pairs.isEmpty ? "{}" : "{ " + pairs.joined(separator: ", ") + " }"
        case .date(let text): return text
        }
    }

    /// Whether the value is what `[NAME]` or `[[NAME]]` begins.
    var isSection: Bool {
        switch self {
        case .table: return true
        case .array(let values):
            if case .table = values.first { return true }
            return false
        default: return false
        }
    }

    /// The value for an error message: its text, cut where it gets long, and its type.
    package var excerpt: String {
        let text = toml
        return (text.count > 60 ? text.prefix(57) + "…" : text[...]) + " (\(typeName))"
    }

    private var typeName: String {
        switch self {
        case .string: return "a string"
        case .integer: return "an integer"
        case .number: return "a decimal number"
        case .boolean: return "a boolean"
        case .array: return "an array"
        case .table: return "a table"
        case .date: return "a date or time"
        }
    }

    private static func toml(_ value: Double) -> String {
        if value.isNaN { return "nan" }
        return value.isInfinite ? (value < 0 ? "-inf" : "inf") : "\(value)"
    }

    /// A key, quoted where TOML demands it.
    package static func key(_ name: String) -> String {
        let isBare = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                return true
            default: return false
            }
        }
        return isBare && !name.isEmpty ? name : quoted(name)
    }

    /// A basic string. Control characters are escaped, so that a message never changes the terminal.
    package static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case _ where scalar.properties.generalCategory == .control:
                let digits = String(scalar.value, radix: 16, uppercase: true)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
