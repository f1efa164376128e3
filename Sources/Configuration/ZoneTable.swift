import AnomalyDetection
import Foundation
import Synchronization

/// Time zones as the detector needs them, each looked up once.
final class ZoneTable: Sendable {
    static let shared = ZoneTable()

    /// Years for which offsets are listed. Before, the first one holds, and after, the last one.
    private static let years = 1970...2100

    private let zones = Mutex<[String: LocalTime]>(["UTC": .utc])

    /// The zone of this name; nil if the system's zone database has none.
    func zone(named name: String) -> LocalTime? {
        zones.withLock { zones in
            if let known = zones[name] { return known }
            // Only names of the database: TimeZone itself also knows abbreviations, of which some are ambiguous.
            guard TimeZone.knownTimeZoneIdentifiers.contains(name), let zone = TimeZone(identifier: name) else {
                return nil
            }
            let made = Self.offsets(of: zone, named: name)
            zones[name] = made
            return made
        }
    }

    /// That of the machine, under the name "local".
    var local: LocalTime { Self.offsets(of: .current, named: "local") }

    private static func offsets(of zone: TimeZone, named name: String) -> LocalTime {
        let year = 31_556_952.0
        var time = Date(timeIntervalSince1970: Double(years.lowerBound - 1970) * year)
        let end = Date(timeIntervalSince1970: Double(years.upperBound - 1970) * year)
        var local = LocalTime(name: name, starts: [], offsets: [])
        while true {
            local.starts.append(Int64(time.timeIntervalSince1970) * 1_000_000)
            local.offsets.append(Int64(zone.secondsFromGMT(for: time)) * 1_000_000)
            guard let next = zone.nextDaylightSavingTimeTransition(after: time), next > time, next < end else { break }
            time = next
        }
        return local
    }
}
