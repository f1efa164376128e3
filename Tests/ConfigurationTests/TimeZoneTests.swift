import AnomalyConfiguration
import AnomalyDetection
import Testing

/// `model.time_zone`: what the detector is told of the system's zones.
@Suite struct TimeZoneTests {
    private static func zone(_ name: String) throws -> LocalTime {
        let layer = ConfigurationLayer(toml: "[model]\ntime_zone = \"\(name)\"", source: "f")
        return try DaemonConfiguration(layers: [layer], paths: .system).defaults.detector.model.timeZone
    }

    private static let hour: Int64 = 3_600_000_000

    /// UTC offsets that were in force, by Unix seconds.
    @Test(arguments: [
        ("Europe/Berlin", 1_704_067_200, 1), ("Europe/Berlin", 1_720_000_000, 2),
        // The very second that clocks were put forward in 2024, and the one before.
        ("Europe/Berlin", 1_711_846_799, 1), ("Europe/Berlin", 1_711_846_800, 2),
        ("America/New_York", 1_720_000_000, -4), ("Asia/Tokyo", 1_720_000_000, 9), ("UTC", 1_720_000_000, 0),
    ]) func offsetsAreThoseOfTheZone(_ name: String, _ seconds: Int64, _ hours: Int64) throws {
        #expect(try Self.zone(name).offset(at: seconds * 1_000_000) == hours * Self.hour)
    }

    @Test(arguments: ["Europe/Berln", "", "CEST", "+02:00"]) func othersAreRefused(_ name: String) {
        #expect(throws: ConfigurationError.self) { try Self.zone(name) }
    }

    @Test func beforeTheFirstOffsetTheFirstHolds() {
        let zone = LocalTime(name: "Test/East", starts: [0, 100], offsets: [1, 2])
        #expect([.min, -1, 0, 99, 100, .max].map(zone.offset) == [1, 1, 1, 1, 2, 2])
    }
}
