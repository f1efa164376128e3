public import AnomalyDetection
import GRDB

/// A network that a group of streams shares, as it is stored.
public struct GroupRecord: Sendable, Equatable {
    /// Unique; says of which streams it is, and what it sees and says.
    public var name: String
    /// When it was saved, in microseconds since 1970.
    public var time: Int64
    /// In a format of its own, which it begins with.
    public var state: [UInt8]

    public init(name: String, time: Int64, state: [UInt8]) {
        self.name = name
        self.time = time
        self.state = state
    }

    /// As the detectors of the group's streams want it.
    public var saved: NetworkGroups.Saved { NetworkGroups.Saved(name: name, state: state) }

    /// What guards the state: of the name, too, so that a state that strayed into another group's row is found.
    func checksum(_ state: UnsafeRawBufferPointer) -> Int64 { Self.checksum(name: name.utf8, state: state) }

    static func checksum(name: some Sequence<UInt8>, state: UnsafeRawBufferPointer) -> Int64 {
        var checksum = Checksum()
        Array(name).withUnsafeBytes { checksum.add($0) }
        checksum.add(state)
        return Int64(bitPattern: checksum.value)
    }
}

extension StoreSchema {
    // No index on names: an index of names and numbers would look like that of streams to whoever salvages a damaged file.
    static let groups = """
        CREATE TABLE stream_group (
            -- Networks that groups of streams share (model.sharing = "group"). The checksum is 64-bit FNV-1a over name and
            -- state.
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            time INTEGER NOT NULL, -- when it was saved, microseconds since 1970-01-01 UTC
            checksum INTEGER NOT NULL,
            state BLOB NOT NULL
        );
        """
}

/// The prepared statements for the networks of groups. Belongs to one connection and is used on its queue only.
final class GroupStatements {
    private let replace: Statement
    private let found: Statement
    private let connection: SQLiteConnection?

    init(_ database: Database) throws {
        replace = try database.makeStatement(
            sql: "UPDATE stream_group SET time = ?2, checksum = ?3, state = ?4 WHERE name = ?1")
        found = try database.makeStatement(
            sql: "INSERT INTO stream_group (name, time, checksum, state) VALUES (?1, ?2, ?3, ?4)")
        connection = database.sqliteConnection
    }

    /// Writes the networks of a commit, inside its transaction.
    func write(_ commit: Commit, path: String) throws {
        for record in commit.groups {
            try CommitStatements.naming("network of group \(record.name)", path, on: connection) {
                try run(replace, record)
                if replace.changes == 0 { try run(found, record) }
            }
        }
    }

    private func run(_ statement: Statement, _ record: GroupRecord) throws {
        try record.state.withUnsafeBytes { state in
            statement.bind(record.time, at: 2)
            statement.bind(record.checksum(state), at: 3)
            try statement.binding(record.name, at: 1) {
                try statement.binding(state, at: 4) { try statement.run() }
            }
        }
    }
}

/// Looking for the networks of groups. Each runs inside a read of the caller's.
enum GroupQueries {
    /// Of all groups, by name; nil for the state of one whose checksum is wrong.
    static func groups(_ database: Database) throws -> [(name: String, record: GroupRecord?)] {
        var groups: [(name: String, record: GroupRecord?)] = []
        try database.cachedStatement(sql: "SELECT name, time, checksum, state FROM stream_group ORDER BY name")
            .forEachRow {
                row in
                let (name, state) = (row.string(0), row.bytes(3))
                let record = GroupRecord(name: name, time: row.int64(1), state: Array(state))
                groups.append((name, record.checksum(state) == row.int64(2) ? record : nil))
                return true
            }
        return groups
    }
}

extension HistoryReading {
    func storedGroups(onDamage: (String) -> Void) throws -> [GroupRecord] {
        guard parts.contains(.groups) else { return [] }
        return try read("read the groups of") { database in
            try GroupQueries.groups(database).compactMap { group in
                if group.record == nil { onDamage(group.name) }
                return group.record
            }
        }
    }

    func storedNetworks() throws -> NetworkGroups {
        NetworkGroups(try storedGroups { _ in }.map(\.saved))
    }
}

extension StoreReader {
    /// The networks that groups of streams share, for those who want to look into the detectors of these streams; none of a
    /// database of a version that knew none. Damaged ones are left out.
    public func networkGroups() throws -> NetworkGroups { try connection.storedNetworks() }
}

extension PointStore {
    /// The networks that groups of streams share, by name.
    ///
    /// - Parameter onDamage: called with the name of each that is damaged and left out.
    public func groups(onDamage: (String) -> Void) throws -> [GroupRecord] { try storedGroups(onDamage: onDamage) }

    /// The same, as `StoreReader.networkGroups()`.
    public func networkGroups() throws -> NetworkGroups { try storedNetworks() }
}
