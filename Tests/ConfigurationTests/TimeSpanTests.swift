import AnomalyConfiguration
import Testing

@Suite struct TimeSpanTests {
    @Test(
        arguments: [
            ("500ms", 500_000), ("1s", 1_000_000), ("5min", 300_000_000), ("1h", 3_600_000_000), ("1d", 86_400_000_000),
            ("1w", 604_800_000_000), ("1h 30min", 5_400_000_000), ("1h30min", 5_400_000_000), ("250us", 250),
            ("90", 90_000_000), ("0", 0), ("0s", 0), ("1.5h", 5_400_000_000), ("0.0000015s", 2), (" 2 s ", 2_000_000),
            ("1d\t12h", 129_600_000_000), ("1s 1s", 2_000_000),
        ] as [(String, Int64)]) func parses(text: String, expected: Int64)
    {
        #expect(TimeSpan.parse(text) == expected)
    }

    @Test(arguments: [
        "", " ", "s", "1x", "1m", "1M", "-1s", "+1s", "1s 5", "5 1s", "1e3", "1e3s", ".5s", "5.s", "1.2.3s", "1,5s",
        "inf", "nan", "1h-30min", "99999999999w", "9007199254740994us", "१s", "1 s, 2 s", "0x10",
    ]) func refuses(text: String) {
        #expect(TimeSpan.parse(text) == nil)
    }

    @Test(
        arguments: [
            (0, "0s"), (1, "1us"), (1500, "1ms 500us"), (1_000_000, "1s"), (60_000_000, "1min"),
            (90_000_000, "1min 30s"),
            (5_400_000_000, "1h 30min"), (86_400_000_000, "1d"), (1_209_600_000_000, "2w"),
        ] as [(Int64, String)]) func formats(microseconds: Int64, expected: String)
    {
        #expect(TimeSpan.format(microseconds) == expected)
    }

    @Test func whatIsFormattedIsReadBack() {
        var random = SplitMix(state: 7)
        for _ in 0..<2000 {
            let length = Int64.random(in: 0...(1 << Int64.random(in: 1...52, using: &random)), using: &random)
            #expect(TimeSpan.parse(TimeSpan.format(length)) == length)
        }
    }
}
