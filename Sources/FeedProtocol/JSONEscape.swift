/// What follows a backslash in a JSON string.
enum JSONEscape {
    /// The character that it stands for, or nil; steps over it. Characters outside the first 65,536 are written as two surrogates, neither of
    /// which is one by itself.
    static func take(_ text: inout ByteCursor) -> Unicode.Scalar? {
        guard !text.isAtEnd else { return nil }
        let byte = text.byte
        text.advance()
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: return nil
        }
        guard let unit = takeUnit(&text) else { return nil }
        guard 0xD800..<0xDC00 ~= unit else { return Unicode.Scalar(unit) }
        guard text.take(UInt8(ascii: "\\")), text.take(UInt8(ascii: "u")), let low = takeUnit(&text),
            0xDC00..<0xE000 ~= low
        else { return nil }
        return Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
    }

    /// Four hexadecimal digits.
    private static func takeUnit(_ text: inout ByteCursor) -> UInt32? {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(text.byteOrNUL)).hexDigitValue else { return nil }
            unit = unit << 4 | UInt32(digit)
            text.advance()
        }
        return unit
    }
}
