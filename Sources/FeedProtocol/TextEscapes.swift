/// How a format spells in a piece of text what it cannot hold as it is.
enum TextEscapes {
    case none
    /// A backslash before a comma, an equals sign or a space; before anything else it is itself.
    case influx
    /// Those of JSON strings, which must have been checked.
    case json
    /// A backslash before a backslash or a quote, and `\n` for a line feed.
    case quoted

    /// Appends what a text stands for.
    func unescape(_ text: ByteCursor, into bytes: inout [UInt8]) {
        var text = text
        while !text.isAtEnd {
            let byte = text.byte
            text.advance()
            guard byte == UInt8(ascii: "\\"), !text.isAtEnd, self != .none else {
                bytes.append(byte)
                continue
            }
            if self == .json {
                if let scalar = JSONEscape.take(&text), let encoded = UTF8.encode(scalar) { bytes += encoded }
                continue
            }
            let next = text.byte
            text.advance()
            switch (self, next) {
            case (.influx, UInt8(ascii: ",")), (.influx, UInt8(ascii: "=")), (.influx, UInt8(ascii: " ")): break
            case (.influx, _): bytes.append(byte)
            case (_, UInt8(ascii: "n")):
                bytes.append(UInt8(ascii: "\n"))
                continue
            default: break
            }
            bytes.append(next)
        }
    }
}
