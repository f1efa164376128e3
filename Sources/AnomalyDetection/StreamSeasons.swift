import Kernels
import RecurrentModel

/// The rhythm of a stream: how far its points lie apart, and what each channel was one season before.
public struct StreamSeasons: Sendable {
    private let zone: LocalTime
    private var interval = SamplingInterval()
    private var channels: [SeasonMemory]

    /// - Parameters:
    ///   - channels: whose earlier values are kept; 0: only how far points lie apart.
    ///   - phase: any number, another one for each stream: seasons are looked for a little later, by that.
    public init(channels: Int, zone: LocalTime, phase: UInt64 = 0) {
        self.zone = zone
        let phase = Int(phase % UInt64(SeasonMemory.phases))
        self.channels = Array(repeating: SeasonMemory(phase: phase), count: channels)
    }

    /// Microseconds between two points, as most have it; 0 if there is no majority.
    public var usualInterval: Int64 { interval.usual }

    /// Of memory.
    var bytes: Int { channels.reduce(ArrayBytes.of(channels)) { $0 + $1.bytes } }

    /// Completes the network's inputs for the point at `time`.
    ///
    /// - Parameter elapsed: microseconds since the point before; 0 for the first.
    public func prepare(_ encoder: inout InputEncoder, time: Int64, elapsed: Int64) {
        encoder.prepare(time: time, elapsed: elapsed, usual: interval.usual, zone: zone)
        guard encoder.features.season else { return }
        let clock = clock(at: time)
        for c in channels.indices { encoder.prepare(seasonalChange: channels[c].change(at: clock), channel: c) }
    }

    /// - Parameter elapsed: as above. Must be called before `observe` takes the values of the point.
    public mutating func observe(elapsed: Int64) {
        if elapsed > 0 { interval.observe(elapsed) }
    }

    func clock(at time: Int64) -> SeasonClock {
        SeasonClock(
            zone: zone, time: time, step: interval.usual,
            pointsInDay: interval.pointsInDay(atMost: SeasonMemory.capacity / 2))
    }

    /// Says where the memory lies that each point needs.
    func locate(in map: MemoryMap) {
        map.add(channels)
        for channel in channels { channel.locate(in: map) }
    }

    /// Asks for the memory of what the point at `time` is going to be compared with.
    mutating func approach(_ time: Int64) {
        if channels.isEmpty { return }
        let clock = clock(at: time)
        for c in channels.indices { channels[c].approach(clock) }
    }

    /// How far a value lies above its like of earlier seasons; see `SeasonMemory`.
    func difference(of value: Double, channel c: Int, at clock: SeasonClock) -> Double {
        channels.isEmpty ? .nan : channels[c].difference(of: value, at: clock)
    }

    mutating func observe(_ value: Double, channel c: Int, at clock: SeasonClock) {
        if !channels.isEmpty { channels[c].observe(value, at: clock) }
    }

    /// Takes a value of the point at `time`; finite.
    public mutating func observe(_ value: Double, channel c: Int, time: Int64) {
        observe(value, channel: c, at: clock(at: time))
    }

    /// Lets so many points pass whose values are not known, so that what comes is held against its own place.
    mutating func pass(_ points: Int64) {
        for c in channels.indices { channels[c].pass(points) }
    }

    /// Only how far points lie apart: a member of a group knows of no season.
    mutating func exchange(_ coding: inout some MemberCoding) { interval.exchange(&coding) }

    func encode(into writer: inout StateWriter) {
        interval.encode(into: &writer)
        for channel in channels { channel.encode(into: &writer) }
    }

    mutating func decode(from reader: inout StateReader) throws {
        try interval.decode(from: &reader)
        for c in channels.indices { try channels[c].decode(from: &reader) }
    }
}
