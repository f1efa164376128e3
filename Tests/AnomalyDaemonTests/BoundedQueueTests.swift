import AnomalyDaemon
import Foundation
import Synchronization
import Testing

@Suite struct BoundedQueueTests {
    private func later(_ seconds: Double) -> Date { Date(timeIntervalSinceNow: seconds) }

    @Test func messagesComeOutInOrderAndAllAtOnce() {
        let queue = BoundedQueue<Int>(capacity: 100)
        for number in 1...5 { #expect(queue.pushWithoutWaiting(number, weight: 10)) }
        #expect(queue.weight == 50)
        #expect(queue.takeAll(until: .distantPast) == [1, 2, 3, 4, 5])
        #expect(queue.weight == 0)
        #expect(queue.takeAll(until: .distantPast) == [])
    }

    @Test func takingWaitsUntilTheDeadlineAndNoLonger() {
        let queue = BoundedQueue<Int>(capacity: 1)
        let start = ContinuousClock.now
        #expect(queue.takeAll(until: later(0.1)) == [])
        #expect(ContinuousClock.now - start >= .milliseconds(95))
        Thread.detachNewThread {
            usleep(50_000)
            _ = queue.pushWithoutWaiting(7, weight: 0)
        }
        // Even what weighs nothing wakes the reader.
        #expect(queue.takeAll(until: later(60)) == [7])
    }

    /// Nothing is refused: whoever is told that the queue is full stops by itself, and is called back once.
    @Test func aFullQueueSaysSoAndCallsBack() {
        let queue = BoundedQueue<Int>(capacity: 10)
        let calls = Mutex<[Int]>([])
        func push(_ number: Int, _ weight: Int) -> Bool {
            queue.pushWithoutWaiting(number, weight: weight) { calls.withLock { $0.append(number) } }
        }
        #expect(push(1, 9))
        #expect(!push(2, 1))
        #expect(!push(3, 50))
        #expect(calls.withLock { $0 } == [])
        #expect(queue.takeAll(until: .distantPast) == [1, 2, 3])
        #expect(calls.withLock { $0 } == [2, 3])
        #expect(push(4, 9))
        #expect(queue.takeAll(until: .distantPast) == [4])
        #expect(calls.withLock { $0 } == [2, 3])
    }

    /// Whoever asks before it pushes is called as well.
    @Test func whoAsksForRoomIsCalledWhenThereIsSome() {
        let queue = BoundedQueue<Int>(capacity: 10)
        let calls = Mutex(0)
        func hasRoom() -> Bool { queue.hasRoom { calls.withLock { $0 += 1 } } }
        #expect(hasRoom())
        _ = queue.pushWithoutWaiting(1, weight: 10)
        #expect(!hasRoom())
        #expect(!hasRoom())
        #expect(calls.withLock { $0 } == 0)
        #expect(queue.takeAll(until: .distantPast) == [1])
        #expect(calls.withLock { $0 } == 2)
        #expect(hasRoom())
        #expect(calls.withLock { $0 } == 2)
    }

    @Test func pushingWaitsForRoomAndReportsMeanwhile() {
        let queue = BoundedQueue<Int>(capacity: 2)
        _ = queue.pushWithoutWaiting(1, weight: 2)
        let reports = Atomic(0)
        Thread.detachNewThread {
            usleep(350_000)
            _ = queue.takeAll(until: .distantPast)
        }
        queue.push(2, weight: 1) { reports.add(1, ordering: .relaxed) }
        #expect(reports.load(ordering: .relaxed) >= 1)
        #expect(queue.takeAll(until: .distantPast) == [2])
    }

    /// Many writers, one reader: nothing is lost, each writer's order is kept, and the queue stays bounded.
    @Test func manyWriters() {
        let queue = BoundedQueue<(writer: Int, number: Int)>(capacity: 50)
        let (writers, each) = (4, 5000)
        for writer in 0..<writers {
            Thread.detachNewThread {
                for number in 0..<each { queue.push((writer, number), weight: 1) }
            }
        }
        var next = [Int](repeating: 0, count: writers)
        let deadline = later(60)
        while next.reduce(0, +) < writers * each, Date() < deadline {
            let messages = queue.takeAll(until: deadline)
            #expect(messages.count <= 50 + writers)
            for message in messages {
                #expect(message.number == next[message.writer])
                next[message.writer] += 1
            }
        }
        #expect(next == Array(repeating: each, count: writers))
    }
}
