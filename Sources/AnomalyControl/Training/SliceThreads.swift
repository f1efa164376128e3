import Foundation
import Synchronization

/// Threads that wait for work in a few parts, many times a second: the slices of mini-batches.
///
/// Not Dispatch, for the reasons that `WorkerThreads` gives; and not `WorkerThreads`, which starts threads anew.
package final class SliceThreads: Sendable {
    /// Only touched with the condition's lock held.
    private final class State: @unchecked Sendable {
        let condition = NSCondition()
        var body: (@Sendable (Int) -> Void)?
        /// Parts in all, the next one to begin, and those that are done.
        var count = 0
        var next = 0
        var done = 0
        var isOver = false
        /// Counts whatever a thread may wait for: new work, and its end. Also read without the lock.
        let news = Atomic(0)

        /// A part to do, or nil. The lock is held.
        func take() -> (part: Int, body: @Sendable (Int) -> Void)? {
            guard next < count, let body else { return nil }
            defer { next += 1 }
            return (next, body)
        }

        /// Does parts until none is left. The lock is held, but not while a part is done.
        func work() {
            while let (part, body) = take() {
                condition.unlock()
                body(part)
                condition.lock()
                done += 1
                if done == count { tell() }
            }
        }

        func tell() {
            news.wrappingAdd(1, ordering: .releasing)
            condition.broadcast()
        }

        /// Waits for news, for a few microseconds without going to sleep: small networks finish a mini-batch in less
        /// time than it takes to wake up. The lock is held, but not while waiting.
        func wait() {
            let old = news.load(ordering: .relaxed)
            condition.unlock()
            var looks = 0
            while looks < SliceThreads.patience, news.load(ordering: .acquiring) == old {
                looks += 1
                sched_yield()
            }
            condition.lock()
            if news.load(ordering: .relaxed) == old { condition.wait() }
        }
    }

    /// Looks for news before a thread goes to sleep; other programs may run between two of them.
    private static let patience = 200

    private let state = State()

    /// - Parameter count: threads that work at once, the caller's among them; 1 or more.
    package init(_ count: Int) {
        let state = state
        for _ in 1..<max(1, count) {
            Thread {
                state.condition.withLock {
                    while !state.isOver {
                        state.work()
                        if !state.isOver { state.wait() }
                    }
                }
            }.start()
        }
    }

    deinit {
        state.condition.withLock {
            state.isOver = true
            state.tell()
        }
    }

    /// Calls `body` with each of 0 ..< `count`, and returns when all calls have returned. One caller at a time.
    package func run(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        state.condition.withLock {
            state.body = body
            (state.count, state.next, state.done) = (count, 0, 0)
            state.tell()
            state.work()
            while state.done < count { state.wait() }
            state.body = nil
        }
    }
}
