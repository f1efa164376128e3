import Foundation
import Systemd

/// Asks the service manager for more time again and again while something takes long, such as the opening of a database
/// that must be migrated, or the storing of all that is left at the end.
final class TimeoutExtender: Sendable {
    /// Time from one request to the next, in seconds.
    private static let interval = 2.0
    /// Time that each request asks for, from then on.
    private static let extent = Duration.seconds(30)
    /// Requests that are made at most, ten minutes' worth, so that what never ends is ended at last.
    private static let most = 300

    private let isOver = Monitor(false)

    /// - Parameter isAlive: whether there is anything to be hoped for. Called on a thread of its own.
    init(_ notifier: Notifier, isAlive: @escaping @Sendable () -> Bool = { true }) {
        // Not a task: the work may hold the only thread that tasks have.
        StageThread.start("time-out") { [isOver] in
            for _ in 0..<Self.most {
                let next = Date(timeIntervalSinceNow: Self.interval)
                if isOver.wait(until: next, for: { $0 }, then: { $0 }) { return }
                if isAlive() { notifier.extendTimeout(by: Self.extent) }
            }
        }
    }

    func end() { isOver.change { $0 = true } }
}
