import CPoints
import GRDB

/// Neighbouring buckets of one channel as a row of `rollup_5m_pack`: its columns, and the JSON that SQL reads too.
///
/// A bucket of a few points takes some 22 bytes in it, and 60 as a row of its own.
struct RollupPack {
    /// Buckets of a pack at most, with those between them that have no points: a day.
    static let mostBuckets: UInt64 = 288
    /// Of fewer, a pack would take as much as their rows.
    static let leastBuckets = 8
    /// Empty buckets in a row beyond which another pack is begun.
    private static let longestGap: UInt64 = 8

    private(set) var firstTime: Int64
    private(set) var lastTime: Int64
    /// Points of all of them.
    private(set) var points: Int64
    /// Values in a bucket that does not say how many.
    private(set) var usual: Int64
    /// What the smallest values are told from, in units of 1 / `scale`.
    private(set) var base: Int64
    /// 1, 10, …, 1,000,000.
    private(set) var scale: Double
    /// JSON, in ASCII: an array for each bucket, 0 for one without points.
    private(set) var text: [UInt8] = []

    private static var tier: RollupTier { .fiveMinutes }

    /// - Parameter buckets: at least one, in the order of time, as ``segments(of:)`` divides them.
    init(_ buckets: ArraySlice<RollupBucket>) {
        let first = buckets[buckets.startIndex]
        (firstTime, lastTime) = (first.start, first.start)
        points = buckets.reduce(0) { $0 + $1.count + $1.missing }
        usual = Self.usualCount(buckets)
        scale = Self.commonScale(buckets)
        base = 0
        base = buckets.compactMap { whole($0.minimum) }.min() ?? 0
        text.reserveCapacity(24 * buckets.count)
        text.append(UInt8(ascii: "["))
        for bucket in buckets {
            while lastTime < bucket.start {
                lastTime += Self.tier.width
                text.append(contentsOf: lastTime < bucket.start ? ",0".utf8 : ",".utf8)
            }
            append(bucket)
        }
        text.append(UInt8(ascii: "]"))
    }

    /// Where packs begin and end; parts that are too short for one stay rows.
    static func segments(of buckets: [RollupBucket]) -> [ArraySlice<RollupBucket>] {
        var segments: [ArraySlice<RollupBucket>] = []
        var begin = 0
        for index in buckets.indices {
            let (start, end) = (buckets[begin].start, index + 1)
            let isLast =
                end == buckets.count || width(from: buckets[index].start, to: buckets[end].start) > longestGap
                || width(from: start, to: buckets[end].start) >= mostBuckets
            if isLast {
                segments.append(buckets[begin..<end])
                begin = end
            }
        }
        return segments
    }

    /// In buckets; the times may lie as far apart as times can.
    private static func width(from start: Int64, to end: Int64) -> UInt64 {
        UInt64(bitPattern: end &- start) / UInt64(tier.width)
    }

    // MARK: Writing

    private static func usualCount(_ buckets: ArraySlice<RollupBucket>) -> Int64 {
        var (usual, most): (Int64, Int) = (0, 0)
        let counts = buckets.map(\.count).sorted()
        var begin = 0
        for (index, count) in counts.enumerated() where index + 1 == counts.count || counts[index + 1] != count {
            if index + 1 - begin > most { (usual, most) = (count, index + 1 - begin) }
            begin = index + 1
        }
        return usual
    }

    /// The smallest in which most values are whole.
    private static func commonScale(_ buckets: ArraySlice<RollupBucket>) -> Double {
        var scale = 1.0
        for bucket in buckets {
            for value in [bucket.minimum, bucket.maximum] where !value.isNaN {
                var power = scale
                while power <= 1e6 {
                    if whole(value, power) != nil {
                        scale = power
                        break
                    }
                    power *= 10
                }
            }
        }
        return scale
    }

    private func whole(_ value: Double) -> Int64? { Self.whole(value, scale) }

    /// In units of 1 / `scale`; nil if that would not give back every bit.
    private static func whole(_ value: Double, _ scale: Double) -> Int64? {
        let scaled = (value * scale).rounded(.toNearestOrEven)
        guard scaled.magnitude < 1e15, scaled / scale == value, value != 0 || value.sign == .plus else { return nil }
        return Int64(scaled)
    }

    private mutating func append(_ bucket: RollupBucket) {
        var fields: [Int64] = [
            0, 0, 0, 0, bucket.count == usual ? 0 : bucket.count + 1, bucket.missing, bucket.anomalies,
        ]
        var told: [Double] = []
        let worst = bucket.worst * Double(ANOMALYD_SCORE_STEPS)
        let isWorstWhole = worst.isNaN || (0...Double(ANOMALYD_SCORE_STEPS)).contains(worst) && worst.rounded() == worst
        // One more than it is, as 0 is none.
        if isWorstWhole, !worst.isNaN { fields[1] = Int64(worst) + 1 }
        if bucket.count > 0 {
            if let (low, range, sum) = steps(of: bucket) {
                (fields[0], fields[2], fields[3]) = (low, range, sum)
            } else {
                told = [bucket.minimum, bucket.maximum, bucket.mean]
            }
        }
        if !isWorstWhole { told += [Double](repeating: .nan, count: 3 - told.count) + [bucket.worst] }
        if told.isEmpty, let last = fields.lastIndex(where: { $0 != 0 }) { fields.removeLast(fields.count - last - 1) }
        if told.isEmpty, fields.allSatisfy({ $0 == 0 }) { fields = [0] }
        for (index, field) in fields.enumerated() {
            text.append(UInt8(ascii: index == 0 ? "[" : ","))
            text.append(contentsOf: String(field).utf8)
        }
        for number in told {
            text.append(UInt8(ascii: ","))
            text.append(contentsOf: number.isNaN ? "null".utf8 : Self.text(number).utf8)
        }
        text.append(UInt8(ascii: "]"))
    }

    /// The smallest value above the base, the largest above that, and the sum of all above as many of the smallest.
    private func steps(of bucket: RollupBucket) -> (low: Int64, range: Int64, sum: Int64)? {
        guard let low = whole(bucket.minimum), let high = whole(bucket.maximum) else { return nil }
        let count = Double(bucket.count)
        let sum = (((bucket.mean - bucket.minimum) * scale) * count).rounded(.toNearestOrEven)
        guard (0..<1e15).contains(sum), bucket.count < 1 << 40 else { return nil }
        let mean = (Double(low) + sum / count) / scale
        // As far as doubles go that were put together from several.
        let size = max(bucket.minimum.magnitude, bucket.maximum.magnitude)
        guard (mean - bucket.mean).magnitude <= 1e-13 * size else { return nil }
        return (low - base, high - low, Int64(sum))
    }

    private static func text(_ number: Double) -> String {
        // JSON has no infinity; this is what its readers take for one.
        if number.isInfinite { return number < 0 ? "-1e999" : "1e999" }
        return number.description
    }

    // MARK: Reading

    /// The columns of a row, but for those of its key.
    static let columns = "first_time, last_time, points, usual, base, scale, buckets"

    /// - Parameter row: one with ``columns`` first.
    /// - Throws: `DatabaseError` with `SQLITE_CORRUPT` if it is damaged.
    static func buckets(in row: Statement, of stream: Int32) throws -> [RollupBucket] {
        let buckets = buckets(
            firstTime: row.int64(0), lastTime: row.int64(1), usual: row.int64(3), base: row.int64(4),
            scale: row.double(5), text: row.bytes(6))
        guard let buckets else { throw PointPacking.damaged("rollup_5m_pack", of: stream, at: row.int64(0)) }
        return buckets
    }

    /// The buckets of a row; nil if it is damaged.
    static func buckets(
        firstTime: Int64, lastTime: Int64, usual: Int64, base: Int64, scale: Double, text: UnsafeRawBufferPointer
    ) -> [RollupBucket]? {
        guard firstTime == tier.start(of: firstTime), usual >= 0, base.magnitude < 1 << 53,
            scale >= 1, scale <= 1e6, text.count >= 4, text[0] == UInt8(ascii: "["),
            text[text.count - 1] == UInt8(ascii: "]")
        else { return nil }
        var scanner = Scanner(bytes: text, place: 1)
        var buckets: [RollupBucket] = []
        var time = firstTime
        var isEnd = false
        while !isEnd {
            if scanner.take("[") {
                guard let fields = scanner.fields(), let bucket = bucket(time, fields, usual, base, scale) else {
                    return nil
                }
                buckets.append(bucket)
            } else if !scanner.take("0") {
                return nil
            }
            isEnd = !scanner.take(",")
            if !isEnd {
                let next = time.addingReportingOverflow(tier.width)
                if next.overflow { return nil }
                time = next.partialValue
            }
        }
        guard scanner.place == text.count - 1, time == lastTime, buckets.first?.start == firstTime,
            buckets.last?.start == lastTime
        else { return nil }
        return buckets
    }

    private static func bucket(
        _ time: Int64, _ fields: [Double?], _ usual: Int64, _ base: Int64, _ scale: Double
    ) -> RollupBucket? {
        func whole(_ index: Int) -> Int64? {
            guard index < fields.count else { return 0 }
            return fields[index].flatMap { $0.magnitude < 0x1p53 ? Int64(exactly: $0) : nil }
        }
        guard (1...11).contains(fields.count), let low = whole(0), let worst = whole(1), let range = whole(2),
            let sum = whole(3), let count = whole(4), let missing = whole(5), let anomalies = whole(6),
            min(worst, range, sum, count, missing, anomalies) >= 0
        else { return nil }
        var bucket = RollupBucket(start: time)
        bucket.count = count == 0 ? usual : count - 1
        (bucket.missing, bucket.anomalies) = (missing, anomalies)
        if worst > 0 { bucket.worst = Double(worst - 1) / Double(ANOMALYD_SCORE_STEPS) }
        func told(_ index: Int) -> Double? { index < fields.count ? fields[index] : nil }
        bucket.worst = told(10) ?? bucket.worst
        guard bucket.count > 0 else { return bucket }
        let least = Double(base + low)
        bucket.minimum = told(7) ?? least / scale
        bucket.maximum = told(8) ?? (least + Double(range)) / scale
        bucket.mean = told(9) ?? (least + Double(sum) / Double(bucket.count)) / scale
        return bucket
    }

    /// Numbers and what stands between them.
    private struct Scanner {
        private static let digits = Set("0123456789+-.e".utf8)

        let bytes: UnsafeRawBufferPointer
        var place: Int

        mutating func take(_ character: Unicode.Scalar) -> Bool {
            guard place < bytes.count, bytes[place] == UInt8(ascii: character) else { return false }
            place += 1
            return true
        }

        /// Up to and with the closing bracket; nil for each null.
        mutating func fields() -> [Double?]? {
            var fields: [Double?] = []
            repeat {
                guard fields.count < 11, let field = number() else { return nil }
                fields.append(field)
            } while take(",")
            return take("]") ? fields : nil
        }

        private mutating func number() -> Double?? {
            let begin = place
            while place < bytes.count, bytes[place] != UInt8(ascii: ","), bytes[place] != UInt8(ascii: "]") {
                place += 1
            }
            let text = UnsafeRawBufferPointer(rebasing: bytes[begin..<place])
            if text.elementsEqual("null".utf8) { return .some(nil) }
            // Nearly all are whole and short.
            if (1...15).contains(text.count), let whole = whole(text) { return .some(Double(whole)) }
            // 1e999 stands for infinity, and is read so; names of numbers are not JSON.
            guard text.count < 32, text.allSatisfy({ Self.digits.contains($0) }),
                let value = Double(String(decoding: text, as: UTF8.self))
            else { return nil }
            return .some(value)
        }

        private func whole(_ text: UnsafeRawBufferPointer) -> Int64? {
            let isNegative = text[0] == UInt8(ascii: "-")
            var number: Int64 = 0
            guard text.count > (isNegative ? 1 : 0) else { return nil }
            for byte in text.dropFirst(isNegative ? 1 : 0) {
                guard case let digit = byte &- UInt8(ascii: "0"), digit < 10 else { return nil }
                number = number * 10 + Int64(digit)
            }
            return isNegative ? -number : number
        }
    }
}
