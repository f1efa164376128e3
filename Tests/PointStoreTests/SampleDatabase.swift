import AnomalyDetection
import Foundation
import PointStore

/// A database with something in every table: many streams interleaved, one of them wide, their points sealed in part,
/// anomalies, saved models that take several pages, and hindsight.
struct SampleDatabase {
    static let streams: Int32 = 20
    static let points: Int64 = 1000
    static let wide: Int32 = 7
    /// Values of all points.
    static let rows = Int(points) * (Int(streams) + 2)

    /// - Parameter closes: false leaves the last part of it in the WAL.
    static func make(_ path: String, closes: Bool = true) throws -> PointStore {
        let store = try PointStore(path: path)
        try store.store(streams: (1...streams).map { stream($0, channels: $0 == wide ? 3 : 1) })
        for round in 0..<10 as Range<Int64> {
            var commit = Commit()
            for id in 1...streams {
                let sequences = (round * points / 10 + 1)...((round + 1) * points / 10)
                for row in PointStoreTests.rows(id, sequences, flags: { $0 % 100 < 3 ? .anomaly : [] }) {
                    for channel in 0..<(id == wide ? 3 : 1) as Range<Int32> {
                        var row = row
                        row.channel = channel
                        row.value = Double(row.sequence) + Double(id) / 100 + Double(channel) / 1000
                        commit.points.append(row)
                    }
                }
                let last = sequences.upperBound
                commit.checkpoints.append(
                    CheckpointRecord(
                        stream: id, sequence: last - 10,
                        state: (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* Int(id) &+ Int(last)) }))
                let start = 1_700_000_000_000_000 + (last - 100) * 1_000_000
                if last > 100 {
                    var it = anomaly(last - 100, start: start, end: start + 2_000_000, isOpen: false)
                    it.points = 3
                    commit.anomalies.append(AnomalyRecord(stream: id, anomaly: it))
                    commit.feedback.append(feedback(on: id, after: last, anomaly: it.startSequence))
                    let key = AlertKey(stream: id, start: it.startSequence)
                    let number = (last / 100 - 2) * Int64(streams) + Int64(id)
                    commit.alerts += ["journal", "pager"].map { sink in
                        AlertRecord(
                            key: key, sink: sink, anomaly: number, state: .resolved, since: last, told: last + 1,
                            score: 0.6, deviation: 8)
                    }
                    commit.alertSinks = [
                        AlertSinkRecord(sink: "journal", through: number), AlertSinkRecord(sink: "pager", through: 0),
                    ]
                    if id == 3, let checkpoint = commit.checkpoints.last {
                        commit.snapshots.append(SnapshotRecord(checkpoint: checkpoint, time: last, message: "kept"))
                    }
                }
            }
            commit.groups = ["web.*", "db.*"].map { name in
                GroupRecord(
                    name: name, time: 1 + round * 10,
                    state: (0..<14_000).map { UInt8(truncatingIfNeeded: $0 &* name.utf8.count &+ Int(round)) })
            }
            try store.commit(&commit)
            if round == 5 { try store.seal() }
        }
        let (first, last) = (1_700_000_001_000_000, 1_700_000_500_000_000) as (Int64, Int64)
        var piece = HindsightPiece(
            stream: 3,
            run: .new(HindsightRun(made: 1, first: first, last: last, threshold: 0.3, model: "a model")),
            from: first, to: last)
        piece.times = (1...500).map { 1_700_000_000_000_000 + $0 * 1_000_000 }
        piece.scores = piece.times.map { _ in 0.5 }
        piece.anomalies = piece.times.map { _ in false }
        piece.verdicts = piece.times.map { _ in
            ChannelVerdict(value: .nan, prediction: 1, lower: 0, upper: 2, residual: 0)
        }
        _ = try store.store(piece)
        if closes { try store.close() }
        return store
    }
}

/// What somebody has said of an anomaly.
func feedback(on stream: Int32, after sequence: Int64, anomaly: Int64) -> FeedbackRecord {
    FeedbackRecord(
        stream: stream, sequence: sequence, isSilent: false, time: 1_700_000_000_000_000 + sequence,
        action: .falsePositive, anomaly: anomaly,
        label: Feedback.Label(
            anomaly: anomaly, kind: .spike, score: 0.5, isTrue: false, channel: 0, shape: [0, 0, 0, 0, 0, 0, 0, 12.5]),
        message: "the backup", user: 1000)
}

/// A generator whose numbers are the same each time.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: Int) { state = UInt64(seed) }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// Something that befalls a database.
enum Damage: String, CaseIterable, Sendable {
    case zeros, garbage, cut, innerPages, flippedBits, header, everyTenthPage

    static let pageSize = 4096

    /// - Returns: the pages that were touched.
    func strike(_ data: inout Data, _ generator: inout Seeded) -> Set<Int> {
        let pages = data.count / Self.pageSize
        func random(_ range: Range<Int>) -> Int { Int.random(in: range, using: &generator) }
        func overwrite(_ page: Int, _ byte: () -> UInt8) {
            for offset in page * Self.pageSize..<(page + 1) * Self.pageSize { data[offset] = byte() }
        }
        var touched: Set<Int> = []
        switch self {
        case .zeros, .garbage:
            let start = random(1..<pages)
            for page in start..<min(pages, start + random(1..<30)) {
                if self == .zeros { overwrite(page) { 0 } } else { overwrite(page) { UInt8(random(0..<256)) } }
                touched.insert(page)
            }
        case .cut:
            let size = random(data.count / 2..<data.count)
            touched = Set(size / Self.pageSize..<pages)
            data.removeSubrange(size...)
        case .innerPages:
            // Inner pages of tables without rowids, and of others.
            let inner = (1..<pages).filter { [0x02, 0x05].contains(data[$0 * Self.pageSize]) }
            for page in inner where random(0..<3) > 0 {
                data[page * Self.pageSize + random(0..<200)] ^= 1 << UInt8(random(0..<8))
                touched.insert(page)
            }
        case .flippedBits:
            for _ in 0..<100 {
                let offset = random(Self.pageSize..<data.count)
                data[offset] ^= 1 << UInt8(random(0..<8))
                touched.insert(offset / Self.pageSize)
            }
        case .header:
            overwrite(0) { 0xff }
            touched = [0]
        case .everyTenthPage:
            for page in stride(from: random(1..<10), to: pages, by: 10) {
                overwrite(page) { UInt8(random(0..<256)) }
                touched.insert(page)
            }
        }
        return touched
    }
}
