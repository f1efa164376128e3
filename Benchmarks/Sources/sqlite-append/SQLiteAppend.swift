import BenchmarkSupport
import CSQLite
import Glibc

/// Appends the daemon's rows to SQLite and does nothing else: no socket, no text, no model. It is the ceiling that
/// the daemon is compared with.
@main
enum SQLiteAppend {
    static let usage = """
        usage: sqlite-append --database FILE [options]
          --streams N       streams (1000)
          --points N        points of each stream (500)
          --batch N         rows in a transaction (50000, as the daemon's commit_points)
          --layout L        rowid: a plain table (default); clustered: by stream, channel and time
          --synchronous S   full (default) or normal
          --seed N          another seed, other series (1)
        Prints lines of "name value". The clock runs from the first insert to the return of the last commit.
        """

    static func main() {
        let arguments = Arguments(
            known: ["database", "streams", "points", "batch", "layout", "synchronous", "seed"], usage: usage)
        let path = arguments.string("database")
        guard let layout = Layout(rawValue: arguments.string("layout", default: Layout.rowid.rawValue)) else {
            Failure.end("--layout expects one of \(Layout.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        let synchronous = arguments.string("synchronous", default: "full")
        guard ["full", "normal"].contains(synchronous) else { Failure.end("--synchronous expects full or normal") }
        let batch = arguments.integer("batch", default: 50_000)
        let rows = Row.all(
            streams: arguments.integer("streams", default: 1000), points: arguments.integer("points", default: 500),
            seed: UInt64(arguments.integer("seed", default: 1, least: 0)))
        guard access(path, F_OK) != 0 else { Failure.end("\(path) is there already: expected a new file") }

        let database = Database(path)
        // The daemon's settings (PointStore/WriteConnection.swift), so that only the work differs.
        database.execute(
            """
            PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;
            PRAGMA synchronous = \(synchronous); PRAGMA wal_autocheckpoint = 16384; PRAGMA cache_size = -16384;
            PRAGMA secure_delete = OFF;
            """)
        database.execute(layout.createTable)
        let insert = database.prepare(Row.insert)

        let memory = Clocks.peakMemory
        let cpu = Clocks.cpu
        let start = Clocks.steady
        for first in stride(from: 0, to: rows.count, by: batch) {
            let part = rows[first..<min(rows.count, first + batch)]
            database.execute("BEGIN IMMEDIATE")
            for row in layout == .clustered ? sorted(part) : Array(part) {
                row.bind(to: insert)
                database.run(insert)
            }
            database.execute("COMMIT")
        }
        let seconds = Clocks.steady - start

        var report = Report()
        report.add("points", rows.count)
        report.add("seconds", seconds)
        report.add("points_per_second", Double(rows.count) / seconds)
        report.add("cpu_seconds", Clocks.cpu - cpu)
        report.add("extra_memory_bytes", Clocks.peakMemory - memory)
        database.close(insert)
        report.write()
    }

    /// By stream, each stream's rows in their old order: one pass counts, one deals out.
    private static func sorted(_ rows: ArraySlice<Row>) -> [Row] {
        var places = [Int](repeating: 0, count: Int(rows.reduce(0) { max($0, $1.stream) }) + 2)
        for row in rows { places[Int(row.stream) + 1] += 1 }
        for index in places.indices.dropFirst() { places[index] += places[index - 1] }
        return [Row](unsafeUninitializedCapacity: rows.count) { buffer, count in
            for row in rows {
                buffer.initializeElement(at: places[Int(row.stream)], to: row)
                places[Int(row.stream)] += 1
            }
            count = rows.count
        }
    }
}
