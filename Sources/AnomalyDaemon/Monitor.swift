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

    /// Waits until `isReady`, at most until `deadline`, and then calls `body` in either case.
    func wait<Result>(
        until deadline: Date = .distantFuture, for isReady: (Value) -> Bool, then body: (inout Value) -> Result
    ) -> Result {
        condition.lock()
        defer { condition.unlock() }
        while !isReady(value), condition.wait(until: deadline) {}
        return body(&value)
    }
}
