import BenchmarkSupport
import CSQLite

/// One row as the daemon stores it for a stream with one channel.
struct Row {
    static let insert = "INSERT INTO point VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"

    var stream: Int64
    var time: Int64
    var sequence: Int64
    var value, prediction, lower, upper, residual, score: Double

    func bind(to statement: OpaquePointer?) {
        sqlite3_bind_int64(statement, 1, stream)
        sqlite3_bind_int64(statement, 2, time)
        sqlite3_bind_int64(statement, 3, 0)
        sqlite3_bind_int64(statement, 4, sequence)
        sqlite3_bind_double(statement, 5, value)
        sqlite3_bind_double(statement, 6, prediction)
        sqlite3_bind_double(statement, 7, lower)
        sqlite3_bind_double(statement, 8, upper)
        sqlite3_bind_double(statement, 9, residual)
        sqlite3_bind_double(statement, 10, score)
        sqlite3_bind_int64(statement, 11, sequence <= 128 ? 2 : 0)
    }

    /// The rows of all streams, interleaved one by one, with the values that `feed-load` sends and verdicts of the
    /// same kind as the daemon's: full doubles, which SQLite cannot shorten.
    static func all(streams: Int, points: Int, seed: UInt64) -> [Row] {
        var series = (0..<streams).map { Series(stream: $0, seed: seed) }
        var generator = SeededGenerator(seed: seed)
        var rows: [Row] = []
        rows.reserveCapacity(streams * points)
        for point in 0..<points {
            let time = (Series.start + Int64(point) * Series.interval) * 1_000_000
            for stream in 0..<streams {
                let value = Double(series[stream].next()) / 1000
                let prediction = value * (1 + 0.01 * generator.noise())
                let band = value * (0.02 + 0.001 * generator.uniform())
                // No score during the warm-up, as in the daemon: zero takes no space in SQLite.
                let score = point < 128 ? 0 : generator.uniform() * 0.3
                rows.append(
                    Row(
                        stream: Int64(stream + 1), time: time, sequence: Int64(point + 1), value: value,
                        prediction: prediction, lower: prediction - band, upper: prediction + band,
                        residual: value - prediction, score: score))
            }
        }
        return rows
    }
}
