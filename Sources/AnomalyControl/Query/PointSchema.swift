import AnomalyDetection
package import PointStore

extension Schema {
    /// What `anomalyctl query` prints of a point.
    ///
    /// - Parameter streams: those that may appear; their names make the width of the column.
    package static func points(of streams: [StreamRecord]) -> Schema {
        let names = streams.map { stream in
            let suffix = stream.channels > 1 ? "[\(stream.channels - 1)]".utf8.count : 0
            return TextWidth.of(stream.name) + suffix
        }
        return Schema(
            columns: [
                Column("stream", "STREAM", .text, textWidth: names.max() ?? 0),
                Column("time", "TIME", .time),
                Column("value", "VALUE", .number),
                Column("prediction", "EXPECTED", .number),
                Column("lower", "LOWER", .number, rank: 2),
                Column("upper", "UPPER", .number, rank: 2),
                Column("residual", "RESIDUAL", .number, rank: 1),
                Column("score", "SCORE", .score),
                Column("anomaly", "", .hidden),
            ],
            tableLead: "time", hasChannelRows: true, emptyText: "no points")
    }
}

extension Record {
    /// A point as a record of the schema `points(of:)`.
    package init(_ point: StoredPoint, stream: String) {
        let channels = point.channels
        func numbers(_ value: (ChannelVerdict) -> Double) -> Field {
            .channels(channels.count) { value(channels[$0]) }
        }
        self.init(fields: [
            .text(stream), .time(point.time), numbers(\.value), numbers(\.prediction), numbers(\.lower),
            numbers(\.upper), numbers(\.residual), .number(point.score), .flag(point.isAnomaly),
        ])
        if point.isAnomaly {
            note = .anomaly
        } else if point.flags.contains(.missing) {
            note = .missing
        } else if point.flags.contains(.warmup) {
            note = .warmup
        }
    }
}
