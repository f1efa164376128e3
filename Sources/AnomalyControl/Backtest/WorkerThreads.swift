import Foundation

/// Threads for work that takes all cores for a while.
enum WorkerThreads {
    /// Runs `work` on `count` threads at once, and waits for all of them.
    ///
    /// Not Dispatch, which runs no more blocks at once than there are cores and complains on standard error where it may
    /// not set priorities.
    ///
    /// - Parameter meanwhile: called on this thread some ten times a second and once after the end.
    static func run(_ count: Int, _ work: @escaping @Sendable () -> Void, meanwhile: () -> Void) {
        let condition = NSCondition()
        let running = Counter(count)
        for _ in 0..<count {
            Thread {
                work()
                condition.withLock {
                    running.value -= 1
                    condition.signal()
                }
            }.start()
        }
        while true {
            let isDone = condition.withLock {
                if running.value > 0 { _ = condition.wait(until: Date(timeIntervalSinceNow: 0.1)) }
                return running.value == 0
            }
            meanwhile()
            if isDone { break }
        }
    }

    /// Only used with the condition's lock held.
    private final class Counter: @unchecked Sendable {
        var value: Int
        init(_ value: Int) { self.value = value }
    }
}
