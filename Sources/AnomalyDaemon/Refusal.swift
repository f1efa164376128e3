import Logging

/// Why a connection was not served, or not to its end, in a word that can be counted and searched for.
enum Refusal: String, Sendable {
    /// There are as many as there may be.
    case connections = "max-connections"
    case controlConnections = "control-max-connections"
    /// The peer's user may not feed, or may not change anything.
    case peer = "not-permitted"
    case controlPeer = "control-not-permitted"
    /// accept(2) failed, as the process or the machine has too many files open or too little memory.
    case resources = "no-resources"
    /// A request that is too long, or does not come to its end, or whose answer is not read.
    case controlRequest = "control-max-request"
    case controlTimeout = "control-timeout"
    /// Of HTTP: as many connections as there may be, a name that is not ours, and a change without the token.
    case webConnections = "http-max-connections"
    case webHost = "http-host"
    case webToken = "http-token"
}

/// Counts refusals and logs as many as `LogAllowance` permits.
final class RefusalLog: Sendable {
    private let log: RationedLog
    private let statistics: Statistics

    init(logger: Logger, statistics: Statistics) {
        log = RationedLog(logger)
        self.statistics = statistics
    }

    /// - Parameters:
    ///   - peer: nil if it is not known who would have come.
    ///   - detail: what was expected, or else what went wrong, by the name that the log has for it.
    func refuse(_ refusal: Refusal, _ peer: Peer?, _ detail: Logger.Metadata) {
        statistics.countRefused(refusal)
        log.tell(
            .clientRefused,
            ["reason": "\(refusal.rawValue)"].merging(detail) { first, _ in first }
                .merging(peer?.metadata ?? [:]) { first, _ in first })
    }
}
