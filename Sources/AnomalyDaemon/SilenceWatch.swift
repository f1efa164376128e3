/// When a stream has been silent for so long that it is an anomaly by itself.
///
/// A detector knows which silence that is, by the times of the points; how long nothing has come is a matter of the
/// daemon's clock. The two agree for a stream that is live: whose newest point was about as old as its arrival. Recorded
/// series that are fed in, and streams that somebody fed years ago, are not waited for.
///
/// Senders that collect points and send them together are silent in between: so it must also be twice the longest pause
/// between two arrivals.
package struct SilenceWatch: Sendable {
    /// Nobody is missed so soon after the start, in microseconds: after a boot, senders start, too.
    package static let grace: Int64 = 600_000_000
    /// A silence is no shorter than this, in microseconds: a machine may be busy for a moment.
    package static let shortest: Int64 = 5_000_000
    /// Pause between two looks at a stream that is not to be waited for yet, in microseconds.
    private static let look: Int64 = 1_000_000
    /// How old the newest point of a live stream may be when it comes, in any case, in microseconds.
    private static let mostLag: Int64 = 60_000_000

    /// Steady time of the last arrival; nil if none has come in this run.
    package var arrival: Int64? { lastArrival == .min ? nil : lastArrival }
    private var lastArrival = Int64.min
    private var longestPause: Int64 = 0
    /// Steady time before which there is nothing to look for.
    private var next = Int64.min

    package init() {}

    /// Points have come, at this steady time.
    package mutating func arrived(_ now: Int64) {
        if let arrival { longestPause = max(longestPause, now - arrival) }
        lastArrival = now
    }

    package func isDue(_ now: Int64) -> Bool { now >= next }

    /// Whether the stream is silent now.
    ///
    /// - Parameters:
    ///   - patience: longest silence that is none, in microseconds; nil if none is.
    ///   - newest: time of the newest point, in microseconds since 1970.
    ///   - run: when the daemon was started.
    package mutating func isSilent(
        patience: Int64?, newest: Int64, run: RunStart, now: Int64, wall: Int64
    ) -> Bool {
        guard let patience else {
            next = now + Self.look
            return false
        }
        let silence = max(patience, Self.shortest, 2 * longestPause)
        let since = arrival ?? run.steady + Self.grace
        if now - since < silence {
            next = max(now + Self.look, since.addingReportingOverflow(silence).partialValue)
            return false
        }
        next = now + Self.look
        // How old the newest point was when it came; of an earlier run, when that run last stored something.
        let moment = arrival.map { wall - (now - $0) } ?? run.lastStored
        guard let moment, newest != .min else { return false }
        let (lag, overflow) = moment.subtractingReportingOverflow(newest)
        return !overflow && lag.magnitude <= UInt64(max(silence, Self.mostLag))
    }
}

/// The moment at which the daemon was started.
package struct RunStart: Sendable {
    /// By the steady clock, in microseconds.
    package var steady: Int64
    /// When the last run stored something, in microseconds since 1970; nil if there was none.
    package var lastStored: Int64?

    package init(steady: Int64, lastStored: Int64?) {
        self.steady = steady
        self.lastStored = lastStored
    }
}
