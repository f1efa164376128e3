/// On which line of a TOML document each key stands, which the parser does not tell.
///
/// A key in an inline table (`model = { hidden = 8 }`) stands on the line where that begins.
struct TOMLLines: Sendable {
    /// Sections that there may be any number of.
    static let repeated = ["stream", AlertSinkSettings.sectionName, MuteWindow.sectionName]

    /// Counted from 1, by path: `model.hidden`, `stream 2.model.hidden`.
    private var lines: [String: Int] = [:]

    /// No document: no key has a line.
    init() {}

    /// - Parameter bytes: a document that the parser has accepted.
    init(_ bytes: [UInt8]) {
        var scanner = TOMLScanner(bytes: bytes)
        guard scanner.scan() == nil else { return }
        var header: [String] = []
        var sections: [String: Int] = [:]
        var line = 1
        var counted = 0
        for start in scanner.statements {
            line += bytes[counted..<start].count { $0 == UInt8(ascii: "\n") }
            counted = start
            let statement = bytes[start...]
            if statement.starts(with: [UInt8(ascii: "["), UInt8(ascii: "[")]) {
                header = Self.key(statement.dropFirst(2))
                if header.count == 1, Self.repeated.contains(header[0]) {
                    sections[header[0], default: 0] += 1
                    header = ["\(header[0]) \(sections[header[0]] ?? 1)"]
                }
            } else if statement.first == UInt8(ascii: "[") {
                header = Self.key(statement.dropFirst())
                if let first = header.first, let count = sections[first] { header[0] = "\(first) \(count)" }
            } else {
                note(header + Self.key(statement), line)
                continue
            }
            note(header, line)
        }
    }

    /// The line of a key, or else of the nearest thing that it is in; nil if there is neither.
    /// - Parameter path: parts as `ConfigurationValue.key(_:)` writes them, with dots between.
    func line(of path: String) -> Int? {
        var rest = path[...]
        while true {
            if let line = lines[String(rest)] { return line }
            guard let dot = rest.lastIndex(of: ".") else { break }
            rest = rest[..<dot]
        }
        return Self.repeated.first { path.hasPrefix($0 + " ") }.flatMap { lines[$0] }
    }

    /// Of a key, and of all that it is in, the first line that says something of it counts.
    private mutating func note(_ path: [String], _ line: Int) {
        for count in path.indices {
            let path = path[...count].joined(separator: ".")
            if lines[path] == nil { lines[path] = line }
        }
    }

    /// The parts of the dotted key that the bytes begin with. Escape sequences stay as they are: no key of ours has any.
    private static func key(_ bytes: ArraySlice<UInt8>) -> [String] {
        var parts: [String] = []
        var rest = bytes
        while let first = rest.first {
            switch first {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "."):
                rest = rest.dropFirst()
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                let part = rest.dropFirst().prefix { $0 != first }
                parts.append(ConfigurationValue.key(String(decoding: part, as: UTF8.self)))
                rest = rest.dropFirst(part.count + 2)
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                let part = rest.prefix { byte in
                    ![UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "."), UInt8(ascii: "="), UInt8(ascii: "]")]
                        .contains(byte)
                }
                parts.append(String(decoding: part, as: UTF8.self))
                rest = rest.dropFirst(part.count)
            default: return parts
            }
        }
        return parts
    }
}
