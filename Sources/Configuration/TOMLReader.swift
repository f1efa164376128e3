import TOMLKit

/// From the bytes of a file to values. Whatever the bytes are, the outcome is a table or a problem.
enum TOMLReader {
    /// Reads a TOML document.
    /// - Parameter source: the file's name, for the problem.
    /// - Throws: a problem with the reason `unreadable` (too large) or `syntax`.
    static func read(
        _ bytes: [UInt8], source: String
    ) throws(ConfigurationProblem) -> [String: ConfigurationValue] {
        if let reason = TOMLPrecheck.problem(in: bytes) {
            throw ConfigurationProblem(source: source, reason: reason)
        }
        let document: TOMLTable
        do {
            document = try TOMLTable(string: String(decoding: bytes, as: UTF8.self))
        } catch let error as TOMLParseError {
            throw ConfigurationProblem(
                source: source,
                reason: .syntax(
                    line: error.source.begin.line, column: error.source.begin.column, oneLine(error.description)))
        } catch {
            throw ConfigurationProblem(source: source, reason: .unreadable("cannot be parsed: \(error)"))
        }
        // TOMLKit never frees a document; emptied, nothing worth mentioning remains.
        defer { document.clear() }
        return table(document)
    }

    private static func table(_ table: TOMLTable) -> [String: ConfigurationValue] {
        var result: [String: ConfigurationValue] = [:]
        // TOMLKit's own iterator asks for the number of keys again for every key.
        for key in table.keys {
            if let node = table[key] { result[key] = value(node) }
        }
        return result
    }

    private static func value(_ node: any TOMLValueConvertible) -> ConfigurationValue {
        switch node.type {
        case .string: return .string(node.string ?? "")
        case .int: return .integer(node.int ?? 0)
        case .double: return .number(node.double ?? .nan)
        case .bool: return .boolean(node.bool ?? false)
        case .array: return .array(node.array?.map(value) ?? [])
        case .table: return .table(node.table.map(table) ?? [:])
        case .date, .time, .dateTime: return .date(node.debugDescription)
        }
    }

    /// The parser quotes what it found; a control character in that must not reach the terminal.
    private static func oneLine(_ text: String) -> String {
        String(ConfigurationValue.quoted(text).dropFirst().dropLast()).replacing("\\\"", with: "\"")
    }
}
