/// Points of one stream that wait for those before them, in the order of time.
///
///     window.insert(time: 30, values: values)
///     window.insert(time: 20, values: values)
///     window.removeDue { time, values in … }        // 20, once there is a point of at least 20 + span
///
/// A pure value: which points go on, and when, follows from the points alone and not from a clock, so that a feed which
/// is sent again after a crash is put in the same order. All that it knows are the points that wait; filled with them,
/// a new window goes on as the old one would.
package struct ReorderWindow: Sendable {
    /// A point waits until one has come that is later by at least this, in microseconds; 0 or more.
    private let span: Int64
    /// Most points that wait; 1 or more. If there are more, the oldest go on sooner.
    private let capacity: Int
    /// Values in each point.
    private let channels: Int
    /// Ascending; those before `head` have gone on.
    private var times: [Int64] = []
    /// `channels` for each of `times`.
    private var values: [Double] = []
    private var head = 0

    package init(span: Int64, capacity: Int, channels: Int) {
        self.span = span
        self.capacity = capacity
        self.channels = channels
    }

    /// Points that wait.
    package var count: Int { times.count - head }

    /// Time of the newest point that waits; `Int64.min` if none does.
    package var newest: Int64 { count == 0 ? .min : times[times.count - 1] }

    /// Takes a point.
    ///
    /// - Parameters:
    ///   - time: microseconds since 1970, after that of the last point that has gone on.
    ///   - own: one value for each channel.
    /// - Returns: false if a point of this time waits already; then this one is not taken.
    package mutating func insert(time: Int64, values own: UnsafeBufferPointer<Double>) -> Bool {
        if count == 0 || time > newest {
            times.append(time)
            values.append(contentsOf: own)
            return true
        }
        // The first place whose time is not before this one.
        var (low, high) = (head, times.count)
        while low < high {
            let middle = low + (high - low) / 2
            if times[middle] < time { low = middle + 1 } else { high = middle }
        }
        if times[low] == time { return false }
        times.insert(time, at: low)
        values.insert(contentsOf: own, at: low * channels)
        return true
    }

    /// Hands out the points that need not wait any more, in the order of time.
    ///
    /// - Returns: how many there were.
    package mutating func removeDue(_ body: (Int64, UnsafeBufferPointer<Double>) -> Void) -> Int {
        remove(until: firstWaiting, body)
    }

    /// Hands out all points, in the order of time.
    ///
    /// - Returns: how many there were.
    package mutating func removeAll(_ body: (Int64, UnsafeBufferPointer<Double>) -> Void) -> Int {
        remove(until: times.count, body)
    }

    private mutating func remove(until end: Int, _ body: (Int64, UnsafeBufferPointer<Double>) -> Void) -> Int {
        if end == head { return 0 }
        values.withUnsafeBufferPointer { values in
            for index in head..<end {
                body(times[index], UnsafeBufferPointer(rebasing: values[index * channels..<(index + 1) * channels]))
            }
        }
        let count = end - head
        head = end
        tidy()
        return count
    }

    /// Shows the points that wait, in the order of time.
    package func forEach(_ body: (Int64, UnsafeBufferPointer<Double>) -> Void) {
        values.withUnsafeBufferPointer { values in
            for index in head..<times.count {
                body(times[index], UnsafeBufferPointer(rebasing: values[index * channels..<(index + 1) * channels]))
            }
        }
    }

    /// Place of the first point that must still wait.
    private var firstWaiting: Int {
        let (latest, isBeyond) = newest.subtractingReportingOverflow(span)
        var end = max(head, times.count - capacity)
        while !isBeyond, end < times.count, times[end] <= latest { end += 1 }
        return end
    }

    /// Moves the points to the front when more places than points are left over: so a point is moved once on average.
    private mutating func tidy() {
        guard head > count else { return }
        times.removeFirst(head)
        values.removeFirst(head * channels)
        head = 0
    }
}
