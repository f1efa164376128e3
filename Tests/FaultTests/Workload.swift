import AnomalyDetection
import Foundation
import PointStore
import RecurrentModel

/// What the tests store: a few streams of different kinds, in rounds of one commit each. Round r brings the next points
/// of the streams 0…r, so that streams begin in different commits, and the checkpoint of one of them.
struct Workload: Sendable {
    struct Stream: Sendable {
        var record: StreamRecord
        var settings: DetectorSettings
        var times: [Int64]
        /// `channels` for each time; NaN is a missing value.
        var values: [Double]
    }

    static let rounds = 13
    static let pointsARound = 12

    let streams: [Stream]

    init() {
        var random = SplitMix(state: 4)
        streams = (0..<4).map { number in
            var settings = DetectorSettings()
            settings.model.cell = [.gru, .lstm, .rnn, .gru][number]
            settings.model.layers = number == 2 ? 2 : 1
            settings.model.hidden = 4
            settings.model.k1 = 4
            settings.model.k2 = 8
            settings.score.warmup = 32
            settings.score.window = 64
            settings.score.rest = 10
            settings.score.falseAlarmProbability = 0.02
            let channels = number == 3 ? 3 : 1
            let count = Self.rounds * Self.pointsARound
            let times = (0..<count).map { 1_700_000_000_000_000 + Int64($0) * 60_000_000 + Int64(number) }
            let values = (0..<count * channels).map { index -> Double in
                let place = Double(index / channels)
                if random.next() % 11 == 0 { return .nan }
                let spike = random.next() % 37 == 0 ? 50.0 : 0
                return sin(place / 5) * 10 + Double(random.next() % 1000) / 500 + spike
            }
            let record = StreamRecord(
                // Each in a slice of its own.
                id: Int32(number * 100 + 1), name: "stream.\(number)", channels: channels,
                created: 1_700_000_000_000_000)
            return Stream(record: record, settings: settings, times: times, values: values)
        }
    }

    /// Points of a stream that are stored after so many rounds.
    func points(of stream: Int, after rounds: Int) -> Int { max(0, rounds - stream) * Self.pointsARound }

    func detector(of stream: Int, _ workbench: Workbench) -> Detector {
        let it = streams[stream]
        return Detector(
            it.settings, channels: it.record.channels, name: it.record.name.utf8, workbench: workbench)
    }

    /// Steps the detectors through a round, as a shard does, and gathers what it brings.
    func step(_ round: Int, _ detectors: [Detector]) -> Commit {
        var commit = Commit()
        for (number, stream) in streams.enumerated() where number <= round {
            if number == round { commit.streams.append(stream.record) }
            let channels = stream.record.channels
            for point in points(of: number, after: round)..<points(of: number, after: round + 1) {
                let (verdict, rows) = Self.step(
                    detectors[number], stream.times[point], stream.values[point * channels..<(point + 1) * channels])
                for (channel, row) in rows.enumerated() {
                    commit.points.append(
                        PointRow(
                            stream: stream.record.id, channel: Int32(channel), sequence: verdict.sequence,
                            time: verdict.time, value: row.value, prediction: row.prediction, lower: row.lower,
                            upper: row.upper, residual: row.residual, score: verdict.score, flags: verdict.flags))
                }
                if verdict.change != .none, let anomaly = detectors[number].anomaly {
                    commit.anomalies.append(AnomalyRecord(stream: stream.record.id, anomaly: anomaly))
                }
            }
            if round % streams.count == number, round % 3 != 0 {
                commit.checkpoints.append(Self.checkpoint(of: stream, detectors[number]))
            }
        }
        return commit
    }

    /// One step of a detector, and what it says of each channel.
    @discardableResult
    static func step(
        _ detector: Detector, _ time: Int64, _ values: some Collection<Double>
    ) -> (PointVerdict, [ChannelVerdict]) {
        let none = ChannelVerdict(value: 0, prediction: 0, lower: 0, upper: 0, residual: 0)
        var rows = Array(repeating: none, count: values.count)
        let verdict = Array(values).withUnsafeBufferPointer { values in
            rows.withUnsafeMutableBufferPointer { detector.step(time: time, values: values, verdicts: $0) }
        }
        return (verdict, rows)
    }

    static func checkpoint(of stream: Stream, _ detector: Detector) -> CheckpointRecord {
        CheckpointRecord(
            stream: stream.record.id, sequence: detector.sequence, format: Int32(Detector.stateVersion),
            state: detector.savedState())
    }
}

/// A seeded generator, so that a failing test fails again.
struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
