import Kernels
import RecurrentModel

/// What one channel was at the same place of its last seasons, and how far a value lies from all of that.
///
/// A season is what the channel itself shows, by its autocorrelation, or else a day (`DaySlots` where a day has too many
/// points to keep them). The distance is that to the
/// nearest value of up to seven earlier seasons, one place sooner and later included: the mean of those places would
/// call a value strange that lies between two habits, and one that came a little early.
struct SeasonMemory: Sendable {
    /// Values that are kept: seven days of one in five minutes.
    static let capacity = 2048
    /// Earlier seasons that are looked at, and places to either side.
    static let seasons = 7
    static let tolerance = 1
    /// Smallest autocorrelation that makes a lag a season.
    static let leastCorrelation: Float = 0.5
    /// Values before the first search for a season; the next ones are at twice as many, up to every `capacity`.
    private static let firstSearch: Int64 = 256
    /// The first search comes by fewer values than these later, another number for each stream.
    static let phases = 32
    /// Values after which the time between two of them should be known.
    private static let patience: Int64 = 64

    /// The last `capacity` values, and a few more, as differences from the first one, in units of `unit`: Floats are precise
    /// enough for these.
    private var values = ValueRing(capacity: capacity)
    private var origin = Double.nan
    /// A power of two about as large as the first difference, so that scaling a stream by another one changes no bit.
    private var unit = 0.0
    /// Where no season is known. A season of its own, once found, says more, and this is begun anew if it is lost.
    private var slots: DaySlots?
    private var count: Int64 = 0
    private var search: Int64
    /// Values in a season; 0: none is known.
    private(set) var period = 0

    /// - Parameter phase: below `phases`: values by which the first search comes later, the next one by twice as many, and so
    ///   on; so streams that began together do not all search at once.
    init(phase: Int = 0) { search = Self.firstSearch + Int64(phase) }

    /// Of memory, without itself.
    var bytes: Int { values.bytes + (slots?.bytes ?? 0) }

    /// How far a value lies above the nearest of its like (below: negative), in the channel's units; NaN while there is no
    /// earlier season.
    func difference(of value: Double, at clock: SeasonClock) -> Double {
        let x = scaled(value)
        if period < 2 {
            return Double(slots?.difference(of: x, time: clock.local) ?? .nan) * max(unit, .leastNormalMagnitude)
        }
        var nearest = Float.infinity
        for season in 1...Self.seasons {
            let middle = clock.places(back: season * period, period: period)
            if middle - Self.tolerance > values.count { break }
            for back in max(1, middle - Self.tolerance)...(middle + Self.tolerance) where back <= values.count {
                let difference = x - values[back: back]
                if abs(difference) < abs(nearest) { nearest = difference }
            }
        }
        return nearest.isFinite ? Double(nearest) * unit : .nan
    }

    /// Says where the memory lies that each point needs.
    func locate(in map: MemoryMap) { values.locate(in: map) }

    /// Asks for the memory of what a value is going to be compared with, which lies elsewhere each time. Changes nothing:
    /// mutating is what is not copied first.
    mutating func approach(_ clock: SeasonClock) {
        if period < 2 { return }
        for season in 1...Self.seasons {
            let middle = clock.places(back: season * period, period: period)
            if middle > values.count { break }
            values.prefetch(back: middle)
        }
    }

    /// What the channel changed by at this place of the season before, in its own units; NaN while that is not known.
    func change(at clock: SeasonClock) -> Double {
        let back = clock.places(back: period, period: period)
        guard period >= 2, back >= 1, back < values.count else { return .nan }
        return Double(values[back: back] - values[back: back + 1]) * unit
    }

    private func scaled(_ value: Double) -> Float {
        if unit == 0 { return value == origin ? 0 : .greatestFiniteMagnitude }
        // Halves first: a difference can overflow.
        let x = (value / 2 - origin / 2) / unit * 2
        return Float(min(max(x, -1e30), 1e30))
    }

    mutating func observe(_ value: Double, at clock: SeasonClock) {
        if origin.isNaN { origin = value }
        let difference = abs(value / 2 - origin / 2)
        if unit == 0 && difference > 0 {
            unit = Double(sign: .plus, exponent: max(-1000, min(1000, difference.exponent)), significand: 1)
        }
        let x = scaled(value)
        values.append(x)
        count += 1
        if count == search {
            search = min(search * 2, search + Int64(Self.capacity))
            period = dominantPeriod() ?? clock.pointsInDay
        } else if period == 0 {
            period = clock.pointsInDay
        }
        if period >= 2 {
            slots = nil
        } else if slots == nil && count >= Self.patience {
            slots = DaySlots()
        }
        slots?.observe(x, time: clock.local)
    }

    /// Lets so many values pass that are not known: each is taken for what was one season before, and whole seasons, which
    /// move no place, are left out.
    mutating func pass(_ count: Int64) {
        if period < 2 || period > values.count { return }
        for _ in 0..<max(0, count % Int64(period)) { values.append(values[back: period]) }
    }

    // MARK: Period

    /// The lag with the highest autocorrelation after it has first fallen to a tenth; nil if it never falls, or no lag
    /// up to a third of what is known reaches `leastCorrelation`.
    private func dominantPeriod() -> Int? {
        var series = values.values
        let n = series.count
        var mean: Float = 0
        for x in series { mean += x / Float(n) }
        for i in series.indices { series[i] -= mean }
        let lags = max(2, n / 3)
        series += repeatElement(0, count: lags)
        return withUnsafeTemporaryAllocation(of: Float.self, capacity: lags) { sums in
            series.withUnsafeBufferPointer { Float.correlate($0, sums) }
            let variance = sums[0] / Float(n)
            if !(variance > 0) || !variance.isFinite { return nil }
            var hasFallen = false
            var best: (lag: Int, correlation: Float)?
            for lag in 1..<lags {
                let correlation = sums[lag] / Float(n - lag) / variance
                if !hasFallen {
                    hasFallen = correlation < 0.1
                } else if correlation > best?.correlation ?? Self.leastCorrelation {
                    best = (lag, correlation)
                }
            }
            return best?.lag
        }
    }

    // MARK: State

    func encode(into writer: inout StateWriter) {
        values.encode(into: &writer)
        writer.write(origin)
        writer.write(unit)
        writer.write(count)
        writer.write(search)
        writer.write(Int64(period))
        writer.write(slots != nil)
        slots?.encode(into: &writer)
    }

    mutating func decode(from reader: inout StateReader) throws {
        if reader.format < StateHead.compact {
            try decodeWideValues(from: &reader)
        } else {
            try values.decode(from: &reader)
        }
        origin = try reader.readDouble()
        unit = try reader.readDouble()
        count = try reader.readCount("values of a season")
        search = try reader.readCount("next search for a season")
        period = Int(try reader.read(Int64.self))
        slots = nil
        if try reader.readBool() {
            var kept = DaySlots()
            try kept.decode(from: &reader)
            slots = kept
        }
        guard (0...Self.capacity).contains(period), search > count else {
            throw StateError.invalid(
                field: "season", found: "period \(period)", expected: "up to \(Self.capacity)")
        }
    }

    /// As they were saved before they were kept in 16 bits each.
    private mutating func decodeWideValues(from reader: inout StateReader) throws {
        let wide: [Float] = try reader.readArray(atMost: Self.capacity, field: "values of earlier seasons")
        let next = Int(try reader.read(Int64.self))
        guard next >= 0, next <= wide.count, wide.allSatisfy(\.isFinite) else {
            throw StateError.invalid(field: "season", found: "place \(next)", expected: "up to \(wide.count)")
        }
        for value in wide[next...] + wide[..<next] { values.append(value) }
    }
}
