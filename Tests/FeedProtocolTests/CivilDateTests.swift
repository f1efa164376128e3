import FeedProtocol
import Testing

@Suite struct CivilDateTests {
    @Test func countsEveryDayOfElevenCenturies() throws {
        var days = try #require(CivilDate(year: 1599, month: 12, day: 31)).daysSinceEpoch
        #expect(days == -135_141)
        for year in 1600..<2700 {
            for month in 1...12 {
                for day in 1...CivilDate.days(inMonth: month, of: year) {
                    days += 1
                    let date = try #require(CivilDate(year: year, month: month, day: day))
                    guard date.daysSinceEpoch == days, CivilDate(daysSinceEpoch: days) == date else {
                        Issue.record("\(date) is not \(days)")
                        return
                    }
                }
            }
        }
    }

    @Test(arguments: [
        (1970, 1, 1, 0), (1969, 12, 31, -1), (2000, 2, 29, 11016), (2000, 3, 1, 11017), (1, 1, 1, -719_162),
        (0, 3, 1, -719_468), (0, 2, 29, -719_469), (-400, 3, 1, -865_565), (9999, 12, 31, 2_932_896),
    ])
    func knownDays(year: Int, month: Int, day: Int, days: Int) throws {
        let date = try #require(CivilDate(year: year, month: month, day: day))
        #expect(date.daysSinceEpoch == days)
        #expect(CivilDate(daysSinceEpoch: days) == date)
    }

    @Test(arguments: [
        (2023, 2, 29), (1900, 2, 29), (2023, 4, 31), (2023, 0, 1), (2023, 13, 1), (2023, 1, 0), (2023, 1, 32),
    ])
    func refusesDaysThatDoNotExist(year: Int, month: Int, day: Int) {
        #expect(CivilDate(year: year, month: month, day: day) == nil)
    }
}

@Suite struct RFC3339Tests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (1_700_000_000_123_456, "2023-11-14T22:13:20.123456Z"),
            (951_782_399_000_001, "2000-02-28T23:59:59.000001Z"),
            (FeedTime.range.lowerBound, "0001-01-01T00:00:00.000000Z"),
            (FeedTime.range.upperBound, "9999-12-31T23:59:59.999999Z"),
            (FeedTime.range.upperBound + 1, "+010000-01-01T00:00:00.000000Z"),
            (Int64.max, "+294247-01-10T04:00:54.775807Z"), (Int64.min, "-290308-12-21T19:59:05.224192Z"),
        ] as [(Int64, String)])
    func writes(time: Int64, text: String) {
        #expect(RFC3339.string(time) == text)
        var bytes = Array("at ".utf8)
        RFC3339.append(time, to: &bytes)
        #expect(bytes == Array("at \(text)".utf8))
    }

    @Test func readsBack() throws {
        var random = SeededGenerator(seed: 4)
        for _ in 0..<20_000 {
            let time = Int64.random(in: FeedTime.range, using: &random)
            #expect(try withBytes(RFC3339.string(time)) { try FeedTime.parse($0) } == time)
        }
    }
}
