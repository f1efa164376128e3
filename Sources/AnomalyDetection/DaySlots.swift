import RecurrentModel

/// What a channel was at each time of the last seven days, in slots of ten minutes: for streams whose points are too
/// many to keep a week of them, or come at no regular times. A slot holds the lowest and the highest value.
struct DaySlots: Sendable {
    /// Microseconds.
    private static let width: Int64 = 600_000_000
    private static let slotsInDay = 144
    private static let count = SeasonMemory.seasons * slotsInDay

    // NaN: nothing was seen then.
    private var low = [Float](repeating: .nan, count: count)
    private var high = [Float](repeating: .nan, count: count)
    /// Number of the newest slot, counted from 1970; `Int64.min` before the first value.
    private var newest = Int64.min

    /// How far a value lies above the nearest one at the same time of an earlier day (below: negative), one slot sooner
    /// and later included; NaN if nothing is known of these.
    func difference(of value: Float, time: Int64) -> Float {
        let slot = Self.slot(of: time)
        var nearest = Float.nan
        for day in 1...SeasonMemory.seasons {
            for step in -1...1 {
                let earlier = slot - Int64(day * Self.slotsInDay + step)
                if earlier > newest || earlier <= newest - Int64(Self.count) { continue }
                let index = Self.index(of: earlier)
                if high[index].isNaN { continue }
                let difference = value > high[index] ? value - high[index] : min(0, value - low[index])
                if nearest.isNaN || abs(difference) < abs(nearest) { nearest = difference }
            }
        }
        return nearest
    }

    mutating func observe(_ value: Float, time: Int64) {
        let slot = Self.slot(of: time)
        if slot > newest {
            let gap = newest == .min ? Int64(Self.count) : min(slot - newest, Int64(Self.count))
            for skipped in (slot - gap + 1)...slot {
                low[Self.index(of: skipped)] = .nan
                high[Self.index(of: skipped)] = .nan
            }
            newest = slot
        }
        let index = Self.index(of: slot)
        low[index] = low[index].isNaN ? value : min(low[index], value)
        high[index] = high[index].isNaN ? value : max(high[index], value)
    }

    private static func slot(of time: Int64) -> Int64 { (time - (time % width + width) % width) / width }

    private static func index(of slot: Int64) -> Int { Int((slot % Int64(count) + Int64(count)) % Int64(count)) }

    func encode(into writer: inout StateWriter) {
        writer.write(newest)
        writer.write(low)
        writer.write(high)
    }

    mutating func decode(from reader: inout StateReader) throws {
        newest = try reader.read()
        guard newest == .min || newest.magnitude <= 1 << 60 else {
            throw StateError.invalid(field: "newest slot", found: "\(newest)", expected: "one of a time that can be")
        }
        low = try reader.readArray(count: Self.count, field: "lowest values of earlier days")
        high = try reader.readArray(count: Self.count, field: "highest values of earlier days")
    }
}
