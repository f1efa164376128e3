import Glibc

/// What the crash tests send: an endless feed that depends on its seed only. Several connections carry some streams
/// each, of every kind: cells, depths, widths, settings, missing values, seldom and often checkpointed.
struct CrashFeed: Sendable {
    /// A kind of stream, chosen by the first part of its name.
    private struct Kind {
        var name: String
        var channels = 1
        /// One of so many values is missing; 0: none.
        var missing: UInt64 = 0
        var settings: String
    }

    private static let kinds = [
        Kind(name: "gru", settings: "model.hidden = 24"),
        Kind(name: "lstm", settings: "model.cell = \"lstm\"\nmodel.k1 = 4"),
        Kind(name: "rnn", settings: "model.cell = \"rnn\"\nmodel.layers = 2"),
        Kind(name: "wide", channels: 3, missing: 12, settings: "model.loss = \"gaussian\""),
        Kind(name: "gaps", missing: 5, settings: "storage.checkpoint_interval = \"2s\"\nmodel.optimiser = \"rmsprop\""),
        Kind(name: "plain", settings: "storage.checkpoint_interval = \"1d\"\nscore.rest = 0"),
    ]

    static let connections = 4
    static let streamsEach = kinds.count

    /// Short intervals, so that kills meet all that there is to do. One shard more than connections would need.
    static let configuration = """
        [database]
        commit_interval = "20ms"
        commit_points = 2000
        [daemon]
        shards = 2
        [storage]
        checkpoint_interval = "1s"
        [score]
        warmup = 32
        window = 128
        rest = 10
        false_alarm_probability = 0.005

        """
        + kinds.map { "[[stream]]\nmatch = \"\($0.name).*\"\n\($0.settings)\n" }.joined(separator: "\n")

    let seed: UInt64

    /// The streams of a connection: the line with a number belongs to the one at the number's remainder.
    static func streams(of connection: Int) -> [(name: String, channels: Int)] {
        kinds.map { ("\($0.name).\(connection)", $0.channels) }
    }

    /// A line of a connection; they are numbered from 0.
    func line(_ number: Int, of connection: Int) -> String {
        let kind = Self.kinds[number % Self.streamsEach]
        let place = number / Self.streamsEach
        let stream = UInt64(connection * Self.streamsEach + number % Self.streamsEach)
        var random = SplitMix(seed: seed &+ stream << 40 &+ UInt64(place))
        let values = (0..<kind.channels).map { channel -> String in
            // An empty field would make the line of a narrow stream one without a value.
            if kind.missing > 0, random.next() % kind.missing == 0 {
                return kind.channels > 1 && place % 2 == 0 ? "" : "nan"
            }
            let wave = sin(Double(place) / Double(7 + channel)) * 100
            let spike = random.next() % 200 == 0 ? 400.0 : 0
            let noise = Double(random.next() % 2000) / 100
            return "\(wave + spike + noise)"
        }
        return "\(kind.name).\(connection) \(values.joined(separator: ",")) \(1_700_000_000 + place * 60)"
    }

    /// How many of a connection's first lines belong to the stream at a place.
    static func points(of place: Int, in lines: Int) -> Int { (lines + streamsEach - 1 - place) / streamsEach }
}
