/// Why a line of a feed was rejected, and what was expected instead.
public struct FeedLineError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong, in a word that can be counted and searched for.
    public enum Reason: String, Sendable, CaseIterable {
        /// NAME is empty, too long, or holds white space.
        case name
        /// A VALUE is no finite decimal number.
        case value
        /// TIMESTAMP cannot be read or lies outside `FeedTime.range`.
        case timestamp
        /// Too few or too many fields.
        case fields
        /// The values are not as many as the stream has channels. Found by whoever knows the stream, not here.
        case width
        /// There are as many streams as there may be. Found by whoever knows them, as the next two.
        case maxStreams = "max-streams"
        /// The connection has founded as many streams as it may.
        case clientStreams = "client-streams"
        /// New streams come faster than they may.
        case newStreams = "new-streams"
        /// A CSV header without the needed columns.
        case header
        /// An unknown `!` command, or one without a proper token.
        case command
        /// The bytes are not UTF-8.
        case utf8
        /// A control character, NUL for instance.
        case control
        /// The line is longer than allowed.
        case tooLong = "too-long"
        /// The client left in the middle of the line.
        case unterminated
        /// The line's beginning has gone down with a daemon that died.
        case interrupted
    }

    public var reason: Reason
    /// What was expected, as the end of a sentence: "expected …".
    public var message: String

    public init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }

    public var description: String { "\(reason.rawValue): \(message)" }
}

extension FeedLineError {
    /// The same error, or the deeper one behind it: bytes that are no text at all explain a wrong field better than
    /// the field does. Reads the whole line, so it is for rejected lines only.
    func explained(by line: UnsafeRawBufferPointer) -> FeedLineError {
        switch reason {
        case .utf8, .control, .tooLong, .unterminated, .interrupted, .width, .maxStreams, .clientStreams, .newStreams:
            return self
        case .name, .value, .timestamp, .fields, .header, .command: break
        }
        if !TextCheck.isUTF8(line) { return .invalidUTF8 }
        if TextCheck.hasControlCharacter(line) { return .controlCharacter }
        return self
    }

    static var invalidUTF8: FeedLineError { FeedLineError(.utf8, "expected UTF-8, found bytes that are not") }

    static var controlCharacter: FeedLineError {
        FeedLineError(.control, "expected text without control characters")
    }
}
