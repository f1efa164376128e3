import AnomalyControl
import FeedProtocol

extension FuzzTarget {
    /// A CSV file of `backtest` and `train`. The daemon's CSV feed must read the same points from it.
    static let series = FuzzTarget(name: "series", longest: 2048) { bytes in
        guard let file = try? SeriesFile(bytes, path: "file.csv") else { return }
        try expect(
            file.values.count == file.rows * file.channels && file.labels.map { $0.count == file.rows } ?? true,
            "a row has a value for each of \(file.channels) channels: \(file.values.count) for \(file.rows) rows")
        for row in 0..<file.rows {
            let text = Array(file.timeText(ofRow: row))
            let time = text.withUnsafeBytes { try? FeedTime.parse($0) }
            try expect(time == file.times[row], "row \(row) has the time of its text \(text): \(file.times[row])")
        }
        // A header that begins like a command is one in a feed.
        let first = bytes.first { !"\u{FEFF} \t\r\n".utf8.contains($0) }
        if first == UInt8(ascii: "!") || bytes.contains(UInt8(ascii: "#")) { return }
        var decoder = FeedDecoder(format: .csv, stream: Array("stream".utf8))
        var sink = CheckingSink()
        bytes.withUnsafeBytes { decoder.consume($0, into: &sink) }
        decoder.finish(into: &sink)
        if let finding = sink.finding { throw finding }
        let points = (0..<file.rows).map { row -> CheckingSink.Call in
            let values = file.values[row * file.channels..<(row + 1) * file.channels]
            return .point(name: Array("stream".utf8), values: values.map(\.bitPattern), time: file.times[row])
        }
        try expect(sink.calls == points, "a feed gives the file's points: \(points); found \(sink.calls)")
    }
}
