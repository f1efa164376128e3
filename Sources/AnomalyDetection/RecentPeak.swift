import Kernels
import RecurrentModel

/// The largest of the last numbers: what a point must exceed to be news. One alarm tells of an anomaly; those that
/// follow it, less strange than it was, tell nothing more, and neither does the echo when an outlier is forgotten.
///
/// Only numbers are kept that none after them reaches, as no other can be the largest again: of a hundred that come as it
/// falls, some five.
package struct RecentPeak: Sendable {
    private struct Peak {
        var number: Float
        /// Among all numbers; it may start again from 0.
        var place: UInt32
    }

    private let capacity: Int
    /// Falling, in the order in which they came.
    private var peaks: [Peak] = []
    /// Place of the next number.
    private var next: UInt32 = 0

    /// - Parameter capacity: numbers that are looked back on; 0 makes each one news.
    package init(capacity: Int) { self.capacity = capacity }

    /// Of memory, without itself.
    var bytes: Int { ArrayBytes.of(peaks) }

    /// Says where it lies.
    func locate(in map: MemoryMap) { map.add(peaks) }

    /// Takes the next number, 0 or more; true if it is larger than each of those before it.
    package mutating func observe(_ number: Double) -> Bool {
        let number = Float(number)
        guard number > 0 else {
            add(0)
            return false
        }
        let isNews = peaks.first.map { $0.number < number } ?? true
        add(number)
        return isNews
    }

    private mutating func add(_ number: Float) {
        if capacity == 0 { return }
        while let last = peaks.last, last.number <= number { peaks.removeLast() }
        peaks.append(Peak(number: number, place: next))
        next &+= 1
        if next &- peaks[0].place > UInt32(capacity) { peaks.removeFirst() }
        // After a long fall, back to what is usual.
        if peaks.capacity > Self.roomy, peaks.count <= peaks.capacity / 8 { peaks = peaks.map(\.self) }
    }

    /// Peaks for which there is room in any case.
    private static let roomy = 32

    /// Decades above those that are looked back on count in so many steps, up to 16 of them.
    private static let steps = Float(4096)

    /// In 4 bytes each. Rounded up, so that the same number again is no news.
    func put(_ writer: inout MemberWriter) {
        writer.put(UInt16(peaks.count))
        for peak in peaks {
            writer.put(UInt16(min(65_535, (peak.number * Self.steps).rounded(.up))))
            writer.put(UInt16(clamping: next &- peak.place))
        }
    }

    mutating func take(_ reader: inout MemberReader) {
        peaks.removeAll(keepingCapacity: true)
        next = 0
        for _ in 0..<(reader.take() as UInt16) {
            let (number, age): (UInt16, UInt16) = (reader.take(), reader.take())
            let peak = Peak(number: Float(number) / Self.steps, place: 0 &- UInt32(age))
            // Rounding has made two of them one: the one that came last.
            if peaks.last?.number == peak.number { peaks.removeLast() }
            peaks.append(peak)
        }
    }

    /// Bytes that `put` writes.
    var keptBytes: Int { 2 + 4 * peaks.count }

    func encode(into writer: inout StateWriter) {
        writer.write(peaks.map(\.number))
        writer.write(peaks.map { next &- $0.place })
    }

    mutating func decode(from reader: inout StateReader) throws {
        self = RecentPeak(capacity: capacity)
        if reader.format < StateHead.short { return try decodeAll(from: &reader) }
        let numbers: [Float] = try reader.readArray(atMost: capacity, field: "recent scores")
        let ages: [UInt32] = try reader.readArray(count: numbers.count, field: "ages of recent scores")
        guard ages.allSatisfy({ (1...UInt32(max(capacity, 1))).contains($0) }),
            zip(ages, ages.dropFirst()).allSatisfy({ $0 > $1 }),
            zip(numbers, numbers.dropFirst()).allSatisfy({ $0 > $1 }), numbers.last ?? 0 >= 0
        else {
            throw StateError.invalid(
                field: "recent scores", found: "\(numbers.count)", expected: "falling ones of the last \(capacity)")
        }
        peaks = zip(numbers, ages).map { Peak(number: $0, place: 0 &- $1) }
    }

    /// As they were saved when all were kept: in the order in which they came, but from `next` on if there are as many as
    /// are looked back on.
    private mutating func decodeAll(from reader: inout StateReader) throws {
        let numbers: [Float] = try reader.readArray(atMost: capacity, field: "recent scores")
        let next = Int(try reader.read(Int64.self))
        guard (0..<max(capacity, 1)).contains(next), next == 0 || numbers.count == capacity else {
            throw StateError.invalid(field: "place of the next score", found: "\(next)", expected: "below \(capacity)")
        }
        for number in numbers[next...] + numbers[..<next] { _ = observe(Double(number)) }
    }
}
