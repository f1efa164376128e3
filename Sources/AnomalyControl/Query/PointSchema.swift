import AnomalyDetection
package import PointStore
import Presentation

/// What is printed of a point in hindsight.
package enum HindsightColumns: Sendable {
    /// The score, but not in a table.
    case hidden
    case score
    /// The score and what was expected.
    case all
}

extension Schema {
    /// What `anomalyctl query` prints of a point.
    ///
    /// - Parameter streams: those that may appear; their names make the width of the column.
    package static func points(of streams: [StreamRecord], hindsight: HindsightColumns = .hidden) -> Schema {
        let names = streams.map { stream in
            let suffix = stream.channels > 1 ? "[\(stream.channels - 1)]".utf8.count : 0
            return TextWidth.of(stream.name) + suffix
        }
        let last =
            hindsight == .all ? [Column("hindsight_prediction", "IN HINDSIGHT", .number, textWidth: 12, rank: 1)] : []
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
                // The columns above are a contract; what is added comes after them.
                Column("hindsight", "HINDSIGHT", hindsight == .hidden ? .hidden : .score),
            ] + last + [Column("late", "", .hidden), Column("kind", "", .hidden)],
            tableLead: "time", hasChannelRows: true, emptyText: "no points", subject: "point")
    }
}

extension Record {
    /// A point as a record of the schema `points(of:hindsight:)`.
    package init(_ point: StoredPoint, stream: String, hindsight: HindsightColumns = .hidden) {
        let channels = point.channels
        func numbers(_ value: (ChannelVerdict) -> Double) -> Field {
            .channels(channels.count) { value(channels[$0]) }
        }
        self.init(fields: [
            .text(stream), .time(point.time), numbers(\.value), numbers(\.prediction), numbers(\.lower),
            numbers(\.upper), numbers(\.residual), .number(point.score), .flag(point.isAnomaly),
            .number(point.hindsight?.score ?? .nan),
        ])
        if hindsight == .all {
            fields.append(.channels(channels.count) { point.hindsight?.predictions[$0] ?? .nan })
        }
        fields.append(.flag(point.flags.contains(.late)))
        let kind = point.isAnomaly ? point.flags.kind : nil
        fields.append(kind.map { Field.text($0.rawValue) } ?? Field.none)
        if point.isAnomaly {
            note = Note(text: kind?.rawValue ?? "anomaly", style: .alarm)
        } else if point.flags.contains(.late) {
            note = .late
        } else if point.flags.contains(.excluded) {
            note = .excluded
        } else if point.flags.contains(.missing) {
            note = .missing
        } else if point.flags.contains(.warmup) {
            note = .warmup
        }
    }
}
