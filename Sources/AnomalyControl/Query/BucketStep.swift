package import Presentation

/// The value of `--step`: how long the buckets are, and where they begin.
package struct BucketStep: Sendable, Equatable {
    /// Microseconds, at least one second.
    package let length: Int64

    private static let day: Int64 = 86_400_000_000

    /// Nil unless `text` is a length of whole seconds from a second to 100 years.
    package init?(_ text: String) {
        guard let length = RelativeSpan.parse(text), (1_000_000...36_525 * Self.day).contains(length),
            length.isMultiple(of: 1_000_000)
        else { return nil }
        self.length = length
    }

    /// The begin of the bucket in which a time lies.
    ///
    /// Whole days begin at midnight of the zone, counted from 1970-01-01, also where the clock is changed; everything
    /// shorter is aligned to 1970-01-01 00:00 UTC and is the same in all zones.
    package func start(of time: Int64, in zone: any Zone) -> Int64 {
        guard length.isMultiple(of: Self.day) else { return floor(time) }
        let seconds = Int(time >= 0 ? time / 1_000_000 : (time - 999_999) / 1_000_000)
        let wall = floor(Int64(seconds + zone.offset(at: seconds)) * 1_000_000)
        return Int64(zone.moment(ofWall: Int(wall / 1_000_000))) * 1_000_000
    }

    private func floor(_ time: Int64) -> Int64 {
        let rest = time % length
        let start = time - (rest < 0 ? rest + length : rest)
        // At the very begin of time there is no room before.
        return start > time ? time : start
    }
}
