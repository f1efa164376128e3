import RecurrentModel

/// The largest of the last numbers: what a point must exceed to be news. One alarm tells of an anomaly; those that
/// follow it, less strange than it was, tell nothing more, and neither does the echo when an outlier is forgotten.
struct RecentPeak: Sendable {
    private let capacity: Int
    private var numbers: [Float] = []
    private var next = 0

    /// - Parameter capacity: numbers that are looked back on; 0 makes each one news.
    init(capacity: Int) { self.capacity = capacity }

    /// Of memory, without itself.
    var bytes: Int { ArrayBytes.of(numbers) }

    /// Takes the next number, 0 or more; true if it is larger than each of those before it.
    mutating func observe(_ number: Double) -> Bool {
        let number = Float(number)
        var isNews = number > 0
        numbers.withUnsafeBufferPointer { numbers in
            for x in numbers where x >= number { isNews = false }
        }
        if numbers.count < capacity {
            numbers.append(number)
        } else if capacity > 0 {
            numbers[next] = number
            next = next + 1 == capacity ? 0 : next + 1
        }
        return isNews
    }

    func encode(into writer: inout StateWriter) {
        writer.write(numbers)
        writer.write(Int64(next))
    }

    mutating func decode(from reader: inout StateReader) throws {
        numbers = try reader.readArray(atMost: capacity, field: "recent scores")
        next = Int(try reader.read(Int64.self))
        guard (0..<max(capacity, 1)).contains(next), next == 0 || numbers.count == capacity else {
            throw StateError.invalid(field: "place of the next score", found: "\(next)", expected: "below \(capacity)")
        }
    }
}
