import FeedProtocol

/// What rsyslog's omprog with `confirmMessages="on"` waits for on stdout, before it sends the next line: `OK` when the
/// program is ready, `OK` for each line, and with `useTransactions="on"` `OK` for the marks around a transaction and
/// `DEFER_COMMIT` for each line in it (https://www.rsyslog.com/doc/configuration/modules/omprog.html).
///
/// `OK` means that the line is committed, or rejected and counted: rsyslog would send a line again and again that was
/// answered otherwise, and a line that can't be read never can.
struct RsyslogConfirmation {
    /// What is said when the program is ready.
    static let ready = Array("OK\n".utf8)

    private static let begin = Array("BEGIN TRANSACTION".utf8)
    private static let commit = Array("COMMIT TRANSACTION".utf8)

    private var isInTransaction = false
    /// The beginning of a line that may become a mark.
    private var head: [UInt8] = []
    /// Whether the line that is coming is none.
    private var isOrdinary = false

    /// Hands the lines in `bytes` to a feed, without the marks, and says what is to be answered.
    ///
    /// - Parameter answer: gets an answer, with its end, when the lines that it is about are handed on.
    mutating func consume(
        _ bytes: UnsafeRawBufferPointer, into feed: inout FeedSession,
        answer: (_ line: [UInt8], FeedSession.AnswerTime) -> Void
    ) {
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            take(rest[..<end], into: &feed)
            endLine(&feed, answer)
            rest = rest[(end + 1)...]
        }
        take(rest, into: &feed)
    }

    /// The input has ended: what stands behind the last newline is a line, which nobody waits for an answer to.
    mutating func finish(_ feed: inout FeedSession) {
        head.withUnsafeBytes { feed.consume($0) }
        head = []
    }

    private mutating func take(_ piece: Slice<UnsafeRawBufferPointer>, into feed: inout FeedSession) {
        if !isOrdinary {
            head += piece
            if head.count <= Self.commit.count { return }
            isOrdinary = true
            head.withUnsafeBytes { feed.consume($0) }
            head.removeAll(keepingCapacity: true)
        } else {
            feed.consume(UnsafeRawBufferPointer(rebasing: piece))
        }
    }

    private mutating func endLine(_ feed: inout FeedSession, _ answer: ([UInt8], FeedSession.AnswerTime) -> Void) {
        defer {
            head.removeAll(keepingCapacity: true)
            isOrdinary = false
        }
        if !isOrdinary, head == Self.begin {
            isInTransaction = true
            return answer(Self.ready, .now)
        }
        if !isOrdinary, head == Self.commit {
            isInTransaction = false
            return answer(Self.ready, .whenCommitted)
        }
        head.append(UInt8(ascii: "\n"))
        head.withUnsafeBytes { feed.consume($0) }
        if isInTransaction { answer(Array("DEFER_COMMIT\n".utf8), .now) } else { answer(Self.ready, .whenCommitted) }
    }
}
