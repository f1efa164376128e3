import GRDB
import Synchronization

/// How much there is in the hot table, and when that is enough.
final class HotTable: Sendable {
    struct Size {
        var rows = 0
        /// Values that this process has added: one for each channel of a point.
        var values = 0
        /// Streams, each with its own row in every commit.
        var streams = 0

        init() {}

        /// Rows alone, which SQLite counts in the index: the table itself may be large, and opening must be quick.
        init(of database: Database) throws {
            rows = try Int.fetchOne(database, sql: "SELECT count(*) FROM hot") ?? 0
        }
    }

    /// Rows from which on the table is sealed: looking one up stays quick, and each stream has had some points since.
    private static let rows = 50_000
    private static let rowsPerStream = 32
    /// Values from which on it is: some 30 MB, which sealing takes half a second for.
    static let mostValues = 1_000_000
    /// What one of them takes of the file, in bytes.
    private static let valueBytes: Int64 = 32

    private let size = Mutex(Size())
    private let mostValues: Int
    private let peak = Mutex(0)
    private let generations = Mutex(0)

    init(mostValues: Int) { self.mostValues = mostValues }

    func set(_ size: Size) { self.size.withLock { $0 = size } }
    func reset() {
        set(Size())
        generations.withLock { $0 += 1 }
    }

    /// Counts how often the table may have been emptied: its rows are numbered from 1 again then.
    var generation: Int { generations.withLock { $0 } }

    func add(rows: Int, values: Int) {
        size.withLock {
            $0.rows += rows
            $0.values += values
            // Of streams that are few, each may have many rows in a commit.
            $0.streams = max($0.streams, min(rows, values))
            let all = $0.values
            peak.withLock { $0 = max($0, all) }
        }
    }

    var isEmpty: Bool { size.withLock { $0.rows == 0 } }

    /// What it needs of the file between two times that it is sealed, in bytes, as far as this process has seen.
    var peakBytes: Int64 { Int64(peak.withLock { $0 }) * Self.valueBytes }

    var shouldSeal: Bool {
        size.withLock {
            $0.values >= mostValues || $0.rows >= max(Self.rows, Self.rowsPerStream * $0.streams)
        }
    }
}
