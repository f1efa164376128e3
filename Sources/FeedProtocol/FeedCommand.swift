/// What a client asks of the daemon in its feed: a line that begins with `!`.
public enum FeedCommand: Equatable, Sendable {
    /// `!sync TOKEN`: say `!synced TOKEN` once all lines before this one are stored.
    case sync(token: [UInt8])
    /// `!ping TOKEN`: say `!pong TOKEN` at once.
    case ping(token: [UInt8])

    /// Reads a line that begins with `!`. TOKEN is all that follows the first space, byte for byte, so that a client
    /// finds in the answer exactly what it sent: 1 to 255 bytes of UTF-8 without control characters.
    ///
    /// - throws: `FeedLineError` with the reason `command`, `utf8` or `control`.
    init(line: UnsafeRawBufferPointer) throws(FeedLineError) {
        var verbEnd = 0
        while verbEnd < line.count, line[verbEnd] != UInt8(ascii: " ") { verbEnd += 1 }
        let token = UnsafeRawBufferPointer(rebasing: line[min(verbEnd + 1, line.count)...])
        let verb = line[..<verbEnd]
        let isSync = verb.elementsEqual("!sync".utf8)
        guard isSync || verb.elementsEqual("!ping".utf8) else {
            throw FeedLineError(.command, "expected !sync TOKEN or !ping TOKEN after a leading '!'")
        }
        guard 1...255 ~= token.count else {
            throw FeedLineError(.command, "expected a TOKEN of 1 to 255 bytes after !sync or !ping")
        }
        guard TextCheck.isUTF8(token) else { throw .invalidUTF8 }
        // A tab separates fields elsewhere; in a token it would come back as the control character that it is.
        guard !token.contains(UInt8(ascii: "\t")), !TextCheck.hasControlCharacter(token) else {
            throw .controlCharacter
        }
        self = isSync ? .sync(token: Array(token)) : .ping(token: Array(token))
    }
}
