import Foundation

/// A measured series from `fixtures/series`.
struct Series {
    struct Point {
        /// Seconds since 1970.
        var time: Int
        /// As it stands in the file.
        var value: String
    }

    let points: [Point]

    /// The first file there, in alphabetical order, with the columns `timestamp,value`.
    static func load() throws -> Series {
        let root = (0..<4).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        let folder = root.appending(components: "fixtures", "series").path
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        guard let file = files.filter({ $0.hasSuffix(".csv") }).min() else {
            throw HarnessError("no CSV file in \(folder), which these tests take a real series from")
        }
        let points = contents(of: "\(folder)/\(file)").split(separator: "\n").compactMap { line -> Point? in
            let fields = line.split(separator: ",")
            guard fields.count >= 2, let time = seconds(fields[0]) else { return nil }
            return Point(time: time, value: String(fields[1]))
        }
        guard points.count > 1000 else { throw HarnessError("\(folder)/\(file) has only \(points.count) points") }
        return Series(points: points)
    }

    /// One line of the feed for each point.
    func lines(stream: String) -> [String] { points.map { "\(stream) \($0.value) \($0.time)" } }

    /// Lines of three channels made of the series: as it is, late by a day, and noise; a tenth of all values is
    /// missing, and sometimes all of a point's.
    func linesOfThreeChannels(stream: String) -> [String] {
        var generator = SplitMix(seed: 3)
        return points.indices.map { index in
            let late = points[max(0, index - 288)].value
            var values = [points[index].value, late, "\(Int.random(in: -500...500, using: &generator))e-2"]
            for channel in values.indices where Int.random(in: 0..<10, using: &generator) == 0 {
                values[channel] = Bool.random(using: &generator) ? "nan" : ""
            }
            if Int.random(in: 0..<50, using: &generator) == 0 { values = ["", "NaN", ""] }
            return "\(stream) \(values.joined(separator: ",")) \(points[index].time)"
        }
    }

    /// `2014-04-10 00:04:00` as Unix time; nil for a header.
    private static func seconds(_ text: Substring) -> Int? {
        let numbers = text.split { !$0.isNumber }.compactMap { Int32($0) }
        guard numbers.count == 6 else { return nil }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (numbers[0] - 1900, numbers[1] - 1, numbers[2])
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (numbers[3], numbers[4], numbers[5])
        return timegm(&parts)
    }
}
