import AnomalyDetection
package import PointStore
import Presentation

extension Schema {
    /// What is stored of an anomaly.
    ///
    /// - Parameters:
    ///   - streams: those that may appear; their names make the width of the column.
    ///   - largestID: the same for the numbers of the anomalies.
    package static func anomalies(of streams: [StreamRecord], largestID: Int64) -> Schema {
        Schema(
            columns: [
                Column("id", "ID", .identifier, textWidth: "\(largestID)".utf8.count),
                Column("start", "START", .time),
                Column("end", "", .hidden),
                Column("stream", "STREAM", .text, textWidth: streams.map { TextWidth.of($0.name) }.max() ?? 0),
                Column("duration", "DURATION", .duration),
                Column("points", "POINTS", .integer, rank: 3),
                Column("peak", "", .hidden),
                Column("channel", "", .hidden),
                Column("value", "VALUE", .number, rank: 1),
                Column("prediction", "EXPECTED", .number, rank: 2),
                Column("score", "SCORE", .score),
                Column("kind", "", .hidden),
                Column("open", "", .hidden),
                Column("sequence", "", .hidden),
                Column("attribution", "", .hidden),
                Column("feedback", "", .hidden),
                Column("muted", "", .hidden),
                Column("excluded", "", .hidden),
            ], emptyText: "no anomalies", subject: "anomaly")
    }
}

extension Record {
    /// An anomaly as a record of the schema `anomalies(of:largestID:)`.
    ///
    /// - Parameters:
    ///   - said: what somebody said of it last.
    ///   - orders: those for its stream; nil if there never were any.
    package init(
        _ stored: StoredAnomaly, stream: String, said: FeedbackRecord.Action? = nil, orders: StreamOrders? = nil
    ) {
        let anomaly = stored.anomaly
        let kind = stored.kind?.rawValue
        let (isMuted, isExcluded) = (orders?.isMuted(stored) == true, orders?.isExcluded(stored) == true)
        self.init(
            fields: [
                .integer(stored.id), .time(anomaly.start), .time(anomaly.end), .text(stream),
                .number(anomaly.isOpen ? .nan : stored.seconds), .integer(anomaly.points), .time(anomaly.peak),
                .integer(Int64(anomaly.peakChannel)), .number(anomaly.peakValue), .number(anomaly.peakPrediction),
                .number(anomaly.peakScore), kind.map { .text($0) } ?? .none, .flag(anomaly.isOpen),
                .integer(anomaly.startSequence),
                anomaly.attribution.isEmpty ? .none : .numbers(anomaly.attribution.map { Double($0) }),
                said.map { .text($0.rawValue) } ?? .none, .flag(isMuted), .flag(isExcluded),
            ],
            note: Self.note(stored, said, isMuted: isMuted, isExcluded: isExcluded))
    }

    /// Once somebody has said something of it, it needs no colour.
    private static func note(
        _ stored: StoredAnomaly, _ said: FeedbackRecord.Action?, isMuted: Bool, isExcluded: Bool
    ) -> Note? {
        let isOpen = stored.anomaly.isOpen
        let words = [said?.text, isMuted ? "muted" : nil, isExcluded ? "excluded" : nil].compactMap(\.self)
        guard let kind = stored.kind?.rawValue else { return isOpen ? .anomaly : nil }
        return Note(text: ([kind] + words).joined(separator: ", "), style: isOpen && words.isEmpty ? .alarm : nil)
    }
}
