/// What a line that need not be a plain one looks like.
///
/// A line that could be both is plain: finding the format changes nothing in what the plain format takes, except that a
/// line beginning with `{` is JSON, and that a NAME with labels in braces behind it is a sample of OpenMetrics.
enum LineShape {
    case influx
    case collectd
    /// With labels: without, it is a plain line.
    case sample
    /// Which is not read where the format is found: it has no points without a clock.
    case statsD

    /// - returns: nil for a line that looks like nothing else.
    init?(_ line: UnsafeRawBufferPointer) {
        if Self.isPUTVAL(line) {
            self = .collectd
        } else if Self.isSample(line) {
            self = .sample
        } else if Self.isInflux(line) {
            self = .influx
        } else if Self.isStatsD(line) {
            self = .statsD
        } else {
            return nil
        }
    }

    private static func isPUTVAL(_ line: UnsafeRawBufferPointer) -> Bool {
        line.count > 7 && ByteCursor.isBlank(line[6]) && CollectdDecoder.isPUTVAL(line[..<6])
    }

    /// `name{label="`.
    private static func isSample(_ line: UnsafeRawBufferPointer) -> Bool {
        guard var text = ByteCursor(line) else { return false }
        guard OpenMetricsDecoder.takeName(&text), text.take(UInt8(ascii: "{")) else { return false }
        text.skipBlanks()
        return OpenMetricsDecoder.takeName(&text) && text.take(UInt8(ascii: "=")) && text.take(UInt8(ascii: "\""))
    }

    /// `name:…|`.
    private static func isStatsD(_ line: UnsafeRawBufferPointer) -> Bool {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0 else { return false }
        return line[colon...].contains(UInt8(ascii: "|"))
    }

    /// An equals sign in what follows the first space that is not escaped, with something before it and no space.
    private static func isInflux(_ line: UnsafeRawBufferPointer) -> Bool {
        guard var text = ByteCursor(line) else { return false }
        skip(&text)
        text.skipBlanks()
        let start = text.position
        skip(&text, to: UInt8(ascii: "="))
        return text.position > start && text.byteOrNUL == UInt8(ascii: "=")
    }

    /// Steps up to a space or `stop`, over what is escaped.
    private static func skip(_ text: inout ByteCursor, to stop: UInt8 = UInt8(ascii: " ")) {
        while !text.isAtEnd, text.byte != UInt8(ascii: " "), text.byte != stop {
            if text.take(UInt8(ascii: "\\")), text.isAtEnd { return }
            text.advance()
        }
    }
}
