import AnomalyDetection
import GRDB
import GRDBSQLite
import PointStore

/// All that a database holds and another run must reproduce, in a form that is quickly compared: a checksum over the
/// types and bits of all values of each table. Numbers that SQLite gives out are left out, and so is how far points are
/// sealed.
struct StoreContents: Equatable, Sendable {
    private static let tables = [
        ("stream", "SELECT id, name, channels FROM stream ORDER BY id"),
        (
            "anomaly",
            """
            SELECT stream_id, start_sequence, start_time, end_time, peak_time, peak_score, peak_channel, peak_value,
                peak_prediction, points, open
            FROM anomaly ORDER BY stream_id, start_sequence
            """
        ),
        (
            "newest checkpoint",
            """
            SELECT stream_id, max(sequence), format, checksum, state FROM checkpoint GROUP BY stream_id
            ORDER BY stream_id
            """
        ),
    ]

    struct Table: Equatable, Sendable {
        var name: String
        var rows = 0
        var checksum: UInt64 = 0xcbf2_9ce4_8422_2325

        mutating func add(_ word: UInt64) { checksum = (checksum ^ word) &* 0x100_0000_01b3 ^ word >> 29 }
    }

    var tables: [Table]

    /// - throws: A ``Violation`` if SQLite finds the file damaged.
    init(of path: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        tables = try queue.read { database in
            let complaints = try String.fetchAll(database, sql: "PRAGMA integrity_check")
            guard complaints == ["ok"] else { throw Violation("integrity_check: \(complaints.prefix(3))") }
            return try Self.tables.map { name, sql in try Self.sum(name, database.makeStatement(sql: sql)) }
        }
        try queue.close()
        tables.append(try Self.points(of: path))
    }

    /// Of both tiers, as our reader finds them.
    private static func points(of path: String) throws -> Table {
        var table = Table(name: "points")
        let reader = try StoreReader(path: path)
        let points = try reader.points()
        while let point = try points.next() {
            table.rows += 1
            for number in [Int64(point.stream), point.sequence, point.time, Int64(point.flags.rawValue)] {
                table.add(UInt64(bitPattern: number))
            }
            table.add(point.score.isNaN ? 1 : point.score.bitPattern)
            for it in point.channels {
                for number in [it.value, it.prediction, it.lower, it.upper, it.residual] {
                    table.add(number.isNaN ? 1 : number.bitPattern)
                }
            }
        }
        try reader.close()
        return table
    }

    /// The names of the tables that are not the same.
    func differences(from other: StoreContents) -> [String] {
        zip(tables, other.tables).filter { $0 != $1 }.map { "\($0.name): \($0.rows) rows, not the \($1.rows) expected" }
    }

    private static func sum(_ name: String, _ statement: Statement) throws -> Table {
        var table = Table(name: name)
        let row = statement.sqliteStatement
        while true {
            switch sqlite3_step(row) {
            case SQLITE_ROW: break
            case SQLITE_DONE: return table
            default: throw Violation("cannot read \(name): \(String(cString: sqlite3_errmsg(sqlite3_db_handle(row))))")
            }
            table.rows += 1
            for column in 0..<sqlite3_column_count(row) {
                let type = sqlite3_column_type(row, column)
                table.add(UInt64(type))
                switch type {
                case SQLITE_INTEGER: table.add(UInt64(bitPattern: sqlite3_column_int64(row, column)))
                case SQLITE_FLOAT: table.add(sqlite3_column_double(row, column).bitPattern)
                default:
                    let start = sqlite3_column_blob(row, column)
                    let bytes = UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(row, column)))
                    for byte in bytes { table.add(UInt64(byte)) }
                }
            }
        }
    }
}
