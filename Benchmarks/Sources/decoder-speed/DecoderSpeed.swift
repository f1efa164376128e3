import BenchmarkSupport
import FeedProtocol

/// How fast the decoder of each format reads on one core: the same points in all formats, as their senders write them,
/// in pieces as they come from a socket, to a sink that adds up what it gets.
@main
enum DecoderSpeed {
    static let usage = """
        usage: decoder-speed [--streams N] [--points N] [--rounds N]
        Prints a table: MB and points a second of each format, the best of the rounds, and how that compares to plain.
        """
    /// Bytes that the daemon reads from a connection at most at once.
    static let piece = 65_536

    static func main() {
        let arguments = Arguments(known: ["streams", "points", "rounds"], usage: usage)
        let rounds = arguments.integer("rounds", default: 7)
        var points = Points(streams: arguments.integer("streams", default: 1000))
        let samples = points.make(arguments.integer("points", default: 200_000))
        let feeds = Feed.all.map { (feed: $0, bytes: $0.bytes(samples)) }
        var best = [Double](repeating: .infinity, count: feeds.count)
        var tallies = [Tally](repeating: Tally(), count: feeds.count)
        // All formats in turn, so that a slow moment of the machine is one for all of them.
        for _ in 0..<rounds {
            for (index, (feed, bytes)) in feeds.enumerated() {
                let (seconds, tally) = time(feed, bytes)
                best[index] = min(best[index], seconds)
                tallies[index] = tally
            }
        }
        print("| format | bytes a point | MB/s | of plain | million points/s | of plain |")
        print("|---|--:|--:|--:|--:|--:|")
        for (index, (feed, bytes)) in feeds.enumerated() {
            let tally = tallies[index]
            guard tally.rejected == 0, tally.points == tallies[0].points || feed.format == .csv else {
                Failure.end("\(feed.name): \(tally.points) points and \(tally.rejected) rejected lines")
            }
            let (rate, plain) = (Double(bytes.count) / best[index] / 1e6, Double(feeds[0].bytes.count) / best[0] / 1e6)
            let (pace, plainPace) = (
                Double(tally.points) / best[index] / 1e6, Double(tallies[0].points) / best[0] / 1e6
            )
            print(
                "| \(feed.name) | \(bytes.count / tally.points) | \(Int(rate)) | \(percent(rate / plain)) | "
                    + "\(tenths(pace)) | \(percent(pace / plainPace)) |")
        }
    }

    private static func time(_ feed: Feed, _ bytes: [UInt8]) -> (seconds: Double, tally: Tally) {
        var decoder = FeedDecoder(format: feed.format, stream: Array("bench".utf8))
        var tally = Tally()
        let start = Clocks.cpu
        bytes.withUnsafeBytes { bytes in
            for begin in stride(from: 0, to: bytes.count, by: piece) {
                decoder.consume(
                    UnsafeRawBufferPointer(rebasing: bytes[begin..<min(begin + piece, bytes.count)]), into: &tally)
            }
        }
        return (Clocks.cpu - start, tally)
    }

    private static func percent(_ ratio: Double) -> String { "\(Int((ratio * 100).rounded())) %" }
    private static func tenths(_ number: Double) -> String { "\((number * 10).rounded() / 10)" }
}

/// Takes points and looks at each, so that none of the work can be left out.
struct Tally: FeedSink {
    var points = 0
    var rejected = 0
    var sum = 0.0

    mutating func point(
        name: UnsafeRawBufferPointer, values: UnsafeBufferPointer<Double>, time: Int64?
    ) throws(FeedLineError) {
        points += 1
        sum += values[0] + Double(name[name.count - 1])
    }

    mutating func sample(name: UnsafeRawBufferPointer, _ sample: StatsDSample) throws(FeedLineError) {
        points += 1
        sum += sample.rate + Double(name[name.count - 1])
    }

    mutating func command(_ command: FeedCommand) {}

    mutating func reject(_ error: FeedLineError, line: Int, excerpt: UnsafeRawBufferPointer) { rejected += 1 }
}
