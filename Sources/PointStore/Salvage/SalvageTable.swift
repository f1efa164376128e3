import AnomalyDetection
import CPoints
import GRDB

/// A table whose rows are salvaged: how they are told from others in a damaged file, and what becomes of them in the
/// new one. A table or column that a migration adds is added here.
struct SalvageTable: Sendable {
    /// What a column may hold.
    enum Column: Sendable {
        /// The row's own number; NULL in the record.
        case rowid
        case integer
        /// NULL, or a number.
        case number
        case text
        case optionalText
        case blob
    }

    let name: String
    /// In the order of the record: those of the key first in a table without rowids, as our tables have them anyway.
    let columns: [(name: String, kind: Column)]
    let hasRowids: Bool
    /// Last columns that rows of an older version do not have, and what stands for them.
    var later: [RecordValue] = []
    /// Whether a row's numbers can be true.
    let isPlausible: @Sendable ([RecordValue]) -> Bool
    /// Follows `INSERT INTO name (columns) VALUES (?1, …)`: what is done with a row that is there already. A damaged
    /// file may hold an older copy of a row besides the current one.
    let onConflict: String

    static let stream = SalvageTable(
        name: "stream",
        columns: [
            ("id", .rowid), ("name", .text), ("channels", .integer), ("created", .integer), ("late", .integer),
        ],
        hasRowids: true, later: [.integer(0)],
        isPlausible: { isID($0[0]) && isIn(1...65_535, $0[2]) && isName($0[1]) }, onConflict: "ON CONFLICT DO NOTHING")

    static let point = SalvageTable(
        name: "point_row",
        columns: [
            ("stream_id", .integer), ("time", .integer), ("channel", .integer), ("sequence", .integer),
            ("value", .number), ("prediction", .number), ("lower", .number), ("upper", .number), ("residual", .number),
            ("score", .number), ("flags", .integer),
        ],
        hasRowids: false,
        isPlausible: {
            isID($0[0]) && isIn(0...65_534, $0[2]) && isIn(0...65_535, $0[10]) && isCounted($0[3], flags: $0[10])
        },
        onConflict: "ON CONFLICT DO NOTHING")

    /// Of two copies of a row, the one with more points is the newer one.
    static let hot = SalvageTable(
        name: "hot", columns: packed + [("step", .number), ("points", .text)], hasRowids: true,
        isPlausible: { isPacked($0, most: Int64(HotRow.mostPoints)) && points($0, .hot) != nil },
        onConflict: replacing(
            "stream_id, channel, first_time", if: "excluded.count > count",
            "last_time, first_sequence, count, step, points") + " ON CONFLICT DO NOTHING")

    static let chunk = SalvageTable(
        name: "chunk", columns: packed + [("checksum", .integer), ("points", .blob)], hasRowids: true,
        isPlausible: { isPacked($0, most: Int64(PointPacking.chunkPoints)) && points($0, .chunk) != nil },
        onConflict: replacing(
            "stream_id, channel, first_time", if: "excluded.count > count",
            "last_time, first_sequence, count, checksum, points") + " ON CONFLICT DO NOTHING")

    private static let packed: [(name: String, kind: Column)] = [
        ("id", .rowid), ("stream_id", .integer), ("channel", .integer), ("first_time", .integer),
        ("last_time", .integer), ("first_sequence", .integer), ("count", .integer),
    ]

    private static func isPacked(_ row: [RecordValue], most: Int64) -> Bool {
        isID(row[1]) && isIn(0...65_534, row[2]) && isIn(1...Int64.max, row[5]) && isIn(1...most, row[6])
    }

    private static func points(_ row: [RecordValue], _ tier: PackedQueries.Tier) -> [anomalyd_point]? {
        guard case .integer(let time) = row[3], case .integer(let count) = row[6] else { return nil }
        switch (tier, row[7], row[8]) {
        case (.chunk, .integer(let checksum), .blob(let bytes)):
            return bytes.withUnsafeBytes { PointPacking.points(ofChunk: $0, count: count, checksum: checksum) }
        case (.hot, let step, .text(let text)):
            let steps: Double? =
                switch step {
                case .real(let number): number
                case .integer(let number): Double(number)
                default: nil
                }
            guard let steps else { return nil }
            return text.withUnsafeBytes {
                PointPacking.points(ofHot: $0, count: count, firstTime: time, step: steps)
            }
        default: return nil
        }
    }

    static let pending = SalvageTable(
        name: "pending",
        columns: [("stream_id", .integer), ("time", .integer), ("channel", .integer), ("value", .number)],
        hasRowids: false, isPlausible: { isID($0[0]) && isIn(0...65_534, $0[2]) }, onConflict: "ON CONFLICT DO NOTHING")

    static let anomaly = SalvageTable(
        name: "anomaly",
        columns: [
            ("id", .rowid), ("stream_id", .integer), ("start_sequence", .integer), ("start_time", .integer),
            ("end_time", .integer), ("peak_time", .integer), ("peak_score", .number), ("peak_channel", .integer),
            ("peak_value", .number), ("peak_prediction", .number), ("points", .integer), ("open", .integer),
            ("kind", .optionalText), ("attribution", .optionalText),
        ],
        hasRowids: true, later: [.null, .null],
        isPlausible: {
            isIn(1...Int64.max, $0[0]) && isID($0[1]) && isIn(1...Int64.max, $0[2]) && isIn(0...65_534, $0[7])
                && isIn(0...Int64.max, $0[10]) && isIn(0...1, $0[11])
        },
        onConflict: replacing(
            "stream_id, start_sequence", if: "excluded.points > points",
            "start_time, end_time, peak_time, peak_score, peak_channel, peak_value, peak_prediction, points, open, kind, "
                + "attribution")
            + " ON CONFLICT DO NOTHING")

    static let event = SalvageTable(
        name: "event",
        columns: [("stream_id", .integer), ("sequence", .integer), ("kind", .text), ("time", .integer)],
        hasRowids: false, isPlausible: { isID($0[0]) && isIn(1...Int64.max, $0[1]) && isEvent($0[2]) },
        onConflict: "ON CONFLICT DO NOTHING")

    static let feedback = SalvageTable(
        name: "feedback",
        columns: [
            ("id", .rowid), ("stream_id", .integer), ("sequence", .integer), ("silent", .integer), ("time", .integer),
            ("action", .text), ("anomaly_id", .number), ("start_sequence", .number), ("kind", .optionalText),
            ("score", .number), ("channel", .number), ("shape", .optionalText), ("message", .text), ("uid", .number),
            ("snapshot_id", .number), ("since", .number), ("until", .number), ("rule", .optionalText),
        ],
        hasRowids: true, later: [.null, .null, .null, .null],
        isPlausible: {
            isIn(1...Int64.max, $0[0]) && isID($0[1]) && isIn(0...Int64.max, $0[2]) && isIn(0...1, $0[3])
                && isAction($0[5])
        },
        onConflict: "ON CONFLICT DO NOTHING")

    static let snapshot = SalvageTable(
        name: "snapshot",
        columns: [
            ("id", .rowid), ("stream_id", .integer), ("sequence", .integer), ("time", .integer), ("format", .integer),
            ("checksum", .integer), ("message", .text), ("uid", .number), ("state", .blob),
        ],
        hasRowids: true, isPlausible: { isIn(1...Int64.max, $0[0]) && isIntact($0) },
        onConflict: "ON CONFLICT DO NOTHING")

    /// Of two copies of a row, the one that was told later is the newer one.
    static let alert = SalvageTable(
        name: "alert",
        columns: [
            ("sink", .text), ("stream_id", .integer), ("start_sequence", .integer), ("anomaly_id", .integer),
            ("state", .text), ("since", .integer), ("told", .integer), ("score", .number), ("deviation", .number),
            ("acknowledged", .integer), ("listed", .integer),
        ],
        hasRowids: false,
        isPlausible: {
            isID($0[1]) && isIn(1...Int64.max, $0[2]) && isIn(0...Int64.max, $0[3]) && isAlertState($0[4])
                && isIn(0...1, $0[9]) && isIn(0...1, $0[10])
        },
        onConflict: replacing(
            "sink, stream_id, start_sequence", if: "excluded.told > told",
            "anomaly_id, state, since, told, score, deviation, acknowledged, listed"))

    static let alertSink = SalvageTable(
        name: "alert_sink", columns: [("id", .rowid), ("name", .text), ("through", .integer)], hasRowids: true,
        isPlausible: { isIn(1...Int64.max, $0[0]) && isIn(0...Int64.max, $0[2]) && isName($0[1]) },
        onConflict: replacing("id", if: "excluded.through > through", "through"))

    /// Of two copies of a row, the one that was saved later is the newer one.
    static let group = SalvageTable(
        name: "stream_group",
        columns: [
            ("id", .rowid), ("name", .text), ("time", .integer), ("checksum", .integer), ("state", .blob),
        ],
        hasRowids: true,
        isPlausible: { row in
            guard isIn(1...Int64.max, row[0]), case .text(let name) = row[1], case .blob(let state) = row[4] else {
                return false
            }
            return row[3] == .integer(state.withUnsafeBytes { GroupRecord.checksum(name: name, state: $0) })
        },
        onConflict: replacing("id", if: "excluded.time > time", "name, time, checksum, state"))

    static let hindsightRun = SalvageTable(
        name: "hindsight_run",
        columns: [
            ("id", .rowid), ("stream_id", .integer), ("made", .integer), ("first_time", .integer),
            ("last_time", .integer), ("points", .integer), ("anomalies", .integer), ("threshold", .number),
            ("model", .text),
        ],
        hasRowids: true,
        // Rows of `hot` have the same shape.
        isPlausible: {
            if case .text(let model) = $0[8], model.starts(with: "[[".utf8) { return false }
            return isIn(1...Int64.max, $0[0]) && isID($0[1]) && $0[7] != .null
        },
        onConflict: replacing("id", if: "excluded.points > points", "points, anomalies"))

    static let hindsight = SalvageTable(
        name: "hindsight",
        columns: [
            ("stream_id", .integer), ("time", .integer), ("channel", .integer), ("prediction", .number),
            ("lower", .number), ("upper", .number), ("residual", .number), ("score", .number), ("anomaly", .integer),
            ("run_id", .integer),
        ],
        hasRowids: false,
        isPlausible: {
            isID($0[0]) && isIn(0...65_534, $0[2]) && isIn(0...1, $0[8]) && isIn(1...Int64.max, $0[9])
        },
        onConflict: replacing(
            "stream_id, time, channel", if: "excluded.run_id > run_id",
            "prediction, lower, upper, residual, score, anomaly, run_id"))

    /// Its rows do not go through `insert`: of each stream the two newest good ones are kept.
    static let checkpoint = SalvageTable(
        name: "checkpoint",
        columns: [
            ("stream_id", .integer), ("slot", .integer), ("sequence", .integer), ("format", .integer),
            ("checksum", .integer), ("state", .blob),
        ],
        hasRowids: true,
        isPlausible: { isID($0[0]) && isIn(0...1, $0[1]) && isIn(0...Int64.max, $0[2]) && isIn(0...65_535, $0[3]) },
        onConflict: "")

    static let rollups = RollupTier.allCases.map { tier in
        SalvageTable(
            name: tier.rowTable,
            columns: [
                ("stream_id", .integer), ("channel", .integer), ("time", .integer), ("width", .integer),
                ("count", .integer), ("missing", .integer), ("anomalies", .integer), ("minimum", .number),
                ("maximum", .number), ("mean", .number), ("worst_score", .number),
            ],
            hasRowids: false,
            isPlausible: {
                guard case .integer(let time) = $0[2] else { return false }
                return isID($0[0]) && isIn(0...65_534, $0[1]) && time == tier.start(of: time)
                    && $0[3] == .integer(tier.width / 1_000_000) && $0[4...6].allSatisfy { isIn(0...Int64.max, $0) }
            },
            // Points are added to a bucket, never taken out: the copy with more of them is the newer one.
            onConflict: replacing(
                "stream_id, channel, time", if: "excluded.count + excluded.missing > count + missing",
                "count, missing, anomalies, minimum, maximum, mean, worst_score"))
    }

    /// They become rows when a stream is mended.
    static let rollupPack = SalvageTable(
        name: "rollup_5m_pack",
        columns: [
            ("id", .rowid), ("stream_id", .integer), ("channel", .integer), ("first_time", .integer),
            ("last_time", .integer), ("points", .integer), ("usual", .integer), ("base", .integer), ("scale", .number),
            ("buckets", .text),
        ],
        hasRowids: true,
        isPlausible: { isID($0[1]) && isIn(0...65_534, $0[2]) && isIn(1...Int64.max, $0[5]) && isPack($0) },
        onConflict: replacing(
            "stream_id, channel, first_time", if: "excluded.points > points",
            "last_time, points, usual, base, scale, buckets") + " ON CONFLICT DO NOTHING")

    /// Whether its buckets can be read.
    private static func isPack(_ row: [RecordValue]) -> Bool {
        guard case .integer(let first) = row[3], case .integer(let last) = row[4], case .integer(let usual) = row[6],
            case .integer(let base) = row[7], case .text(let text) = row[9]
        else { return false }
        let scale =
            switch row[8] {
            case .integer(let number): Double(number)
            case .real(let number): number
            default: Double.nan
            }
        return text.withUnsafeBytes {
            RollupPack.buckets(firstTime: first, lastTime: last, usual: usual, base: base, scale: scale, text: $0)
        } != nil
    }

    static let all =
        [
            point, hot, chunk, pending, hindsight, checkpoint, stream, anomaly, event, feedback, snapshot, hindsightRun,
            alert, alertSink, rollupPack, group,
        ] + rollups

    /// The values of a cell as a row of this table, with its number in place; nil if it is none.
    func row(_ cell: PageCells.Cell) -> [RecordValue]? {
        let missing = columns.count - cell.values.count
        guard (cell.rowid != nil) == hasRowids, (0...later.count).contains(missing) else { return nil }
        var values = cell.values + later.suffix(missing)
        for (index, column) in columns.enumerated() {
            switch (column.kind, values[index]) {
            case (.rowid, .null): values[index] = .integer(cell.rowid ?? 0)
            case (.integer, .integer), (.number, .null), (.number, .integer), (.number, .real), (.text, .text),
                (.optionalText, .null), (.optionalText, .text), (.blob, .blob):
                break
            // SQLite stores no bytes as an empty text or blob, whatever was bound.
            default: return nil
            }
        }
        return isPlausible(values) ? values : nil
    }

    /// The statement that brings a row into the new file.
    var insert: String {
        let names = columns.map(\.name).joined(separator: ", ")
        let places = (1...columns.count).map { "?\($0)" }.joined(separator: ", ")
        return "INSERT INTO \(name) (\(names)) VALUES (\(places)) \(onConflict)"
    }

    private static func replacing(_ key: String, if condition: String, _ columns: String) -> String {
        let changes = columns.split(separator: ", ").map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
        return "ON CONFLICT (\(key)) DO UPDATE SET \(changes) WHERE \(condition)"
    }

    private static func isIn(_ range: ClosedRange<Int64>, _ value: RecordValue) -> Bool {
        if case .integer(let number) = value { range.contains(number) } else { false }
    }

    private static func isID(_ value: RecordValue) -> Bool { isIn(1...Int64(Int32.max), value) }

    /// A point has a number, or it came late and has 0: zeros that stand where a row was cut off are no late point.
    private static func isCounted(_ sequence: RecordValue, flags: RecordValue) -> Bool {
        guard case .integer(let flags) = flags else { return false }
        let isLate = PointFlags(rawValue: UInt16(truncatingIfNeeded: flags)).contains(.late)
        return isIn(isLate ? 0...0 : 1...Int64.max, sequence)
    }

    private static func isEvent(_ value: RecordValue) -> Bool {
        EventRecord.Kind.allCases.contains { value == .text(Array($0.rawValue.utf8)) }
    }

    private static func isAction(_ value: RecordValue) -> Bool {
        FeedbackRecord.Action.allCases.contains { value == .text(Array($0.rawValue.utf8)) }
    }

    private static func isAlertState(_ value: RecordValue) -> Bool {
        AlertRecord.State.allCases.contains { value == .text(Array($0.rawValue.utf8)) }
    }

    /// Whether the checksum of a snapshot is right.
    private static func isIntact(_ row: [RecordValue]) -> Bool {
        guard case .integer(let stream) = row[1], let stream = Int32(exactly: stream), stream > 0,
            case .integer(let sequence) = row[2], case .integer(let format) = row[4],
            let format = Int32(exactly: format), case .integer(let checksum) = row[5], case .blob(let state) = row[8]
        else { return false }
        return state.withUnsafeBytes {
            Checksum.of(stream: stream, sequence: sequence, format: format, state: $0) == UInt64(bitPattern: checksum)
        }
    }

    private static func isName(_ value: RecordValue) -> Bool {
        guard case .text(let bytes) = value else { return false }
        return !bytes.isEmpty && String(validating: bytes, as: UTF8.self) != nil
    }
}

extension Statement {
    /// Binds the values of a row and runs.
    func run(_ row: [RecordValue]) throws { try bind(row[...], from: 1) }

    private func bind(_ rest: ArraySlice<RecordValue>, from index: Int32) throws {
        guard let value = rest.first else { return try run() }
        let others = rest.dropFirst()
        switch value {
        case .null: bind(Double.nan, at: index)
        case .integer(let number): bind(number, at: index)
        case .real(let number): bind(number, at: index)
        case .text(let bytes):
            return try binding(String(decoding: bytes, as: UTF8.self), at: index) { try bind(others, from: index + 1) }
        case .blob(let bytes):
            return try bytes.withUnsafeBytes {
                try binding($0, at: index) { try bind(others, from: index + 1) }
            }
        }
        try bind(others, from: index + 1)
    }
}
