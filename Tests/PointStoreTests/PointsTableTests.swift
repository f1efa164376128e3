import AnomalyDetection
import Foundation
import GRDB
import PointStore
import Testing

/// The virtual table `points`, against what ``StoreReader`` reads.
@Suite struct PointsTableTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").path

    /// A file that an older version began, with points in all tables: rows of that version, chunks, the hot table, and
    /// late ones between all of them.
    private func fill() throws {
        _ = try sqlite(scratch.path, OldSchema.version1)
        let names = ["cpu", "net.in", "net.out", "wide", "widest", "O'Neil \"é\"", "empty"]
        let widths = [1, 1, 1, 3, 40, 1, 1]
        for (index, name) in names.enumerated() {
            let quoted = name.replacingOccurrences(of: "'", with: "''")
            _ = try sqlite(
                scratch.path, "INSERT INTO stream VALUES (\(index + 1), '\(quoted)', \(widths[index]), 0)")
        }
        // The old version's points.
        _ = try sqlite(
            scratch.path,
            """
            WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 50)
            INSERT INTO point
            SELECT stream.id, i * 10, c, i, i + c / 4.0, i, i - 2, i + 3, c / 4.0, 0.25, (i % 7 = 0) * 4
            FROM n, stream, (SELECT 0 AS c UNION SELECT 1 UNION SELECT 2) AS channels
            WHERE c < stream.channels AND stream.id IN (2, 4)
            """)
        let store = try PointStore(path: scratch.path)
        var random = SplitMix(state: 5)
        var sequences = [Int64](repeating: 0, count: names.count)
        var times = [Int64](repeating: 0, count: names.count)
        (sequences[1], sequences[3], times[1], times[3]) = (50, 50, 500, 500)
        for round in 0..<8 {
            var commit = Commit()
            for stream in 0..<6 {
                for _ in 0..<(stream == 4 ? 3 : stream == 0 ? 700 : 300) {
                    sequences[stream] += 1
                    times[stream] += 1 + Int64(random.next() % 40)
                    for channel in 0..<widths[stream] {
                        let value = random.next() % 50 == 0 ? Double.nan : Double(random.next() % 1000) / 8
                        let verdict = value.isNaN ? .nan : Double(random.next() % 64) / 16
                        commit.points.append(
                            PointRow(
                                stream: Int32(stream + 1), channel: Int32(channel), sequence: sequences[stream],
                                time: times[stream], value: value, prediction: value - verdict, lower: value - 9,
                                upper: value + 9, residual: verdict, score: Double(random.next() % 4096) / 4096,
                                flags: value.isNaN ? .missing : random.next() % 30 == 0 ? .anomaly : []))
                    }
                }
                // Where another point is not, or the store drops it.
                [Double](repeating: 1, count: widths[stream]).withUnsafeBufferPointer {
                    commit.append(late: Int64(random.next() % UInt64(times[stream])), values: $0, of: Int32(stream + 1))
                }
            }
            // Score and flags are those of the whole point.
            for index in commit.points.indices where commit.points[index].channel > 0 {
                commit.points[index].score = commit.points[index - 1].score
                commit.points[index].flags = commit.points[index - 1].flags
            }
            try store.commit(&commit)
            if round == 5 { try store.seal() }
        }
        try store.close()
    }

    /// A connection with the same as a plain table `expected`, by way of ``StoreReader``.
    private func connection() throws -> DatabaseQueue {
        let reader = try StoreReader(path: scratch.path)
        let names = Dictionary(uniqueKeysWithValues: try reader.streams().map { ($0.id, $0.name) })
        let queue = try DatabaseQueue(path: scratch.path)
        let points = try reader.all()
        try queue.write { database in
            try database.execute(
                sql: """
                    CREATE TEMP TABLE expected (stream TEXT, t INTEGER, value REAL, prediction REAL, lower REAL,
                    upper REAL, residual REAL, score REAL, anomaly INTEGER, channel INTEGER, time TEXT,
                    sequence INTEGER, flags INTEGER, missing INTEGER, late INTEGER)
                    """)
            let insert = try database.makeStatement(
                sql: "INSERT INTO expected VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
            for point in points {
                let micros = "\(point.time)".count
                let time = "1970-01-01T00:00:00." + String(repeating: "0", count: 6 - micros) + "\(point.time)Z"
                for (channel, it) in point.channels.enumerated() {
                    func number(_ x: Double) -> Double? { x.isNaN ? nil : x }
                    try insert.execute(arguments: [
                        names[point.stream], point.time, number(it.value), number(it.prediction), number(it.lower),
                        number(it.upper), number(it.residual), number(point.score), point.isAnomaly, channel, time,
                        point.sequence, point.flags.rawValue, it.value.isNaN, point.flags.contains(.late),
                    ])
                }
            }
        }
        return queue
    }

    private static let columns =
        "stream, t, value, prediction, lower, upper, residual, score, anomaly, channel, time, sequence, flags, missing, late"

    @Test func everyQueryIsThatOfAPlainTable() throws {
        try fill()
        let queue = try connection()
        try queue.read { database in
            let counts = try Row.fetchOne(
                database,
                sql: "SELECT (SELECT count(*) FROM chunk), (SELECT count(*) FROM hot), (SELECT count(*) FROM point_row)"
            )
            #expect(
                counts?.databaseValues.allSatisfy { ($0.storage.value as? Int64 ?? 0) > 5 } == true, "\(counts as Any)")
            func same(_ tail: String, columns: String = Self.columns) throws {
                let found = try Row.fetchAll(database, sql: "SELECT \(columns) FROM points \(tail)")
                let expected = try Row.fetchAll(database, sql: "SELECT \(columns) FROM expected AS points \(tail)")
                // Not by #expect, which would look for the shortest way from one to the other.
                let difference = zip(found, expected).first { $0 != $1 }
                #expect(difference == nil, "SELECT \(columns) FROM points \(tail)")
                #expect(found.count == expected.count, "SELECT \(columns) FROM points \(tail)")
            }
            let orders = [
                "stream, t, channel", "stream DESC, t DESC, channel DESC", "stream, t DESC, channel",
                "t, stream, channel", "channel, t DESC, stream",
            ]
            for order in orders { try same("ORDER BY \(order)") }
            try same("", columns: "count(*), sum(value), total(score), max(t), min(stream)")
            var random = SplitMix(state: 11)
            func pick(_ choices: [String]) -> String { choices[Int(random.next() % UInt64(choices.count))] }
            for _ in 0..<600 {
                let number = pick(["\(random.next() % 40_000)", "\(random.next() % 600)"])
                let terms = [
                    pick([
                        "stream = '\(pick(["cpu", "net.in", "wide", "widest", "empty", "none", "O''Neil \"é\""]))'",
                        "stream IN ('net.in', 'cpu', 'x')", "stream GLOB 'net*'", "stream LIKE 'WIDE%'",
                        "stream > 'net.in'", "stream <> 'cpu'", "stream = 'CPU' COLLATE NOCASE", "1",
                    ]),
                    pick([
                        "t > \(number)", "t <= \(number).5", "t = \(number)", "t BETWEEN 400 AND \(number)",
                        "t >= '\(number)'", "t < 'x'", "t > NULL", "t IN (510, 520, \(number))", "t < -9.3e18",
                        "time >= '1970-01-01T00:00:00.01'", "time < '1970-01-01T00:00:00.000\(number)Z'", "1",
                    ]),
                    pick([
                        "channel = 0", "channel >= 2", "channel IN (1, 39)", "score > 0.9", "late", "value IS NULL",
                        "anomaly = 1", "1", "1", "1",
                    ]),
                ]
                let condition = terms.joined(separator: pick([" AND ", " AND ", " AND ", " OR "]))
                let columns = pick([Self.columns, "t, value", "stream, sequence, channel", "t", "missing, time"])
                let limit = pick(["", "", "LIMIT 7", "LIMIT 5 OFFSET 900"])
                try same("WHERE \(condition) ORDER BY \(pick(orders)) \(limit)", columns: columns)
                try same("WHERE \(condition)", columns: "count(*), sum(t), total(value), max(score)")
            }
        }
    }

    @Test func ordersOfAStreamNeedNoSorting() throws {
        try fill()
        let queue = try connection()
        try queue.read { database in
            func plan(_ sql: String) throws -> String {
                try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN " + sql).map { $0["detail"] as String }
                    .joined(separator: "\n")
            }
            for order in ["t", "t DESC", "t DESC, channel", "stream, t"] {
                let sql = "SELECT t, value FROM points WHERE stream = 'cpu' AND t >= 5 ORDER BY \(order)"
                let steps = try plan(sql)
                #expect(
                    steps
                        == "SCAN points VIRTUAL TABLE INDEX \(order.contains("t DESC") ? 42 : 34):stream =, t >=")
            }
            let (ordered, mixed) = try (
                plan("SELECT * FROM points ORDER BY stream, t"), plan("SELECT * FROM points ORDER BY t")
            )
            #expect(!ordered.contains("TEMP B-TREE") && mixed.contains("TEMP B-TREE"))
        }
    }

    @Test func aFileOfAnOlderVersionIsReadAsItIs() throws {
        _ = try sqlite(scratch.path, OldSchema.version1)
        _ = try sqlite(
            scratch.path,
            """
            INSERT INTO stream VALUES (1, 'old', 1, 0);
            INSERT INTO point VALUES (1, 1700000001000000, 0, 1, 5, 4.5, 4, 5, 0.5, 0.25, 4);
            """)
        _ = try StoreReader(path: scratch.path)
        let row = try DatabaseQueue(path: scratch.path).read {
            try Row.fetchOne($0, sql: "SELECT *, time FROM points WHERE t > 0")
        }
        #expect(
            row == [
                "stream": "old", "t": 1_700_000_001_000_000, "value": 5.0, "prediction": 4.5, "lower": 4.0,
                "upper": 5.0, "residual": 0.5, "score": 0.25, "anomaly": 1, "time": "2023-11-14T22:13:21.000000Z",
            ])
    }

    @Test func timesAreThoseOfSQLite() throws {
        _ = try sqlite(scratch.path, OldSchema.version1)
        _ = try sqlite(
            scratch.path,
            """
            INSERT INTO stream VALUES (1, 'old', 1, 0);
            WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
            INSERT INTO point
            SELECT 1, -62167219200000000 + i * 31556952000321, 0, i + 1, 1, 1, 1, 1, 0, 0, 0 FROM n;
            INSERT INTO point VALUES (1, 253402300800000000, 0, 10001, 1, 1, 1, 1, 0, 0, 0);
            """)
        _ = try StoreReader(path: scratch.path)
        let counts = try DatabaseQueue(path: scratch.path).read {
            try Row.fetchOne(
                $0,
                sql: """
                    SELECT count(*), count(points.time), sum(points.time = recent_point.time)
                    FROM recent_point JOIN points ON points.stream = 'old' AND t = time_us
                    """)
        }
        let numbers = counts.map { row in (0..<3).map { row[$0] as Int } }
        #expect(numbers == [10_001, 10_000, 10_000])
    }

    @Test func aQuerySeesOneStateOfTheFile() throws {
        let store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(1), stream(2)], points: rows(1, 1...3000) + rows(2, 1...3000))
        let queue = try DatabaseQueue(path: scratch.path)
        // Without a transaction, each statement by itself.
        try queue.inDatabase { database in
            let cursor = try Row.fetchCursor(database, sql: "SELECT stream, sequence FROM points")
            var seen = 0
            while try cursor.next() != nil {
                seen += 1
                if seen == 100 {
                    try store.seal()
                    try store.store(points: rows(1, 3001...3100) + rows(2, 3001...3100))
                }
            }
            #expect(seen == 6000)
            #expect(try Int.fetchOne(database, sql: "SELECT count(*) FROM points") == 6200)
        }
    }

    @Test(arguments: ["chunk", "hot"]) func damageIsNamed(table: String) throws {
        let store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(1)], points: rows(1, 1...2000))
        if table == "chunk" { try store.seal() }
        try store.close()
        _ = try sqlite(
            scratch.path,
            """
            UPDATE \(table) SET points = replace(CAST(points AS BLOB), substr(CAST(points AS BLOB), 30, 9), x'00')
            WHERE first_sequence > 1000 AND first_sequence < 1100
            """)
        try DatabaseQueue(path: scratch.path).read { database in
            let error = #expect(throws: DatabaseError.self) {
                try Row.fetchAll(database, sql: "SELECT * FROM points")
            }
            #expect(error?.extendedResultCode == .SQLITE_CORRUPT_VTAB)
            #expect(error?.message?.contains("points of stream \"stream.1\" from 2023-11-14T22:") == true)
            #expect(error?.message?.hasSuffix("in the table \(table), are damaged") == true)
            let before = try Int.fetchOne(database, sql: "SELECT count(value) FROM points WHERE t < 1700000900000000")
            #expect(before == 899)
        }
    }

    @Test func otherDatabasesAreNamedOrRefused() throws {
        try PointStore(path: scratch.path).store(streams: [stream(1)], points: rows(1, 1...7))
        let other = try Scratch()
        try PointStore(path: other.path).store(streams: [stream(1)], points: rows(1, 1...9))
        try DatabaseQueue(path: scratch.path).inDatabase { database in
            try database.execute(sql: "ATTACH '\(other.path)' AS other; ATTACH ':memory:' AS foreign_one")
            func count(_ table: String) throws -> Int? {
                try Int.fetchOne(database, sql: "SELECT count(*) FROM \(table)")
            }
            #expect(try count("points") == 7)
            #expect(try count("points('other')") == 9)
            #expect(try count("points WHERE schema IN ('main', 'other')") == 16)
            func complaint(_ table: String) -> String? {
                #expect(throws: DatabaseError.self) { try count(table) }?.message
            }
            #expect(complaint("points('nowhere')") == "points: there is no database \"nowhere\" on this connection")
            #expect(
                complaint("points('foreign_one')")
                    == "points: the database \"foreign_one\" is none of anomalyd's: it has no tables of points")
            #expect(throws: DatabaseError.self) { try database.execute(sql: "DELETE FROM points") }
        }
    }

    // MARK: The library for other programs

    @Test func otherProgramsLoadIt() throws {
        try PointStore(path: scratch.path).store(streams: [stream(1, channels: 1)], points: rows(1, 1...5000))
        let library = scratch.directory + "/points"
        let built = try run(["make", "-s", "-C", Self.root, "BUILD=\(scratch.directory)", library + ".so"])
        try #require(built.status == 0, "\(built.errors)")
        let sql = "SELECT count(*), sum(value), time FROM points WHERE stream = 'stream.1' AND t > 1700000001000000"
        let expected = "4999|12502499.0|2023-11-14T22:13:22.000000Z"
        let shell = try run(["sqlite3", "-batch", scratch.path, ".load \(library)", sql])
        #expect(shell.output == expected + "\n", "\(shell.errors)")
        let program = """
            import sqlite3, sys
            connection = sqlite3.connect(sys.argv[1])
            if not hasattr(connection, "enable_load_extension"): sys.exit("built without extensions")
            connection.enable_load_extension(True)
            connection.load_extension(sys.argv[2])
            print("|".join(map(str, connection.execute(sys.argv[3]).fetchone())))
            """
        // Debian's own Python can load extensions, others may not.
        let python = try run(["/usr/bin/python3", "-c", program, scratch.path, library, sql])
        #expect(python.output == expected + "\n", "\(python.errors)")
    }
}
