/// Whether bytes are text. For names outside ASCII, tokens and rejected lines: not on the path of ordinary points.
enum TextCheck {
    static func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes.makeIterator()
        var parser = Unicode.UTF8.ForwardParser()
        while true {
            switch parser.parseScalar(from: &rest) {
            case .valid: continue
            case .emptyInput: return true
            case .error: return false
            }
        }
    }

    /// True for U+0000–U+001F but tab, U+007F, and U+0080–U+009F. The bytes must be UTF-8.
    static func hasControlCharacter(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var previous: UInt8 = 0
        for byte in bytes {
            if byte < 0x20 && byte != UInt8(ascii: "\t") || byte == 0x7F { return true }
            if previous == 0xC2 && byte < 0xA0 { return true }
            previous = byte
        }
        return false
    }

    /// True where Unicode sees white space outside ASCII (U+00A0, U+2003, U+3000, …). The bytes must be UTF-8.
    static func hasWideSpace(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var rest = bytes.makeIterator()
        var parser = Unicode.UTF8.ForwardParser()
        while case .valid(let encoded) = parser.parseScalar(from: &rest) {
            let scalar = Unicode.UTF8.decode(encoded)
            if !scalar.isASCII, scalar.properties.isWhitespace { return true }
        }
        return false
    }
}
