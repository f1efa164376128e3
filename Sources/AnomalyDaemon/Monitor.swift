import Foundation

/// A value that threads share, and the condition that they wait for. The value is only reachable with the lock held.
final class Monitor<Value>: @unchecked Sendable {
    private let condition = NSCondition()
    private var value: Value

    init(_ value: Value) { self.value = value }

    func with<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        condition.lock()
        defer { condition.unlock() }
        return try body(&value)
    }

    /// Like `with`, and wakes all who wait.
    func change<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
        condition.lock()
        defer {
            condition.broadcast()
            condition.unlock()
        }
        return try body(&value)
    }

    /// Waits until `isReady`, at most until `deadline` if there is one, and then calls `body` in either case.
    func wait<Result>(
        until deadline: Date? = nil, for isReady: (Value) -> Bool, then body: (inout Value) -> Result
    ) -> Result {
        condition.lock()
        defer { condition.unlock() }
        while !isReady(value) {
            // Not `wait(until: .distantFuture)`, which traps on Linux.
            guard let deadline else {
                condition.wait()
                continue
            }
            if !condition.wait(until: deadline) { break }
        }
        return body(&value)
    }
}
