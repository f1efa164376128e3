/// When a stream is checkpointed: once in each interval in which it has news, at a moment of the interval that is its
/// own. Streams that begin together, are restored together or get points together are not checkpointed together.
///
/// Times are microseconds of a clock that never jumps.
package struct CheckpointSchedule: Sendable {
    /// From the turn of one id to that of the next, in microseconds: a prime, so that they spread over any interval.
    private static let step: Int64 = 7_919_033

    private let interval: Int64
    /// The stream's next turn.
    private var next: Int64

    /// - Parameters:
    ///   - stream: its id, which decides the moment.
    ///   - interval: above 0.
    package init(stream: Int32, interval: Int64, now: Int64) {
        self.interval = interval
        next = now + Int64(stream) * Self.step % interval
    }

    /// Whether the time has come. To be asked several times in an interval: a stream without news waits for its next
    /// turn, so that it is not due as soon as it has some.
    package mutating func isDue(_ now: Int64, hasNews: Bool) -> Bool {
        if now < next { return false }
        if hasNews { return true }
        wait(after: now)
        return false
    }

    /// A checkpoint has been made.
    package mutating func done(_ now: Int64) { wait(after: now) }

    private mutating func wait(after now: Int64) {
        if now >= next { next += ((now - next) / interval + 1) * interval }
    }
}
