import AnomalyDetection
import PointStore

/// What `--step` makes of the points of one stream in one span of time.
package struct Bucket: Sendable, Equatable {
    package var stream: Int32
    /// Its begin, in microseconds since 1970.
    package var start: Int64
    package var points: Int64 = 0
    package var anomalies: Int64 = 0
    /// The highest score; NaN if none was scored.
    package var score = Double.nan
    package var channels: [Channel]

    /// The values of one channel, without those that are missing.
    package struct Channel: Sendable, Equatable {
        package var values: Int64 = 0
        /// NaN without values.
        package var minimum = Double.nan
        package var mean = Double.nan
        package var maximum = Double.nan

        mutating func add(_ value: Double) {
            guard !value.isNaN else { return }
            values += 1
            if values == 1 {
                (minimum, mean, maximum) = (value, value, value)
            } else {
                minimum = min(minimum, value)
                maximum = max(maximum, value)
                // A running mean rather than a sum: it can't overflow, and equal values stay what they are.
                mean += (value - mean) / Double(values)
            }
        }
    }

    init(stream: Int32, start: Int64, channels: Int) {
        self.stream = stream
        self.start = start
        self.channels = Array(repeating: Channel(), count: channels)
    }

    mutating func add(_ point: StoredPoint) {
        points += 1
        if point.isAnomaly { anomalies += 1 }
        if !point.score.isNaN { score = score.isNaN ? point.score : max(score, point.score) }
        // A damaged file may hold a point with fewer channels, or more.
        for index in channels.indices where index < point.channels.count {
            channels[index].add(point.channels[index].value)
        }
    }
}

extension Schema {
    /// What `anomalyctl query --step` prints of a bucket.
    static func buckets(of streams: [StreamRecord]) -> Schema {
        var schema = points(of: streams)
        schema.columns = [
            schema.columns[0], Column("time", "FROM", .time),
            Column("count", "COUNT", .integer, textWidth: 9), Column("min", "MIN", .number),
            Column("mean", "MEAN", .number), Column("max", "MAX", .number), Column("score", "SCORE", .score),
            Column("anomalies", "ANOMALIES", .integer, textWidth: 9, rank: 1),
        ]
        schema.subject = "bucket"
        return schema
    }
}

extension Record {
    /// A bucket as a record of the schema `buckets(of:)`.
    init(_ bucket: Bucket, stream: String) {
        func numbers(_ value: (Bucket.Channel) -> Double) -> Field {
            .channels(bucket.channels.count) { value(bucket.channels[$0]) }
        }
        self.init(
            fields: [
                .text(stream), .time(bucket.start), .integer(bucket.points), numbers(\.minimum), numbers(\.mean),
                numbers(\.maximum), .number(bucket.score), .integer(bucket.anomalies),
            ],
            note: bucket.anomalies > 0 ? .anomaly : nil)
    }
}
