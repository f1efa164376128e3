import RecurrentModel

/// What a channel was at each time of the last seven days, in slots of ten minutes: for streams whose points are too
/// many to keep a week of them, or come at no regular times. A slot holds the lowest and the highest value.
struct DaySlots: Sendable {
    /// Microseconds.
    private static let width: Int64 = 600_000_000
    private static let slotsInDay = 144
    private static let count = SeasonMemory.seasons * slotsInDay

    /// A day that is over: the lowest values of its slots, then the highest; `Grid16.none` where nothing was seen.
    private struct Day {
        var number: Int64
        var grid: Grid16
        var numbers: [UInt16]
    }

    /// The earlier days on which something was seen, in their order.
    private var days: [Day] = []
    /// Of the day of the newest slot; NaN where nothing was seen.
    private var low = [Float](repeating: .nan, count: slotsInDay)
    private var high = [Float](repeating: .nan, count: slotsInDay)
    /// Number of the newest slot, counted from 1970; `Int64.min` before the first value.
    private var newest = Int64.min

    /// Of memory.
    var bytes: Int {
        days.reduce(ArrayBytes.of(days) + ArrayBytes.of(low) + ArrayBytes.of(high)) { $0 + ArrayBytes.of($1.numbers) }
    }

    /// How far a value lies above the nearest one at the same time of an earlier day (below: negative), one slot sooner
    /// and later included; NaN if nothing is known of these.
    func difference(of value: Float, time: Int64) -> Float {
        let slot = Self.slot(of: time)
        var nearest = Float.nan
        for day in 1...SeasonMemory.seasons {
            for step in -1...1 {
                guard let (low, high) = bounds(of: slot - Int64(day * Self.slotsInDay + step)) else { continue }
                let difference = value > high ? value - high : min(0, value - low)
                if nearest.isNaN || abs(difference) < abs(nearest) { nearest = difference }
            }
        }
        return nearest
    }

    /// The lowest and the highest value of a slot of the last seven days; nil if nothing is known of it.
    private func bounds(of slot: Int64) -> (low: Float, high: Float)? {
        if newest == .min || slot > newest || slot <= newest - Int64(Self.count) { return nil }
        let (day, place) = Self.day(of: slot)
        if day == Self.day(of: newest).number { return high[place].isNaN ? nil : (low[place], high[place]) }
        guard let day = days.last(where: { $0.number <= day }), day.number == Self.day(of: slot).number,
            day.numbers[place] != Grid16.none
        else { return nil }
        return (day.grid.value(of: day.numbers[place]), day.grid.value(of: day.numbers[place + Self.slotsInDay]))
    }

    mutating func observe(_ value: Float, time: Int64) {
        let slot = Self.slot(of: time)
        note(slot, low: value, high: value)
    }

    private mutating func note(_ slot: Int64, low lowest: Float, high highest: Float) {
        let (day, place) = Self.day(of: slot)
        if slot > newest {
            if newest != .min, day != Self.day(of: newest).number { endDay(before: day) }
            newest = slot
        }
        // What comes after a clock was set back over midnight has no place.
        guard day == Self.day(of: newest).number else { return }
        low[place] = low[place].isNaN ? lowest : min(low[place], lowest)
        high[place] = high[place].isNaN ? highest : max(high[place], highest)
    }

    private mutating func endDay(before next: Int64) {
        let grid = Grid16(low + high)
        days.removeAll { $0.number < next - Int64(SeasonMemory.seasons) }
        days.append(
            Day(number: Self.day(of: newest).number, grid: grid, numbers: (low + high).map { grid.number(of: $0) }))
        for place in 0..<Self.slotsInDay {
            low[place] = .nan
            high[place] = .nan
        }
    }

    private static func slot(of time: Int64) -> Int64 { (time - (time % width + width) % width) / width }

    private static func day(of slot: Int64) -> (number: Int64, place: Int) {
        let (quotient, rest) = slot.quotientAndRemainder(dividingBy: Int64(slotsInDay))
        return rest < 0 ? (quotient - 1, Int(rest) + slotsInDay) : (quotient, Int(rest))
    }

    // MARK: State

    func encode(into writer: inout StateWriter) {
        writer.write(newest)
        writer.write(low)
        writer.write(high)
        writer.write(UInt8(days.count))
        for day in days {
            writer.write(day.number)
            day.grid.encode(into: &writer)
            writer.write(day.numbers)
        }
    }

    mutating func decode(from reader: inout StateReader) throws {
        let newest = try reader.read(Int64.self)
        guard newest == .min || newest.magnitude <= 1 << 60 else {
            throw StateError.invalid(field: "newest slot", found: "\(newest)", expected: "one of a time that can be")
        }
        if reader.format < StateHead.compact { return try decodeWeek(upTo: newest, from: &reader) }
        self.newest = newest
        low = try reader.readArray(count: Self.slotsInDay, field: "lowest values of the day")
        high = try reader.readArray(count: Self.slotsInDay, field: "highest values of the day")
        let count = try reader.read(UInt8.self)
        days = try (0..<count).map { _ in
            Day(
                number: try reader.read(), grid: try Grid16(from: &reader),
                numbers: try reader.readArray(count: 2 * Self.slotsInDay, field: "values of an earlier day"))
        }
        try requireNoInfinity(low + high)
        guard days.count <= SeasonMemory.seasons + 1, zip(days, days.dropFirst()).allSatisfy({ $0.number < $1.number })
        else {
            throw StateError.invalid(
                field: "earlier days", found: "\(days.map(\.number))", expected: "\(SeasonMemory.seasons) in order")
        }
    }

    /// NaN stands for what was not seen; of infinite numbers no grid can be made.
    private func requireNoInfinity(_ values: [Float]) throws {
        if values.contains(where: \.isInfinite) {
            throw StateError.invalid(field: "values of days", found: "an infinite one", expected: "finite ones")
        }
    }

    /// As it was saved before earlier days were kept in 16 bits: the last 1,008 slots, each at the rest of its number.
    private mutating func decodeWeek(upTo newest: Int64, from reader: inout StateReader) throws {
        let low: [Float] = try reader.readArray(count: Self.count, field: "lowest values of earlier days")
        let high: [Float] = try reader.readArray(count: Self.count, field: "highest values of earlier days")
        try requireNoInfinity(low + high)
        if newest == .min { return }
        for slot in newest - Int64(Self.count) + 1...newest {
            let index = Int((slot % Int64(Self.count) + Int64(Self.count)) % Int64(Self.count))
            if !low[index].isNaN, !high[index].isNaN { note(slot, low: low[index], high: high[index]) }
        }
    }
}
