/// Commits that keep failing: how long to wait before the next attempt, and what the journal hears of it.
///
/// It decides only; the writer acts. Times are steady, in microseconds.
package struct StorageTrouble: Sendable {
    /// Pause after the first failed attempt; doubled after each further one.
    package static let shortestPause: Int64 = 250_000
    package static let longestPause: Int64 = 5_000_000
    /// How often the journal is reminded of trouble that lasts.
    package static let reminderInterval: Int64 = 600_000_000

    private var since: Int64?
    private var attempts = 0
    private var nextReminder: Int64 = 0

    package init() {}

    /// What to do after a failed attempt.
    package struct Advice: Sendable, Equatable {
        package enum Message: Sendable, Equatable {
            case none
            case began
            /// It has lasted for so many seconds.
            case lasts(seconds: Int64)
        }

        package var message: Message
        package var pause: Int64
    }

    /// How it ended.
    package struct End: Sendable, Equatable {
        package var seconds: Double
        package var attempts: Int
    }

    package mutating func failed(now: Int64) -> Advice {
        attempts += 1
        let pause = min(Self.longestPause, Self.shortestPause << min(attempts - 1, 10))
        guard let since else {
            since = now
            nextReminder = now + Self.reminderInterval
            return Advice(message: .began, pause: pause)
        }
        if now < nextReminder { return Advice(message: .none, pause: pause) }
        nextReminder = now + Self.reminderInterval
        return Advice(message: .lasts(seconds: (now - since) / 1_000_000), pause: pause)
    }

    /// - Returns: how the trouble ended; nil if there was none.
    package mutating func succeeded(now: Int64) -> End? {
        guard let since else { return nil }
        defer { self = StorageTrouble() }
        return End(seconds: Double(now - since) / 1e6, attempts: attempts)
    }
}
