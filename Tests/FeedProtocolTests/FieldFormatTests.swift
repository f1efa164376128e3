import FeedProtocol
import Testing

/// Formats with tags and fields: Influx, telegraf's JSON, OpenMetrics.
@Suite struct FieldFormatTests {
    private static let telegraf = #"{"name":"m","tags":{"b":"2","a":"1"},"fields":{"y":2,"x":1,"s":"up"},"timestamp":"#

    @Test func fieldsCanBeChannels() {
        let options = FeedOptions(fields: .channels)
        let point = RecordingSink.Call.point("m;a=1;b=2", 1, 2, at: 1_000_000)
        #expect(decode("m,b=2,a=1 y=2,x=1,s=\"up\" 1000000000", format: .influx, options: options).calls == [point])
        #expect(decode(Self.telegraf + "1}", format: .json, options: options).calls == [point])
        #expect(decode("m y=2,x=1,y=3", format: .influx, options: options).rejections == ["1 fields"])
        // Nothing else has fields with names.
        #expect(decode("m{b=\"1\"} 1", format: .openmetrics, options: options).calls == [.point("m;b=1", 1)])
    }

    @Test(arguments: [
        (FeedTimeUnit.seconds, "-2", -2_000_000), (.seconds, "1.5", 1_500_000), (.milliseconds, "-1500", -1_500_000),
        (.milliseconds, "253402300799999", 253_402_300_799_999_000), (.microseconds, "-1500", -1500),
        (.microseconds, "253402300799999999", 253_402_300_799_999_999), (.nanoseconds, "1499", 1),
        (.nanoseconds, "1500", 2), (.nanoseconds, "-1500", -1), (.nanoseconds, "-1501", -2),
        (.nanoseconds, "-9223372036854775807", -9_223_372_036_854_776),
    ])
    func timesHaveTheUnitThatIsSet(unit: FeedTimeUnit, text: String, time: Int64) {
        let options = FeedOptions(timeUnit: unit)
        #expect(decode("m x=1 \(text)", format: .influx, options: options).calls == [.point("m.x", 1, at: time)])
        let json = #"{"stream":"m","value":1,"time":\#(text)}"#
        #expect(decode(json, format: .json, options: options).calls == [.point("m", 1, at: time)])
    }

    @Test(arguments: [
        (FeedTimeUnit.milliseconds, "253402300800000"), (.milliseconds, "-62135596800001"),
        (.microseconds, "253402300800000000"), (.nanoseconds, "9223372036854775808"), (.milliseconds, "1.5"),
        (.microseconds, "18446744073709551617"), (.nanoseconds, "99999999999999999999"), (.milliseconds, "-"),
    ])
    func timesOutOfRangeAreRejected(unit: FeedTimeUnit, text: String) {
        let sink = decode("m x=1 \(text)", format: .influx, options: FeedOptions(timeUnit: unit))
        #expect(sink.accepted.isEmpty)
        #expect(sink.rejections.count == 1)
    }

    /// Whatever tags are called and whatever order they come in: the name is one and the same, other tags have another
    /// one, and all formats that have them agree.
    @Test func namesDoNotDependOnTheOrderOfTags() {
        var random = SeededGenerator(seed: 11)
        let alphabet = Array("ab ,=\"\\;%#!.~é{}\u{1F36D}20")
        var met: [String: [UInt8]] = [:]
        for round in 0..<3000 {
            let word = { (random: inout SeededGenerator) -> String in
                String((0..<Int.random(in: 1...5, using: &random)).map { _ in alphabet.randomElement(using: &random)! })
            }
            let measurement = word(&random)
            let field = word(&random)
            let tags = Dictionary(
                (0..<Int.random(in: 0...3, using: &random)).map { _ in (word(&random), word(&random)) },
                uniquingKeysWith: { first, _ in first }
            ).sorted { Array($0.key.utf8).lexicographicallyPrecedes(Array($1.key.utf8)) }
            var names: Set<[UInt8]> = []
            for order in [tags, tags.reversed(), tags.shuffled(using: &random)] {
                if let line = influx(measurement, order, field) { names.formUnion(Self.names(line, .influx)) }
                names.formUnion(Self.names(json(measurement, order, field), .json))
                names.formUnion(Self.names(openMetrics(measurement + "." + field, order), .openmetrics))
            }
            #expect(names.count == 1, "round \(round): \(measurement) \(tags) \(field)")
            guard let name = names.first else { continue }
            let identity = "\([measurement + "." + field] + tags.flatMap { [$0.key, $0.value] })"
            #expect(met.updateValue(name, forKey: identity) ?? name == name)
        }
        #expect(Set(met.values).count == met.count, "what differs has different names")
    }

    private static func names(_ line: String, _ format: FeedFormat) -> [[UInt8]] {
        // Not the first line, in which a byte order mark would be skipped.
        decode("\n" + line, format: format).calls.map { call in
            if case .point(let name, _, _) = call { name } else { Array("\(call)".utf8) }
        }
    }

    /// Nil if it has no spelling: a backslash is itself, but not where a comma, an equals sign or a space follows. Nor
    /// can a line begin as a comment or a command.
    private func influx(
        _ measurement: String, _ tags: [(key: String, value: String)], _ field: String
    ) -> String? {
        guard let first = measurement.first, first != "#", first != "!",
            ![measurement, field].contains(where: { $0.contains("\\") }),
            !tags.contains(where: { $0.key.contains("\\") || $0.value.contains("\\") })
        else { return nil }
        let escape = { (text: String, special: String) in
            String(text.flatMap { special.contains($0) ? ["\\", $0] : [$0] })
        }
        let tags = tags.map { "," + escape($0.key, ",= ") + "=" + escape($0.value, ",= ") }
        return escape(measurement, ", ") + tags.joined() + " " + escape(field, ",= ") + "=1"
    }

    private func json(_ measurement: String, _ tags: [(key: String, value: String)], _ field: String) -> String {
        let tags = tags.map { quoted($0.key) + ":" + quoted($0.value) }.joined(separator: ",")
        return "{\"name\":\(quoted(measurement)),\"tags\":{\(tags)},\"fields\":{\(quoted(field)):1}}"
    }

    private func openMetrics(_ name: String, _ tags: [(key: String, value: String)]) -> String {
        "{\(quoted(name))" + tags.map { "," + quoted($0.key) + "=" + quoted($0.value) }.joined() + "} 1"
    }

    private func quoted(_ text: String) -> String {
        "\"" + String(text.flatMap { $0 == "\"" || $0 == "\\" ? ["\\", $0] : [$0] }) + "\""
    }

    /// A line is taken as a whole or not at all, as far as it can say.
    @Test func aWrongFieldCostsTheLine() {
        #expect(decode("m x=1,y=2,z=no", format: .influx).calls.count == 1)
        let long = String(repeating: "n", count: 254)
        #expect(decode("m x=1,\(long)=2", format: .influx).rejections == ["1 name"])
        #expect(decode("m x=1,\(long)=2", format: .influx).accepted == [])
    }

    /// Of what the sink does not take, the first is told of; the others stand.
    @Test func aStreamThatIsRefusedCostsNoOther() {
        var sink = RecordingSink()
        sink.refused = Array("m.y".utf8)
        var decoder = FeedDecoder(format: .influx)
        withBytes("m x=1,y=2,z=3\n") { decoder.consume($0, into: &sink) }
        #expect(sink.accepted == [.point("m.x", 1), .point("m.z", 3)])
        #expect(sink.rejections == ["1 width"])
    }

    /// Neither time nor memory grows faster than the line.
    @Test func linesOfVeryManyPartsAreCheap() {
        let tags = (0..<6000).reversed().map { ",t\($0)=v" }.joined()
        let fields = (0..<6000).reversed().map { "f\($0)=1" }.joined(separator: ",")
        let start = ContinuousClock.now
        for _ in 0..<10 {
            #expect(decode("m" + tags + " f=1", format: .influx).rejections == ["1 name"])
            #expect(decode("m " + fields, format: .influx).calls.count == 6000)
            let channels = decode("m " + fields, format: .influx, options: FeedOptions(fields: .channels))
            #expect(channels.rejections == ["1 width"])
        }
        #expect(
            ContinuousClock.now - start < .seconds(20), "it is a fraction of a second, and minutes if it is squared")
    }

    /// What finding the format leaves alone: whatever the plain format takes, but for JSON and labels.
    @Test func findingTheFormatChangesNoPlainLine() {
        var random = SeededGenerator(seed: 3)
        let parts = [
            "a", "b=1", "{", "}", "=", "\\", "1", "2.5", ",", " ", "PUTVAL", "x/y/z", ":", "|c", "\"", "N", "nan",
        ]
        var found = 0
        for _ in 0..<20_000 {
            let line = (0..<Int.random(in: 1...7, using: &random)).map { _ in parts.randomElement(using: &random)! }
                .joined()
            let plain = decode(line, format: .plain)
            guard plain.rejections.isEmpty, line.first(where: { $0 != " " }) != "{" else {
                found += decode(line, format: .auto).accepted.count
                continue
            }
            #expect(decode(line, format: .auto).calls == plain.calls, "\(line)")
        }
        #expect(found > 10)
    }

    @Test func aMegabyteOfBracketsIsOneError() {
        for opening in ["[", "{\"a\":"] {
            let line = "{\"stream\":\"a\",\"value\":1,\"x\":" + String(repeating: opening, count: 12_000)
            #expect(decode(line, format: .json).rejections == ["1 fields"])
        }
        let deepest = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(decode(#"{"stream":"a","value":1,"x":\#(deepest)}"#, format: .json).calls == [.point("a", 1)])
        #expect(decode(#"{"stream":"a","value":1,"x":[\#(deepest)]}"#, format: .json).rejections == ["1 fields"])
    }
}
