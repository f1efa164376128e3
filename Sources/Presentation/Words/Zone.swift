import Foundation
import Glibc

/// The rules that tell a place's wall clock from UTC. A parameter wherever times are read or written, so that tests
/// need no environment.
package protocol Zone: Sendable {
    /// Seconds east of UTC at `time`, in seconds since 1970.
    func offset(at time: Int) -> Int
    /// What the zone is called at `time`, such as "CET".
    func abbreviation(at time: Int) -> String
    /// The name, if the zone has one offset only, so that one heading can tell it for all times below.
    var fixedName: String? { get }
}

/// The zone of this machine or of `$TZ`, in every form that tzset(3) knows, which Foundation's `TimeZone` does not.
package struct LocalZone: Zone {
    package init() {
        // localtime_r(3) need not look at TZ by itself.
        tzset()
    }

    package func offset(at time: Int) -> Int { Self.brokenDown(time).tm_gmtoff }

    package func abbreviation(at time: Int) -> String {
        Self.brokenDown(time).tm_zone.map { String(cString: $0) } ?? ""
    }

    package var fixedName: String? { nil }

    private static func brokenDown(_ time: Int) -> tm {
        var time = time
        var result = tm()
        // Fails for years that do not fit an Int only; then it stays at offset 0.
        _ = localtime_r(&time, &result)
        return result
    }
}

/// The same offset for ever.
package struct FixedZone: Zone {
    package var seconds: Int
    package var name: String

    package static let utc = FixedZone(seconds: 0, name: "UTC")

    package init(seconds: Int, name: String) {
        self.seconds = seconds
        self.name = name
    }

    package func offset(at time: Int) -> Int { seconds }
    package func abbreviation(at time: Int) -> String { name }
    package var fixedName: String? { name }
}

/// A zone by its name in the tz database.
package struct NamedZone: Zone {
    private let zone: TimeZone

    /// Nil if there is no such zone.
    ///
    /// - Parameter name: such as "Europe/Berlin". Names without a slash are refused: "EST" and the like name
    ///   different zones in different places.
    package init?(_ name: String) {
        guard name.contains("/"), let zone = TimeZone(identifier: name) else { return nil }
        self.zone = zone
    }

    package func offset(at time: Int) -> Int {
        zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time)))
    }

    package func abbreviation(at time: Int) -> String {
        zone.abbreviation(for: Date(timeIntervalSince1970: Double(time))) ?? zone.identifier
    }

    package var fixedName: String? { nil }
}

extension Zone {
    /// The moment at which the wall clock shows `wall`, which is written as the seconds since 1970 that it would be
    /// in UTC.
    ///
    /// Where the clock is turned back, the first of the two moments. Where it is turned forward and never shows
    /// `wall`, the moment that the old offset gives, as mktime(3) does: 02:30 becomes 03:30.
    package func moment(ofWall wall: Int) -> Int {
        // No zone changes its offset twice within two days around the same wall time.
        let before = offset(at: wall - 86_400)
        let after = offset(at: wall + 86_400)
        let isRight = { (candidate: Int) in candidate + self.offset(at: candidate) == wall }
        return [wall - before, wall - after].filter(isRight).min() ?? wall - before
    }
}
