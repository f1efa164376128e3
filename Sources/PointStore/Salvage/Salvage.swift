import GRDB
import Glibc

/// Brings over what can be read of a damaged database into a new one.
///
/// Every page of the file is looked at by itself, whether or not the pages that should lead to it are good, and every
/// row that can be one of ours is taken. (Debian's SQLite has neither the recovery extension nor `sqlite_dbpage`, and
/// walking the tables through SQLite would lose what lies behind a damaged inner page.) What the pages of the list of
/// free pages hold was deleted, and stays so.
///
/// The damaged file is only read. The new one appears under its name when all of it is there.
public struct Salvage {
    /// Rows in one transaction.
    private static let batchRows = 100_000

    private let file: PageFile
    private let target: String
    /// Where the new file grows.
    private let partial: String
    private var report = SalvageReport()
    /// Names that only an index still has, by stream.
    private var indexedNames: [Int32: [UInt8]] = [:]

    /// - throws: A ``StoreError`` if there is no such file, if it is another program's or one that a daemon writes to,
    ///   or if there is something at `target` already.
    public init(_ source: String, to target: String) throws {
        let path = try StoreFile.resolve(source, operation: "salvage")
        try StoreFile.size(path, operation: "salvage")
        if LockFile.isHeld(database: path) {
            throw StoreError(
                operation: "salvage", path: path, cause: .locked(process: nil), detail: "anomalyd writes to it",
                hint: "stop it first, or name the database that it has set aside")
        }
        let new = try StoreFile.resolve(target, operation: "create")
        self.target = new
        partial = new + ".partial"
        for taken in [new, new + "-wal", new + ".partial"] where StoreFile.exists(taken) {
            throw StoreError(
                operation: "create", path: taken, cause: .other, detail: "it exists already",
                hint: taken.hasSuffix(".partial")
                    ? "a salvage is at work, or was interrupted; then remove it" : "name a file that does not")
        }
        file = try PageFile(path: path, operation: "salvage")
    }

    /// Does it.
    ///
    /// - parameter progress: Called with the pages done and all of them, for each page.
    /// - returns: What is in the new file, and what is lost.
    /// - throws: A ``StoreError`` if the new file cannot be written; nothing of it stays then.
    public mutating func run(progress: (_ done: Int, _ of: Int) throws -> Void = { _, _ in }) throws -> SalvageReport {
        do {
            try StoreError.naming("write", partial) {
                try StoreCreation.ifMissing(partial)
                let queue = try WriteConnection.open(partial, options: PointStore.Options())
                try StoreSchema.migrator.migrate(queue)
                try queue.writeWithoutTransaction { database in
                    try database.execute(sql: "PRAGMA synchronous = NORMAL")
                    try scan(into: database, progress)
                    var repair = SalvageRepair(database: database, report: report, indexedNames: indexedNames)
                    report = try repair.run()
                }
                try queue.close()
            }
            try publish()
        } catch {
            for suffix in ["", "-wal", "-shm"] { unlink(partial + suffix) }
            throw error
        }
        return report
    }

    private mutating func scan(into database: Database, _ progress: (Int, Int) throws -> Void) throws {
        let inserts = try SalvageTable.all.map { try database.makeStatement(sql: $0.insert) }
        let checkpoints = try SalvageCheckpoints(database)
        let free = file.freePages()
        var rows = 0
        try database.execute(sql: "BEGIN")
        for number in 1...max(1, file.pageCount) {
            try progress(number - 1, file.pageCount)
            if file.isPointerMap(number) || free.contains(number) { continue }
            guard let page = PageCells(page: number, in: file) else { continue }
            report.damagedRows += page.damaged
            for (index, table) in SalvageTable.all.enumerated() {
                for row in rowsOf(table, in: page) {
                    if table.name == SalvageTable.checkpoint.name {
                        if try !checkpoints.add(row) { report.damagedCheckpoints += 1 }
                    } else {
                        try inserts[index].run(row)
                    }
                    rows += 1
                }
            }
            for cell in page.cells { noteName(cell) }
            if rows >= Self.batchRows {
                try database.execute(sql: "COMMIT; BEGIN")
                rows = 0
            }
        }
        try database.execute(sql: "COMMIT")
        report.pages = file.pageCount
        report.unreadablePages = file.unreadable
        report.damagedFrames = file.log.damagedFrames
    }

    /// The rows of a table in a page. In a table without rowids they stand in the order of their keys: one whose key
    /// does not fit between those beside it, which fit each other, is damaged.
    private mutating func rowsOf(_ table: SalvageTable, in page: PageCells) -> [[RecordValue]] {
        let rows = page.cells.compactMap { table.row($0) }
        if table.hasRowids || rows.count < 3 { return rows }
        let keys = rows.map { row in
            row[..<3].map { if case .integer(let number) = $0 { number } else { 0 as Int64 } }
        }
        var good: [[RecordValue]] = []
        for (index, row) in rows.enumerated() where Self.fits(index, in: keys) { good.append(row) }
        report.damagedRows += rows.count - good.count
        return good
    }

    /// Whether a key stands where it should; false only if its neighbours agree on that it does not.
    private static func fits(_ index: Int, in keys: [[Int64]]) -> Bool {
        func isBefore(_ one: Int, _ other: Int) -> Bool { keys[one].lexicographicallyPrecedes(keys[other]) }
        let last = keys.count - 1
        switch index {
        case 0: return isBefore(0, 1) || !isBefore(1, 2)
        case last: return isBefore(last - 1, last) || !isBefore(last - 2, last - 1)
        default:
            return !isBefore(index - 1, index + 1) || isBefore(index - 1, index) && isBefore(index, index + 1)
        }
    }

    /// The index of the names holds each of them once more, with the number of its stream.
    private mutating func noteName(_ cell: PageCells.Cell) {
        guard cell.rowid == nil, cell.values.count == 2, case .text(let name) = cell.values[0],
            case .integer(let number) = cell.values[1], let stream = Int32(exactly: number), stream > 0, !name.isEmpty,
            let text = String(validating: name, as: UTF8.self), !StoreSchema.migrator.migrations.contains(text)
        else { return }
        indexedNames[stream] = name
    }

    /// Gives the finished file its name, unless somebody else took it meanwhile.
    private func publish() throws {
        guard link(partial, target) == 0 else {
            throw StoreError(operation: "create", path: target, errno: errno)
        }
        // What SQLite left in its companions is nothing: the file was closed.
        for suffix in ["", "-wal", "-shm"] { unlink(partial + suffix) }
    }
}

/// Keeps the two newest good checkpoints of each stream.
private struct SalvageCheckpoints {
    private let find: Statement
    private let insert: Statement

    init(_ database: Database) throws {
        find = try database.makeStatement(
            sql: "SELECT slot, sequence FROM checkpoint WHERE stream_id = ?1 ORDER BY sequence DESC")
        insert = try database.makeStatement(
            sql: """
                INSERT OR REPLACE INTO checkpoint (stream_id, slot, sequence, format, checksum, state)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                """)
    }

    /// - returns: Whether the checksum is right.
    func add(_ row: [RecordValue]) throws -> Bool {
        guard case .integer(let stream) = row[0], case .integer(let sequence) = row[2],
            case .integer(let format) = row[3], case .integer(let checksum) = row[4], case .blob(let state) = row[5]
        else { return false }
        let found = state.withUnsafeBytes {
            Checksum.of(
                stream: Int32(truncatingIfNeeded: stream), sequence: sequence,
                format: Int32(truncatingIfNeeded: format), state: $0)
        }
        guard found == UInt64(bitPattern: checksum) else { return false }
        var slots: [CheckpointQueries.Slot] = []
        find.bind(stream, at: 1)
        try find.forEachRow {
            slots.append(CheckpointQueries.Slot(number: $0.int64(0), sequence: $0.int64(1)))
            return true
        }
        if slots.contains(where: { $0.sequence == sequence }) { return true }
        var row = row
        switch slots.count {
        case 0: row[1] = .integer(0)
        case 1: row[1] = .integer(1 - slots[0].number)
        default:
            if slots[1].sequence > sequence { return true }
            row[1] = .integer(slots[1].number)
        }
        try insert.run(row)
        return true
    }
}
