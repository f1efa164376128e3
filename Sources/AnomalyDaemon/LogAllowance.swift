/// Leave to log, for messages that others can cause: `burst` at once, and one a second in the long run.
struct LogAllowance: Sendable {
    static let burst = 10

    private var tokens = Self.burst
    private var refilled = SteadyClock.now
    private var suppressed = 0

    /// Asks for leave to log one message.
    ///
    /// - Returns: how many were suppressed since the last one; nil if this one must be.
    mutating func take() -> Int? {
        let now = SteadyClock.now
        let seconds = Int((now - refilled) / 1_000_000)
        if seconds > 0 {
            tokens = min(Self.burst, tokens + seconds)
            refilled = now
        }
        guard tokens > 0 else {
            suppressed += 1
            return nil
        }
        tokens -= 1
        defer { suppressed = 0 }
        return suppressed
    }
}
