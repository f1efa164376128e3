import AnomalyDetection
import PointStore

/// The shape by which a labelled anomaly is known again: the residuals of the channel that stood out most, up to the peak.
enum AnomalyShape {
    /// Empty if single points don't make the anomaly, or if there are none.
    static func of(_ details: AnomalyDetails, in store: StoreReader) throws -> [Float] {
        switch details.stored.kind {
        case .spike, .offSeason, .outOfRange: break
        case .levelShift, .variance, .flatLine, .gap, .drift, .limit, nil: return []
        }
        let anomaly = details.stored.anomaly
        var query = PointQuery()
        query.streams = [details.stream.id]
        query.until = anomaly.peak &+ 1
        query.order = .newestFirst
        let points = try store.points(query)
        var shape: [Float] = []
        while shape.count < Feedback.shapePoints, let point = try points.next() {
            // The detector knows nothing of late ones.
            if point.flags.contains(.late) { continue }
            let residual =
                anomaly.peakChannel < point.channels.count ? point.channels[anomaly.peakChannel].residual : .nan
            shape.append(residual.isNaN ? 0 : Float(residual))
        }
        guard let peak = shape.first, peak != 0, peak.isFinite else { return [] }
        return Array(repeating: 0, count: Feedback.shapePoints - shape.count) + shape.reversed()
    }
}
