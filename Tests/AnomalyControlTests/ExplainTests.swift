import AnomalyControl
import Testing

/// `anomalyctl explain`.
@Suite struct ExplainTests {
    let store: SampleStore
    init() throws { store = try .withAnomalies() }

    private func run(columns: Int? = nil, colour: Bool = false, _ arguments: String...) throws -> String {
        try InProcess(columns: columns, colour: colour, database: store.path)
            .output(["explain", "--utc"] + arguments).replacing("\u{1B}", with: "␛")
    }

    @Test func aSpike() throws {
        #expect(
            try run(columns: 80, "2") == """
                Anomaly 2 of cpu.load
                     Began: Mon 2026-11-23 14:19:00 UTC
                     Ended: Mon 2026-11-23 14:20:00 UTC, after 1min
                    Points: 2, from the stream's point 20 on
                  Expected: 2, between 1.5 and 2.5
                  Observed: 12, which is 10 above that: 20 times the half-width of the band
                    Rarity: score 0.420: one point in 16,000 is as strange, which at a point
                            every 1min is once in 11 days
                      Kind: spike: a value that the last ones did not announce
                   Similar: 1 of this kind before: number 1 on Mon 2026-11-23 14:09:00 UTC
                            (score 0.350)
                   Related: number 3 of web (1min 30s after, range)
                     Model: did not learn from these 2 points (model.hold = 30)

                """)
    }

    @Test func onAWideTerminal() throws {
        #expect(
            try run(columns: 120, "2") == """
                Anomaly 2 of cpu.load
                     Began: Mon 2026-11-23 14:19:00 UTC
                     Ended: Mon 2026-11-23 14:20:00 UTC, after 1min
                    Points: 2, from the stream's point 20 on
                  Expected: 2, between 1.5 and 2.5
                  Observed: 12, which is 10 above that: 20 times the half-width of the band
                    Rarity: score 0.420: one point in 16,000 is as strange, which at a point every 1min is once in 11 days
                      Kind: spike: a value that the last ones did not announce
                   Similar: 1 of this kind before: number 1 on Mon 2026-11-23 14:09:00 UTC (score 0.350)
                   Related: number 3 of web (1min 30s after, range)
                     Model: did not learn from these 2 points (model.hold = 30)

                """)
    }

    /// Within the band, not over yet, and asked for by its stream.
    @Test func aLevelShift() throws {
        #expect(
            try run(columns: 80, colour: true, "cpu.load") == """
                ␛[1mAnomaly 5 of cpu.load␛[0m, ␛[1;31mstill open␛[0m
                     Began: Mon 2026-11-23 14:50:00 UTC, 10min ago
                    Latest: Mon 2026-11-23 14:58:00 UTC, after 8min
                    Points: 9, from the stream's point 51 on
                  Expected: 2, between 1.5 and 2.5
                  Observed: 2.4, which is 0.4 above that: 0.8 times the half-width of the band,
                            so within it: the network was not surprised
                    Rarity: score 0.340: one point in 2,500 is as strange, which at a point
                            every 1min is once in 42 hours
                      Kind: shift: values that have been off to one side for some time
                      Also: earlier seasons had nothing like it at this time
                   Similar: none of this kind before in this stream
                   Related: nothing in other streams within 5min
                     Model: has not learned from these 9 points; what is still anomalous after
                            30 in a row becomes the new normal (model.hold = 30)

                """)
    }

    @Test func channels() throws {
        #expect(
            try run(columns: 80, "3") == """
                Anomaly 3 of web
                     Began: Mon 2026-11-23 14:20:30 UTC
                    Points: 1, from the stream's point 21 on
                  Expected: 50 in channel 1, between 49.5 and 50.5
                  Observed: 150, which is 100 above that: 200 times the half-width of the band
                    Rarity: score 0.500: one point in 100,000 is as strange, which at a point
                            every 1min is once in 9.9 weeks
                      Kind: range: a value outside all that was seen before
                  Channels: channel 1 for 75 %, channel 0 for 25 %
                   Similar: none of this kind before in this stream
                   Related: number 2 of cpu.load (1min 30s before, spike)
                     Model: did not learn from this point (model.hold = 30)

                """)
    }

    @Test func aSilence() throws {
        #expect(
            try run(columns: 80, "quiet") == """
                Anomaly 4 of quiet, still open
                    Began: Mon 2026-11-23 14:40:00 UTC, 20min ago
                  Silence: 31min so far, since Mon 2026-11-23 14:29:00 UTC; usual is a point
                           every 1min
                   Rarity: score 0.330: one point in 2,000 is as strange, which at a point every
                           1min is once in 33 hours
                     Kind: gap: nothing came for long
                  Similar: none of this kind before in this stream
                  Related: nothing in other streams within 5min

                """)
        try store.append(stream: 3, sequence: 31, time: SampleStore.at(55), value: 7)
        #expect(
            try run("quiet").contains(
                "Silence: 26min, from Mon 2026-11-23 14:29:00 UTC to Mon 2026-11-23 14:55:00 UTC; usual is a point every "
                    + "1min\n"))
    }

    /// What is out of its season is compared with the days before.
    @Test func theDaysBefore() throws {
        let store = try SampleStore()
        try store.fill(hours: 75, peak: 74)
        let text = try InProcess(database: store.path).output("explain", "filled", "--utc")
        #expect(text.contains("\n   Earlier: 2 to 50 at this time on 3 of the 7 days before\n"), "\(text)")
        let json = try InProcess(database: store.path).output("explain", "filled", "-o", "json")
        #expect(json.contains(#""earlier":{"days":3,"highest":50,"lowest":2}"#), "\(json)")
    }

    @Test func whatTheModelLearns() throws {
        func model(_ arguments: String...) throws -> Substring? {
            try InProcess(database: store.path).output(["explain"] + arguments).split(separator: "\n")
                .first { $0.hasSuffix(")") && $0.contains("Model: ") || $0.contains("Model: does") }
                .map { $0.drop { $0 == " " }.dropFirst(7) }
        }
        #expect(try model("1") == "did not learn from this point (model.hold = 30)")
        #expect(try model("2") == "did not learn from these 2 points (model.hold = 30)")
        #expect(
            try model("5")
                == "has not learned from these 9 points; what is still anomalous after 30 in a row becomes the new normal "
                + "(model.hold = 30)")
        #expect(
            try model("5", "--set", "model.hold=4")
                == "does not learn from the first 4 anomalous points in a row (model.hold = 4); what lasts longer, as this "
                + "may have, becomes the new normal")
        #expect(
            try model("1", "--set", "model.hold=0")
                == "learns from these points as from all others (model.hold = 0)")
        #expect(try model("1", "--set", "model.learning=false") == "does not learn (model.learning = false)")
        #expect(try model("4") == nil)
    }

    @Test func json() throws {
        #expect(
            try run("2", "-o", "json") == """
                {"channel":0,"duration":60,"end":"2026-11-23T14:20:00.000000Z","evidence":[],"half_widths":20,"id":2,"interval":60,"kind":"spike","lower":1.5,"meaning":"a value that the last ones did not announce","model":{"hold":30,"learning":true},"once_per_points":15848.93192461114,"once_per_seconds":950935.9154766685,"open":false,"peak":"2026-11-23T14:19:00.000000Z","points":2,"prediction":2,"related":{"count":1,"nearest":[{"duration":0,"id":3,"kind":"range","score":0.5,"start":"2026-11-23T14:20:30.000000Z","stream":"web"}]},"residual":10,"score":0.42,"similar":{"count":1,"nearest":[{"duration":0,"id":1,"kind":"spike","score":0.35,"start":"2026-11-23T14:09:00.000000Z","stream":"cpu.load"}]},"start":"2026-11-23T14:19:00.000000Z","stream":"cpu.load","upper":2.5,"value":12}

                """)
        #expect(
            try run("4", "-o", "json") == """
                {"channel":0,"end":"2026-11-23T14:40:00.000000Z","evidence":[],"id":4,"interval":60,"kind":"gap","meaning":"nothing came for long","model":{"hold":30,"learning":true},"once_per_points":1995.262314968881,"once_per_seconds":119715.73889813285,"open":true,"peak":"2026-11-23T14:40:00.000000Z","points":0,"related":{"count":0,"nearest":[]},"score":0.33,"silence":{"start":"2026-11-23T14:29:00.000000Z"},"similar":{"count":0,"nearest":[]},"start":"2026-11-23T14:40:00.000000Z","stream":"quiet"}

                """)
    }

    /// Says nothing of kinds and channels, which it does not know.
    @Test func anOlderFile() throws {
        try store.makeOld()
        #expect(
            try run(columns: 80, "4") == """
                Anomaly 4 of quiet, still open
                    Began: Mon 2026-11-23 14:40:00 UTC, 20min ago
                   Rarity: score 0.330: one point in 2,000 is as strange, which at a point every
                           1min is once in 33 hours
                  Related: nothing in other streams within 5min

                """)
        let text = try run("3")
        #expect(!text.contains("Kind: ") && !text.contains("Channels: ") && !text.contains("Similar: "))
        let json = try run("3", "-o", "json")
        #expect(!json.contains(#""kind""#) && !json.contains(#""similar""#) && !json.contains(#""attribution""#))
    }

    @Test func whatIsNotThere() throws {
        func failure(_ name: String) throws -> String? {
            let failure = #expect(throws: Failure.self) { try run(name) }
            #expect(failure?.status == .unknownStream)
            return failure?.text
        }
        #expect(
            try failure("99") == "anomalyctl: there is no anomaly 99\nto see the numbers, try: anomalyctl anomalies\n")
        #expect(
            try failure("nosuch") == """
                anomalyctl: there is no stream "nosuch"
                to see the numbers of anomalies, and their streams, try: anomalyctl anomalies

                """)
        try store.append(stream: 9, sequence: 1, time: 0, value: 0, newStream: "99")
        #expect(
            try failure("99") == """
                anomalyctl: the stream "99" has no anomaly
                to see those of others, try: anomalyctl anomalies

                """)
    }
}
