package import Foundation

/// Messages between two stages, in order. Each has a weight (points, mostly); once the weight of those that wait has
/// reached the capacity, whoever pushes must stop until the reader has emptied the queue.
///
/// Threads wait in `push`. Event loops must not wait: they use `pushWithoutWaiting` and ask to be called back.
package final class BoundedQueue<Message: Sendable>: Sendable {
    private struct Contents {
        var messages: [Message] = []
        var weight = 0
        var waiting: [@Sendable () -> Void] = []
    }

    package let capacity: Int
    private let contents = Monitor(Contents())

    package init(capacity: Int) { self.capacity = capacity }

    package var isEmpty: Bool { contents.with { $0.messages.isEmpty } }

    /// Weight of what waits.
    package var weight: Int { contents.with { $0.weight } }

    /// Adds a message even if the queue is full.
    ///
    /// - Returns: true if there is room for more. If false, `whenEmptied` will be called once, on the reader's thread.
    package func pushWithoutWaiting(
        _ message: Message, weight: Int, whenEmptied: (@Sendable () -> Void)? = nil
    ) -> Bool {
        contents.change { contents in
            contents.messages.append(message)
            contents.weight += weight
            if contents.weight < capacity { return true }
            if let whenEmptied { contents.waiting.append(whenEmptied) }
            return false
        }
    }

    /// Whether there is room. If not, `whenEmptied` will be called once, on the reader's thread.
    package func hasRoom(orCall whenEmptied: @escaping @Sendable () -> Void) -> Bool {
        contents.with { contents in
            if contents.weight < capacity { return true }
            contents.waiting.append(whenEmptied)
            return false
        }
    }

    /// Adds a message once there is room. `whileWaiting` is called about ten times a second until then.
    package func push(_ message: Message, weight: Int, whileWaiting: () -> Void = {}) {
        while true {
            let pushed = contents.wait(until: Date(timeIntervalSinceNow: 0.1)) {
                $0.weight < capacity
            } then: {
                $0.weight < capacity
            }
            if pushed { break }
            whileWaiting()
        }
        // Only one thread fills the last gap; a few batches too many do no harm.
        _ = pushWithoutWaiting(message, weight: weight)
    }

    /// Takes all that waits; waits for something at most until `deadline`.
    package func takeAll(until deadline: Date) -> [Message] {
        let (messages, waiting) = contents.wait(until: deadline) {
            !$0.messages.isEmpty
        } then: { contents in
            let taken = (contents.messages, contents.waiting)
            contents = Contents()
            return taken
        }
        if !messages.isEmpty {
            contents.change { _ in }  // who waits for room
            waiting.forEach { $0() }
        }
        return messages
    }
}
