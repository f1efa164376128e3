import AnomalyControl
import FeedProtocol
import Presentation
import Testing

@Suite struct TimeExpressionTests {
    /// Monday 2026-11-23 15:00:00 UTC, 16:00 in Berlin.
    let now: Int64 = 1_795_446_000_000_000
    let berlin = NamedZone("Europe/Berlin")!

    private func resolve(_ text: String, zone: any Zone = FixedZone.utc) throws -> String {
        RFC3339.string(try TimeExpression(text).resolve(now: now, zone: zone))
    }

    @Test(arguments: [
        ("now", "2026-11-23T15:00:00.000000Z"),
        ("NOW", "2026-11-23T15:00:00.000000Z"),
        ("-1h", "2026-11-23T14:00:00.000000Z"),
        ("+5min", "2026-11-23T15:05:00.000000Z"),
        ("1h ago", "2026-11-23T14:00:00.000000Z"),
        ("1h 30min ago", "2026-11-23T13:30:00.000000Z"),
        ("2 days ago", "2026-11-21T15:00:00.000000Z"),
        ("1d left", "2026-11-24T15:00:00.000000Z"),
        ("-1.5s", "2026-11-23T14:59:58.500000Z"),
        ("-90", "2026-11-23T14:58:30.000000Z"),
        ("-1w2d", "2026-11-14T15:00:00.000000Z"),
        ("today", "2026-11-23T00:00:00.000000Z"),
        ("yesterday", "2026-11-22T00:00:00.000000Z"),
        ("Tomorrow", "2026-11-24T00:00:00.000000Z"),
        ("yesterday 14:00", "2026-11-22T14:00:00.000000Z"),
        ("14:00", "2026-11-23T14:00:00.000000Z"),
        ("9:05", "2026-11-23T09:05:00.000000Z"),
        ("14:00:05", "2026-11-23T14:00:05.000000Z"),
        ("14:00:05.123", "2026-11-23T14:00:05.123000Z"),
        ("2026-11-23", "2026-11-23T00:00:00.000000Z"),
        ("2024-02-29", "2024-02-29T00:00:00.000000Z"),
        ("2026-11-23 14:00", "2026-11-23T14:00:00.000000Z"),
        ("  2026-11-23   14:00:05.123456 ", "2026-11-23T14:00:05.123456Z"),
        ("Mon 2026-11-23 14:00", "2026-11-23T14:00:00.000000Z"),
        ("monday 2026-11-23", "2026-11-23T00:00:00.000000Z"),
        ("2026-11-23 14:00 UTC", "2026-11-23T14:00:00.000000Z"),
        ("2026-11-23 14:00 Europe/Berlin", "2026-11-23T13:00:00.000000Z"),
        ("2026-07-23 14:00 Europe/Berlin", "2026-07-23T12:00:00.000000Z"),
        ("2026-11-23T14:00:05Z", "2026-11-23T14:00:05.000000Z"),
        ("2026-11-23t14:00:05.5z", "2026-11-23T14:00:05.500000Z"),
        ("2026-11-23T14:00:05+01:00", "2026-11-23T13:00:05.000000Z"),
        ("2026-11-23T14:00:05-0330", "2026-11-23T17:30:05.000000Z"),
        ("2026-11-23 14:00 +02", "2026-11-23T12:00:00.000000Z"),
        ("@1700000000", "2023-11-14T22:13:20.000000Z"),
        ("@1700000000.5", "2023-11-14T22:13:20.500000Z"),
        ("@1700000000.1234567", "2023-11-14T22:13:20.123456Z"),
        ("@-1", "1969-12-31T23:59:59.000000Z"),
        ("@0", "1970-01-01T00:00:00.000000Z"),
    ])
    func formsInUTC(text: String, expected: String) throws {
        #expect(try resolve(text) == expected)
    }

    @Test(arguments: [
        ("today", "2026-11-22T23:00:00.000000Z"),
        ("14:00", "2026-11-23T13:00:00.000000Z"),
        ("14:00 UTC", "2026-11-23T14:00:00.000000Z"),
        ("2026-07-01", "2026-06-30T22:00:00.000000Z"),
        ("-1h", "2026-11-23T14:00:00.000000Z"),
        // The night in which 02:00 becomes 03:00: 02:30 does not exist.
        ("2026-03-29 01:59", "2026-03-29T00:59:00.000000Z"),
        ("2026-03-29 02:30", "2026-03-29T01:30:00.000000Z"),
        ("2026-03-29 03:00", "2026-03-29T01:00:00.000000Z"),
        // The night in which 03:00 becomes 02:00: 02:30 comes twice, the first is meant.
        ("2026-10-25 01:59", "2026-10-24T23:59:00.000000Z"),
        ("2026-10-25 02:30", "2026-10-25T00:30:00.000000Z"),
        ("2026-10-25 03:00", "2026-10-25T02:00:00.000000Z"),
        ("2026-10-26", "2026-10-25T23:00:00.000000Z"),
    ])
    func formsInBerlin(text: String, expected: String) throws {
        #expect(try resolve(text, zone: berlin) == expected)
    }

    @Test func aDayIsTheZonesDay() throws {
        // 00:30 of the 24th in Berlin is still the 23rd in UTC.
        let late: Int64 = now + 8_500 * 3_600_000
        let today = try TimeExpression("today")
        #expect(RFC3339.string(today.resolve(now: late, zone: berlin)) == "2026-11-23T23:00:00.000000Z")
        #expect(RFC3339.string(today.resolve(now: late, zone: FixedZone.utc)) == "2026-11-23T00:00:00.000000Z")
        let tokyo = try TimeExpression("today Asia/Tokyo")
        #expect(RFC3339.string(tokyo.resolve(now: late, zone: berlin)) == "2026-11-23T15:00:00.000000Z")
    }

    @Test func midnightThatDoesNotExist() throws {
        // In Cairo the clock jumps from 00:00 to 01:00.
        let cairo = NamedZone("Africa/Cairo")!
        #expect(try resolve("2026-04-24", zone: cairo) == "2026-04-23T22:00:00.000000Z")
    }

    @Test func spansBeyondTheCalendarSaturate() throws {
        #expect(try TimeExpression("-290000y").resolve(now: -now * 100, zone: FixedZone.utc) == .min)
    }

    @Test(arguments: [
        "", " ", "foo", "-", "+", "ago", "-1x", "1h", "-1h ago", "-h", "-1..5s", "25:00", "14:60", "14:00:60", "14",
        "14:0", "2026-11", "2026-13-01", "2026-02-30", "26-11-23", "2026-11-23 14", "2026-11-23 14:00 14:00",
        "2026-11-23T", "@", "@1e9", "@x", "Tue 2026-11-23", "Mon", "Mon 14:00", "2026-11-23 14:00 Mars/Phobos",
        "2026-11-23T14:00:05+25:00", "2026-11-23 14:00 EST", "-99999999999y", "1700000000", "２０２６-11-23",
    ])
    func refused(text: String) {
        #expect(throws: TimeExpressionError.self) { try TimeExpression(text) }
    }

    @Test(arguments: [
        ("foo", "expected something like -1h"),
        ("2026-02-30", "there is no such day"),
        ("2026-11-23 25:00", "expected a time of day as HH:MM[:SS[.fraction]]"),
        ("-1parsec", "expected a length of time such as 90s"),
        ("@now", "expected Unix seconds after the @"),
        ("Tue 2026-11-23", "that day is a Monday"),
        ("23-11-2026", "expected a date as YYYY-MM-DD"),
    ])
    func errorsSayWhatWasExpected(text: String, reason: String) {
        let error = #expect(throws: TimeExpressionError.self) { try TimeExpression(text) }
        #expect(error?.description.hasPrefix("\"\(text)\" is not a time: \(reason)") == true)
    }
}

@Suite struct ZoneClockTests {
    @Test func cutsBelowAMillisecondAlsoBeforeTheEpoch() {
        var clock = ZoneClock(zone: FixedZone.utc)
        #expect(clock.text(1_795_446_005_123_999) == "2026-11-23 15:00:05.123")
        #expect(clock.text(-1) == "1969-12-31 23:59:59.999")
        #expect(clock.text(0).utf8.count == ZoneClock.width)
    }

    @Test func followsTheClockThroughTheNightItIsTurnedBack() {
        var clock = ZoneClock(zone: NamedZone("Europe/Berlin")!)
        let turn: Int64 = 1_792_890_000_000_000  // 2026-10-25 01:00 UTC
        #expect(clock.text(turn - 1_000_000) == "2026-10-25 02:59:59.000")
        #expect(clock.text(turn) == "2026-10-25 02:00:00.000")
        #expect(clock.text(turn - 1_000_000) == "2026-10-25 02:59:59.000")
    }

    @Test func longTextNamesDayAndZone() {
        var clock = ZoneClock(zone: FixedZone.utc)
        #expect(clock.longText(1_795_446_005_123_999) == "Mon 2026-11-23 15:00:05 UTC")
        #expect(clock.longText(0) == "Thu 1970-01-01 00:00:00 UTC")
        #expect(clock.longText(-86_400_000_000 * 5) == "Sat 1969-12-27 00:00:00 UTC")
    }

    @Test func zonesByName() {
        #expect(NamedZone("Europe/Berlin") != nil)
        #expect(NamedZone("Mars/Phobos") == nil)
        #expect(NamedZone("EST") == nil)
    }
}

@Suite struct RelativeSpanTests {
    @Test(
        arguments: [
            ("90", 90_000_000), ("1s", 1_000_000), ("5min", 300_000_000), ("5m", 300_000_000),
            ("1h30min", 5_400_000_000),
            ("1 hour 30 minutes", 5_400_000_000), ("2hr", 7_200_000_000), ("3ms", 3000), ("4us", 4), ("4µs", 4),
            ("0.5h", 1_800_000_000), ("1w", 604_800_000_000), ("1M", 2_630_016_000_000), ("1y", 31_557_600_000_000),
            ("0.0000019s", 1), ("0", 0),
        ] as [(String, Int64)])
    func reads(text: String, microseconds: Int64) {
        #expect(RelativeSpan.parse(text) == microseconds)
    }

    @Test(arguments: ["", "h", "1.h", ".5h", "1 parsec", "1h-", "-1h", "1e3s", "99999999999999999999s"])
    func refuses(text: String) {
        #expect(RelativeSpan.parse(text) == nil)
    }

    @Test(
        arguments: [
            (0, "0.0s"), (1_200_000, "1.2s"), (9_999_999, "10.0s"), (45_000_000, "45s"), (60_000_000, "1min"),
            (3_599_000_000, "59min 59s"), (7_500_000_000, "2h 5min"), (7_205_000_000, "2h"), (86_400_000_000, "1 day"),
            (273_600_000_000, "3 days 4h"), (-5, "0.0s"),
        ] as [(Int64, String)])
    func writes(microseconds: Int64, text: String) {
        #expect(RelativeSpan.text(microseconds) == text)
    }
}
