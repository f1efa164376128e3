import Foundation

/// Threads that do one job after the other together, thousands of them: too many to start threads for each.
final class ThreadTeam: Sendable {
    private let desk: Desk

    /// - Parameter count: threads that work at once, the caller's among them.
    init(_ count: Int) {
        let desk = Desk()
        self.desk = desk
        for _ in 1..<max(2, count + 1) where count > 1 {
            Thread { while desk.work(for: .helper) {} }.start()
        }
    }

    deinit { desk.close() }

    /// Calls `body` once with each of 0 ..< count and returns when all have returned. One job at a time.
    func run(_ count: Int, _ body: @Sendable (Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            desk.open(Job(body: body, count: count))
            _ = desk.work(for: .caller)
        }
    }

    private struct Job {
        let body: @Sendable (Int) -> Void
        let count: Int
        /// The next part to be taken, and those that have been done.
        var next = 0
        var done = 0
    }

    private enum Worker { case caller, helper }

    private final class Desk: @unchecked Sendable {
        // @unchecked: all but `condition` is used with it locked.
        private let condition = NSCondition()
        private var job: Job?
        private var isClosed = false

        func open(_ job: Job) { change { self.job = job } }

        func close() { change { isClosed = true } }

        /// Works on the job until its last part has been taken. The caller waits until all are done and takes the job
        /// away; a helper waits for the next job.
        ///
        /// - Returns: false when there will be none.
        func work(for worker: Worker) -> Bool {
            condition.lock()
            defer { condition.unlock() }
            while true {
                if isClosed { return false }
                if let current = job, current.next < current.count {
                    job?.next += 1
                    condition.unlock()
                    current.body(current.next)
                    condition.lock()
                    job?.done += 1
                    condition.broadcast()
                } else if worker == .caller, let current = job, current.done == current.count {
                    job = nil
                    return true
                } else {
                    condition.wait()
                }
            }
        }

        private func change(_ body: () -> Void) {
            condition.lock()
            body()
            condition.broadcast()
            condition.unlock()
        }
    }
}
