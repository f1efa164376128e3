import AnomalyDetection
package import PointStore
package import Presentation

/// What `anomalyctl report` tells: how things are, the worst streams, their anomalies, and how the models do.
package struct Report: Sendable {
    /// When it was made, and what it is about, in microseconds since 1970.
    package var made: Int64
    package var range: ClosedRange<Int64>
    package var zone: any Zone
    package var streams: Int
    /// Points stored of all streams, in or out of the range.
    package var points: Int64
    /// Anomalies that touch the range, and how many of them are open.
    package var anomalies: Int
    package var openAnomalies: Int
    package var charts: [Chart]
    /// The strangest of the range, in the order of time, the newest first.
    package var listed: [Listed]
    package var models: [ModelHealth]
    /// Names of streams that are silent, and from when on; all of them.
    package var silent: [(name: String, since: Int64)]

    /// A stream whose worst channel is drawn.
    package struct Chart: Sendable {
        package var picture: Picture
        /// Its worst anomaly of the range; nil if it has none.
        package var worst: StoredAnomaly?
    }

    /// One anomaly, and what was said of it.
    package struct Listed: Sendable {
        package var stored: StoredAnomaly
        package var stream: StreamRecord
        package var feedback: [FeedbackRecord]
    }
}
