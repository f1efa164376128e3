import BenchmarkSupport

/// Everything that one connection will send, made before the clock starts: the points of its streams, interleaved one
/// by one, as plain lines with timestamps, and a `!sync` at the end.
struct FeedLines {
    /// What the daemon answers to the `!sync`.
    static let answer = Array("!synced feed-load\n".utf8)

    private(set) var bytes: [UInt8] = []
    private(set) var points = 0

    /// - Parameter streams: numbers of the streams.
    init(streams: some Sequence<Int>, points count: Int, seed: UInt64) {
        var series = streams.map {
            (name: Array((Series.name(stream: $0) + " ").utf8), it: Series(stream: $0, seed: seed))
        }
        bytes.reserveCapacity(series.count * count * 44 + 16)
        for row in 0..<count {
            let ending = Array(" \(Series.start + Int64(row) * Series.interval)\n".utf8)
            for index in series.indices {
                bytes.append(contentsOf: series[index].name)
                append(thousandths: series[index].it.next())
                bytes.append(contentsOf: ending)
            }
        }
        bytes.append(contentsOf: "!sync feed-load\n".utf8)
        points = series.count * count
    }

    /// Appends a number of at least 1 with its three decimals.
    private mutating func append(thousandths value: Int) {
        let digits = String(value).utf8
        bytes.append(contentsOf: digits.dropLast(3))
        bytes.append(UInt8(ascii: "."))
        bytes.append(contentsOf: digits.suffix(3))
    }
}
