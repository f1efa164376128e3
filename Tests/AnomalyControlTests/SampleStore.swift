import AnomalyDetection
import Foundation
import PointStore

/// A database in a folder of its own, which goes when the value goes.
final class SampleStore {
    let folder: String
    var path: String { folder + "/anomaly.db" }
    let writer: PointStore

    /// 2026-11-23 14:00:00 UTC
    static let start: Int64 = 1_795_442_400_000_000
    static let second: Int64 = 1_000_000

    init() throws {
        folder = NSTemporaryDirectory() + "anomalyctl-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        writer = try PointStore(path: folder + "/anomaly.db")
    }

    deinit {
        try? writer.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Three streams as they look in life: one with an anomaly, a wide one, one without points.
    static func filled() throws -> SampleStore {
        let store = try SampleStore()
        var commit = Commit()
        commit.streams = [
            StreamRecord(id: 1, name: "cpu.load", channels: 1, created: start),
            StreamRecord(id: 2, name: "disk\"a\",io", channels: 2, created: start),
            StreamRecord(id: 3, name: "silent", channels: 1, created: start),
        ]
        let load: [(value: Double, score: Double, flags: PointFlags)] = [
            (0.5, 0.01, .warmup), (0.25, 0.125, []), (.nan, .nan, .missing), (17.75, 0.61, [.anomaly, .unpredicted]),
            (0.3, 0.02, []),
        ]
        for (index, point) in load.enumerated() {
            commit.points.append(
                PointRow(
                    stream: 1, channel: 0, sequence: Int64(index + 1), time: start + Int64(index) * second,
                    value: point.value, prediction: 0.375, lower: 0.1, upper: 1, residual: point.value - 0.375,
                    score: point.score, flags: point.flags))
        }
        for (channel, value) in [1e-7, -1_234_567.891].enumerated() {
            commit.points.append(
                PointRow(
                    stream: 2, channel: Int32(channel), sequence: 1, time: start + 1_500_000, value: value,
                    prediction: channel == 0 ? .nan : 2e22, lower: -1, upper: 1, residual: .nan, score: 0.5,
                    flags: []))
        }
        let peak = start + 3 * second
        commit.anomalies = [
            AnomalyRecord(
                stream: 1,
                anomaly: Anomaly(
                    startSequence: 4, start: peak, end: peak, peak: peak, peakScore: 0.61, peakChannel: 0,
                    peakValue: 17.75, peakPrediction: 0.375, points: 1, isOpen: true))
        ]
        try store.writer.commit(&commit)
        return store
    }

    /// Adds one ordinary point to a stream of one channel.
    func append(stream: Int32, sequence: Int64, time: Int64, value: Double, newStream name: String? = nil) throws {
        var commit = Commit()
        if let name { commit.streams = [StreamRecord(id: stream, name: name, channels: 1, created: time)] }
        commit.points = [
            PointRow(
                stream: stream, channel: 0, sequence: sequence, time: time, value: value, prediction: value,
                lower: value, upper: value, residual: 0, score: 0, flags: [])
        ]
        try writer.commit(&commit)
    }

    /// One stream "filled" with a point each second, whose values count from 0.
    func fill(points: Int) throws {
        var commit = Commit()
        commit.streams = [StreamRecord(id: 1, name: "filled", channels: 1, created: Self.start)]
        for index in 0..<points {
            commit.points.append(
                PointRow(
                    stream: 1, channel: 0, sequence: Int64(index + 1), time: Self.start + Int64(index) * Self.second,
                    value: Double(index), prediction: 0.5, lower: -1, upper: 1, residual: Double(index) - 0.5,
                    score: 0.01, flags: []))
        }
        try writer.commit(&commit)
    }
}
