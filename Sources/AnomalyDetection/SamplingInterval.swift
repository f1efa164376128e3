import RecurrentModel

/// The time between two points of a stream, as most of its points have it: Boyer & Moore's majority vote (1981), which
/// keeps one candidate. Intervals are rounded to milliseconds, as clocks of senders jitter.
struct SamplingInterval: Sendable {
    /// Votes that are enough to say so.
    private static let enough: Int64 = 16
    private static let mostVotes: Int64 = 1000
    private static let day: Int64 = 86_400_000

    /// Milliseconds.
    private var candidate: Int64 = 0
    private var votes: Int64 = 0

    /// - Parameter interval: microseconds since the point before.
    mutating func observe(_ interval: Int64) {
        let rounded = (interval + 500) / 1000
        if votes == 0 { candidate = rounded }
        votes = rounded == candidate ? min(votes + 1, Self.mostVotes) : votes - 1
    }

    /// Microseconds between two points as most have it; 0 if there is no majority.
    var usual: Int64 { votes >= Self.enough ? candidate * 1000 : 0 }

    /// Points in a day; 0 if there is no majority, or more of them than `most`, or fewer than 4.
    func pointsInDay(atMost most: Int) -> Int {
        guard votes >= Self.enough, candidate > 0 else { return 0 }
        let points = (Self.day + candidate / 2) / candidate
        return points >= 4 && points <= Int64(most) ? Int(points) : 0
    }

    mutating func exchange(_ coding: inout some MemberCoding) {
        var few = UInt16(clamping: votes)
        coding.exchange(&candidate)
        coding.exchange(&few)
        votes = Int64(few)
    }

    func encode(into writer: inout StateWriter) {
        writer.write(candidate)
        writer.write(votes)
    }

    mutating func decode(from reader: inout StateReader) throws {
        candidate = try reader.readCount("interval")
        // No more than lies between two times that a stream can have.
        guard candidate <= (1 << 61) / 1000 + 1 else {
            throw StateError.invalid(field: "interval", found: "\(candidate)", expected: "milliseconds")
        }
        votes = try reader.readCount("votes for the interval")
    }
}
