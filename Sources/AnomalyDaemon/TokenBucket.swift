/// Leave to do something that costs: `burst` times at once, and `perSecond` times a second in the long run.
package struct TokenBucket: Sendable {
    private let perSecond: Int64
    /// Room for tokens, and tokens, in millionths: one microsecond brings `perSecond` of them.
    private let room: Int64
    private var level: Int64
    /// Until when tokens have been filled in, in microseconds of a clock that never jumps.
    private var filled: Int64

    /// A full bucket.
    ///
    /// - Parameters:
    ///   - perSecond: 1 to 1,000,000.
    ///   - burst: 1 to 10,000,000.
    package init(perSecond: Int, burst: Int, now: Int64) {
        self.perSecond = Int64(perSecond)
        room = Int64(burst) * 1_000_000
        level = room
        filled = now
    }

    /// Takes a token.
    ///
    /// - Returns: false if there is none.
    package mutating func take(at now: Int64) -> Bool {
        // Longer than it takes to fill is as good, and can't overflow.
        let passed = min(max(0, now - filled), room / perSecond + 1)
        level = min(room, level + passed * perSecond)
        filled = max(filled, now)
        guard level >= 1_000_000 else { return false }
        level -= 1_000_000
        return true
    }
}
