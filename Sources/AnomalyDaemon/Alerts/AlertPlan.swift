/// Sinks that take over from others while the daemon runs, when nothing is on its way to those any more.
struct AlertPlan: Sendable {
    var members: [AlertDispatcher.Member]
    var scale: AlertScale
    /// Steady time at which it was asked for.
    var asked = SteadyClock.now
    /// Called when they have.
    var done: @Sendable () -> Void
}
