import AnomalyDetection
import Foundation
import PointStore

/// An hour of three streams with anomalies of several kinds.
extension SampleStore {
    static let minute = 60 * second

    /// So many minutes after the start.
    static func at(_ minutes: Int64) -> Int64 { start + minutes * minute }

    /// | | stream | when | what |
    /// |---|---|---|---|
    /// | 1 | cpu.load | 14:09 | a spike |
    /// | 2 | cpu.load | 14:19 and 14:20 | a higher one |
    /// | 3 | web | 14:20:30 | out of its range in the second of two channels |
    /// | 4 | quiet | from 14:40 on | nothing comes |
    /// | 5 | cpu.load | from 14:50 on | nine points a little too high, within the band |
    static func withAnomalies() throws -> SampleStore {
        let store = try SampleStore()
        var commit = Commit()
        commit.streams = [
            StreamRecord(id: 1, name: "cpu.load", channels: 1, created: start),
            StreamRecord(id: 2, name: "web", channels: 2, created: start),
            StreamRecord(id: 3, name: "quiet", channels: 1, created: start),
        ]
        let strange: [Int64: (value: Double, score: Double, flags: PointFlags)] = [
            9: (9, 0.35, [.anomaly, .unpredicted]),
            19: (12, 0.42, [.anomaly, .unpredicted]),
            20: (11, 0.21, []),
            50: (2.4, 0.34, [.anomaly, .lasting, .offSeason]),
        ]
        for minute in 0..<60 as Range<Int64> {
            let point = strange[minute] ?? (minute >= 50 && minute < 59 ? (2.4, 0.2, []) : (2, 0.01, []))
            commit.points.append(row(1, minute, point.value, expected: 2, score: point.score, flags: point.flags))
        }
        for minute in 0..<30 as Range<Int64> {
            let isStrange = minute == 20
            for channel in 0..<2 as Range<Int32> {
                var row = row(
                    2, minute, isStrange ? 50 + 100 * Double(channel) : 50, expected: 50,
                    score: isStrange ? 0.5 : 0.02, flags: isStrange ? [.anomaly, .outOfRange] : [])
                row.channel = channel
                row.time += 30 * second
                commit.points.append(row)
            }
        }
        for minute in 0..<30 as Range<Int64> { commit.points.append(row(3, minute, 7, expected: 7)) }
        commit.events = [EventRecord(stream: 3, sequence: 30, kind: .silence, time: at(40))]
        commit.anomalies = [
            anomaly(1, from: at(9), score: 0.35, value: 9, evidence: .unpredicted),
            anomaly(1, from: at(19), to: at(20), score: 0.42, value: 12, evidence: .unpredicted, points: 2),
            AnomalyRecord(
                stream: 2,
                anomaly: Anomaly(
                    startSequence: 21, start: at(20) + 30 * second, end: at(20) + 30 * second,
                    peak: at(20) + 30 * second, peakScore: 0.5, peakChannel: 1, peakValue: 150, peakPrediction: 50,
                    evidence: .outOfRange, attribution: [0.25, 0.75], points: 1, isOpen: false)),
            AnomalyRecord(
                stream: 3,
                anomaly: Anomaly(
                    startSequence: 31, start: at(40), end: at(40), peak: at(40), peakScore: 0.33, peakChannel: 0,
                    peakValue: .nan, peakPrediction: .nan, evidence: .gap, points: 0, isOpen: true)),
            anomaly(
                1, from: at(50), to: at(58), score: 0.34, value: 2.4, evidence: [.lasting, .offSeason], points: 9,
                isOpen: true),
        ]
        try store.writer.commit(&commit)
        return store
    }

    private static func row(
        _ stream: Int32, _ minute: Int64, _ value: Double, expected: Double, score: Double = 0.01,
        flags: PointFlags = []
    ) -> PointRow {
        PointRow(
            stream: stream, channel: 0, sequence: minute + 1, time: at(minute), value: value, prediction: expected,
            lower: expected - 0.5, upper: expected + 0.5, residual: value - expected, score: score, flags: flags)
    }

    private static func anomaly(
        _ stream: Int32, from start: Int64, to end: Int64? = nil, score: Double, value: Double, evidence: PointFlags,
        points: Int64 = 1, isOpen: Bool = false
    ) -> AnomalyRecord {
        AnomalyRecord(
            stream: stream,
            anomaly: Anomaly(
                startSequence: (start - Self.start) / minute + 1, start: start, end: end ?? start, peak: start,
                peakScore: score, peakChannel: 0, peakValue: value, peakPrediction: 2, evidence: evidence,
                points: points, isOpen: isOpen))
    }

    /// One stream "filled" with a point each hour, whose values count from 0, and an anomaly out of its season.
    func fill(hours: Int64, peak: Int64) throws {
        var commit = Commit()
        commit.streams = [StreamRecord(id: 1, name: "filled", channels: 1, created: Self.start)]
        for hour in 0..<hours {
            var row = Self.row(1, hour, Double(hour), expected: 0, flags: hour == peak ? [.anomaly, .offSeason] : [])
            row.time = Self.at(60 * hour)
            commit.points.append(row)
        }
        var record = Self.anomaly(1, from: Self.at(60 * peak), score: 0.4, value: Double(peak), evidence: .offSeason)
        record.anomaly.startSequence = peak + 1
        commit.anomalies = [record]
        try writer.commit(&commit)
    }

    /// Makes the file what a version wrote that knew neither kinds nor events.
    func makeOld() throws {
        try writer.close()
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "sqlite3", path,
            """
            DELETE FROM grdb_migrations WHERE identifier = '4-events'; DROP TABLE event;
            ALTER TABLE anomaly DROP COLUMN kind; ALTER TABLE anomaly DROP COLUMN attribution;
            """,
        ]
        try process.run()
        process.waitUntilExit()
    }
}
