import AnomalyDetection
import BenchmarkSupport
import Foundation
import PointStore

/// Fills a store as the daemon's writer does, without the daemon: with generated series that end now, or with the
/// verdicts that `anomalyctl backtest -o` has written.
@main
enum StoreFill {
    static let usage = """
        usage: store-fill --database FILE [options]
          --streams N   streams (1000)
          --points N    points of each, one a minute, the last one now (43200: 30 days)
          --scores DIR  instead, a stream for each CSV file below DIR, as anomalyctl backtest -o writes them
          --seed N      another seed, other series (1)
        The file must be new, or one that the daemon has founded and that holds no stream. Prints lines of "name value".
        """
    /// Points that are put into one commit.
    private static let batch = 50_000

    static func main() throws {
        let arguments = Arguments(known: ["database", "streams", "points", "scores", "seed"], usage: usage)
        let store = try PointStore(path: arguments.string("database"))
        let begun = Clocks.steady
        let scores = arguments.string("scores", default: "")
        let points =
            scores.isEmpty
            ? try generated(
                streams: arguments.integer("streams", default: 1000),
                points: arguments.integer("points", default: 43_200),
                seed: UInt64(arguments.integer("seed", default: 1, least: 0)), into: store)
            : try recorded(below: scores, into: store)
        let stored = Clocks.steady
        try store.seal()
        try store.close()
        var report = Report()
        report.add("points", points)
        report.add("seconds", stored - begun)
        report.add("seal_seconds", Clocks.steady - stored)
        report.add("peak_bytes", Int(Clocks.peakMemory))
        report.write()
    }

    // MARK: Generated series

    private static func generated(streams: Int, points: Int, seed: UInt64, into store: PointStore) throws -> Int {
        let now = Int64(Date().timeIntervalSince1970) * 1_000_000
        var commit = Commit()
        commit.streams = (1...Int32(streams)).map {
            StreamRecord(id: $0, name: String(format: "web.%04d.load", $0), channels: 1, created: now)
        }
        var generator = SeededGenerator(seed: seed)
        for sequence in 1...Int64(points) {
            let time = now - (Int64(points) - sequence) * 60_000_000
            let day = sin(Double(sequence) * 2 * .pi / 1440)
            for stream in 1...Int32(streams) {
                // A value with two decimals; residual and score as a detector has them whose usual residual is 1.
                let noise = generator.noise()
                let value = ((50 + 20 * day + noise) * 100).rounded() / 100
                let residual = (noise * 64).rounded() / 64
                let prediction = value - residual
                let rarity = -log10(1 - generator.uniform())
                commit.points.append(
                    PointRow(
                        stream: stream, channel: 0, sequence: sequence, time: time, value: value,
                        prediction: prediction, lower: prediction - 3.25, upper: prediction + 3.25, residual: residual,
                        score: (min(1, rarity / 10) * 4096).rounded(.down) / 4096,
                        flags: sequence % 5000 == 0 ? [.anomaly, .unpredicted] : []))
            }
            if sequence % 5000 == 0 {
                for stream in 1...Int32(streams) where stream % 10 == 0 {
                    commit.anomalies.append(AnomalyRecord(stream: stream, anomaly: anomaly(at: sequence, time)))
                }
            }
            try write(&commit, to: store, isLast: sequence == Int64(points))
        }
        return streams * points
    }

    private static func anomaly(at sequence: Int64, _ time: Int64) -> Anomaly {
        Anomaly(
            startSequence: sequence, start: time, end: time, peak: time, peakScore: 0.5, peakChannel: 0, peakValue: 60,
            peakPrediction: 50, points: 1, isOpen: false)
    }

    private static func write(_ commit: inout Commit, to store: PointStore, isLast: Bool) throws {
        guard isLast || commit.points.count >= batch else { return }
        try store.commit(&commit)
        commit.removeAll()
        while store.shouldSeal { try store.sealSome() }
    }

    // MARK: Recorded verdicts

    private static func recorded(below folder: String, into store: PointStore) throws -> Int {
        var files: [String] = []
        for case let file as String in FileManager.default.enumerator(atPath: folder) ?? .init()
        where file.hasSuffix(".csv") { files.append(file) }
        var commit = Commit()
        var total = 0
        for (index, file) in files.sorted().enumerated() {
            let id = Int32(index + 1)
            commit.streams.append(StreamRecord(id: id, name: file, channels: 1, created: 0))
            let text = try String(contentsOfFile: folder + "/" + file, encoding: .utf8)
            var sequence: Int64 = 0
            // timestamp,value,prediction,lower,upper,residual,score,anomaly
            for line in text.split(separator: "\n").dropFirst() {
                let fields = line.split(separator: ",", omittingEmptySubsequences: false)
                guard fields.count == 8, let time = microseconds(fields[0]) else {
                    Failure.end("\(file): expected a line of eight fields, found '\(line)'")
                }
                let numbers = fields[1...6].map { Double($0) ?? .nan }
                // Late and repeated lines have no prediction; the daemon stores none of them.
                if numbers[1].isNaN, sequence > 0 { continue }
                sequence += 1
                commit.points.append(
                    PointRow(
                        stream: id, channel: 0, sequence: sequence, time: time, value: numbers[0],
                        prediction: numbers[1], lower: numbers[2], upper: numbers[3], residual: numbers[4],
                        score: numbers[5], flags: fields[7] == "1" ? .anomaly : []))
            }
            total += Int(sequence)
            try store.commit(&commit)
            commit.removeAll()
            while store.shouldSeal { try store.sealSome() }
        }
        return total
    }

    /// "2014-04-01 00:00:00", UTC, with fractions or without.
    private static func microseconds(_ text: Substring) -> Int64? {
        let fields = text.split { !$0.isNumber }
        guard fields.count >= 6, let numbers = Optional(fields.prefix(6).compactMap { Int($0) }), numbers.count == 6
        else { return nil }
        var time = tm()
        (time.tm_year, time.tm_mon, time.tm_mday) = (Int32(numbers[0] - 1900), Int32(numbers[1] - 1), Int32(numbers[2]))
        (time.tm_hour, time.tm_min, time.tm_sec) = (Int32(numbers[3]), Int32(numbers[4]), Int32(numbers[5]))
        let digits = fields.count > 6 ? fields[6].prefix(6) : ""
        let fraction = Int64(digits + String(repeating: "0", count: 6 - digits.count)) ?? 0
        return Int64(timegm(&time)) * 1_000_000 + fraction
    }
}
