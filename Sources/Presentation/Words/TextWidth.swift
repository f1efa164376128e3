/// How many columns text takes on a terminal, and how to make it take fewer.
package enum TextWidth {
    /// Columns of `text`. Exact for what a terminal with a current Unicode table shows, one column for each
    /// character that is not wide.
    package static func of(_ text: String) -> Int {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
        return text.reduce(0) { $0 + width(of: $1) }
    }

    /// `text` cut to at most `columns`, with "…" for what was cut out of its middle: both ends of a stream's name
    /// tell it from its neighbours.
    package static func shorten(_ text: String, to columns: Int) -> String {
        guard of(text) > columns else { return text }
        guard columns > 1 else { return columns == 1 ? "…" : "" }
        let tail = (columns - 1) / 2
        let end = take(text.reversed(), columns: tail)
        return String(take(text, columns: columns - 1 - tail)) + "…" + String(end.reversed())
    }

    /// `text` without what could steer the terminal or hide text: control and format characters become "�".
    ///
    /// Names come from whoever may write to the feed, and are shown on the terminal of whoever looks.
    package static func harmless(_ text: String) -> String {
        let isHarmful = { (scalar: Unicode.Scalar) in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: true
            default: false
            }
        }
        guard text.unicodeScalars.contains(where: isHarmful) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { result.append(isHarmful(scalar) ? "\u{FFFD}" : scalar) }
        return String(result)
    }

    private static func take(_ text: some Sequence<Character>, columns: Int) -> [Character] {
        var left = columns
        return Array(
            text.prefix { character in
                left -= width(of: character)
                return left >= 0
            })
    }

    private static func width(of character: Character) -> Int {
        guard let scalar = character.unicodeScalars.first else { return 0 }
        if scalar.properties.generalCategory == .nonspacingMark { return 0 }
        return wide.contains { $0.contains(scalar.value) } ? 2 : 1
    }

    /// The blocks with East Asian Width W or F (UAX #11), and the emoji.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
        0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6,
        0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF, 0x20000...0x3FFFD,
    ]
}
