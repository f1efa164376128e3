import GRDB

/// What makes a file a database of ours, and its tables.
enum StoreSchema {
    /// "anom" in ASCII. `file` shows it as "application id"; it keeps us from writing to another program's database.
    static let applicationID: Int32 = 0x616e_6f6d

    /// Every version's step from the one before. A published migration is never edited: files exist that have it.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration(pointsMigration) { try $0.execute(sql: points) }
        migrator.registerMigration(hindsightMigration) { try $0.execute(sql: hindsight) }
        migrator.registerMigration(lateMigration) { try $0.execute(sql: late) }
        migrator.registerMigration(eventsMigration) { try $0.execute(sql: events) }
        migrator.registerMigration(feedbackMigration) { try $0.execute(sql: feedback) }
        migrator.registerMigration(steeringMigration) { try $0.execute(sql: steering) }
        migrator.registerMigration(packedMigration) { try $0.execute(sql: packed) }
        migrator.registerMigration(rollupsMigration) { try $0.execute(sql: rollups) }
        migrator.registerMigration(alertsMigration) { try $0.execute(sql: alerts) }
        migrator.registerMigration(packedRollupsMigration) { try $0.execute(sql: packedRollups) }
        migrator.registerMigration(groupsMigration) { try $0.execute(sql: groups) }
        return migrator
    }

    private static let pointsMigration = "1-points"
    private static let hindsightMigration = "2-hindsight"
    private static let lateMigration = "3-late"
    private static let eventsMigration = "4-events"
    private static let feedbackMigration = "5-feedback"
    private static let steeringMigration = "6-steering"
    private static let packedMigration = "7-packed"
    private static let rollupsMigration = "8-rollups"
    private static let alertsMigration = "9-alerts"
    private static let packedRollupsMigration = "10-packed-rollups"
    private static let groupsMigration = "11-groups"

    /// What a database has beside its points, if the version that wrote it last knew of it.
    struct Parts: OptionSet, Sendable {
        var rawValue: Int
        /// Tables of hindsight.
        static let hindsight = Parts(rawValue: 1)
        /// The table of points that wait, and counts of late ones.
        static let late = Parts(rawValue: 2)
        /// The table of events, and kinds of anomalies.
        static let events = Parts(rawValue: 4)
        /// The table of feedback.
        static let feedback = Parts(rawValue: 8)
        /// The table of snapshots, and feedback of more kinds.
        static let steering = Parts(rawValue: 16)
        /// The tables of packed points; the rows of others are in `point_row` then, not in `point`.
        static let packed = Parts(rawValue: 32)
        /// The tables of roll-ups.
        static let rollups = Parts(rawValue: 64)
        /// The tables of what sinks have been told.
        static let alerts = Parts(rawValue: 128)
        /// The table of packed roll-ups; `rollup_5m` is a view then.
        static let packedRollups = Parts(rawValue: 256)
        /// The table of networks that groups share.
        static let groups = Parts(rawValue: 512)

        /// All of them.
        static let current: Parts = [
            .hindsight, .late, .events, .feedback, .steering, .packed, .rollups, .alerts, .packedRollups, .groups,
        ]

        /// The table of points that have a row for each channel.
        var rowTable: String { contains(.packed) ? "point_row" : "point" }
    }

    /// Tells whether an open database is ours, and what can be read of it.
    enum Kind: Equatable {
        /// Ours. Its points can be read whatever parts it lacks: those who may only read must not have to wait until the
        /// daemon is restarted after an upgrade.
        case readable(Parts)
        /// Ours, but migrations are missing without which it can't be read.
        case outdated
        case newer(migrations: [String])
        case foreign(applicationID: Int32)
    }

    static func kind(of database: Database) throws -> Kind {
        let id = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        guard id == applicationID else { return .foreign(applicationID: id) }
        let migrator = migrator
        let applied = try migrator.appliedIdentifiers(database)
        let unknown = applied.subtracting(migrator.migrations)
        guard unknown.isEmpty else { return .newer(migrations: unknown.sorted()) }
        guard applied.contains(pointsMigration) else { return .outdated }
        var parts: Parts = []
        if applied.contains(hindsightMigration) { parts.insert(.hindsight) }
        if applied.contains(lateMigration) { parts.insert(.late) }
        if applied.contains(eventsMigration) { parts.insert(.events) }
        if applied.contains(feedbackMigration) { parts.insert(.feedback) }
        if applied.contains(steeringMigration) { parts.insert(.steering) }
        if applied.contains(packedMigration) { parts.insert(.packed) }
        if applied.contains(rollupsMigration) { parts.insert(.rollups) }
        if applied.contains(alertsMigration) { parts.insert(.alerts) }
        if applied.contains(packedRollupsMigration) { parts.insert(.packedRollups) }
        if applied.contains(groupsMigration) { parts.insert(.groups) }
        return .readable(parts)
    }

    // Comments inside CREATE statements are kept by SQLite, so that `.schema` in its shell explains itself. Not
    // STRICT: clients with an SQLite older than 3.37 could not open the file at all. REFERENCES are for the reader;
    // the writer does not have them checked for each point.
    private static let points = """
        CREATE TABLE stream (
            -- One series of points; its name is what clients send.
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            channels INTEGER NOT NULL, -- values in each point
            created INTEGER NOT NULL   -- first seen, microseconds since 1970-01-01 UTC
        );

        CREATE TABLE point (
            -- One row for each channel of each point. NULL: missing value, or nothing predicted.
            stream_id INTEGER NOT NULL REFERENCES stream (id),
            time INTEGER NOT NULL,     -- microseconds since 1970-01-01 UTC
            channel INTEGER NOT NULL,  -- 0 for the first value of a point
            sequence INTEGER NOT NULL, -- place of the point in its stream, from 1
            value REAL,
            prediction REAL,           -- made before the value was seen
            lower REAL,                -- band in which the value was expected
            upper REAL,
            residual REAL,             -- value - prediction
            score REAL,                -- of the whole point: -log10(tail probability) / 10, from 0 to 1
            flags INTEGER NOT NULL,    -- of the whole point: 1 missing, 2 warm-up, 4 anomaly
            PRIMARY KEY (stream_id, time, channel)
        ) WITHOUT ROWID;

        CREATE TABLE anomaly (
            -- Consecutive flagged points of one stream.
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            stream_id INTEGER NOT NULL REFERENCES stream (id),
            start_sequence INTEGER NOT NULL, -- sequence of the first flagged point
            start_time INTEGER NOT NULL,     -- microseconds since 1970-01-01 UTC, as the other times
            end_time INTEGER NOT NULL,       -- of the last flagged point so far
            peak_time INTEGER NOT NULL,      -- of the flagged point with the highest score
            peak_score REAL,
            peak_channel INTEGER NOT NULL,   -- the channel that stood out most at the peak
            peak_value REAL,
            peak_prediction REAL,
            points INTEGER NOT NULL,         -- flagged points so far
            open INTEGER NOT NULL,           -- 1 while it may still grow, else 0
            UNIQUE (stream_id, start_sequence)
        );
        CREATE INDEX anomaly_start ON anomaly (start_time);
        CREATE INDEX anomaly_open ON anomaly (stream_id) WHERE open;

        CREATE TABLE checkpoint (
            -- Saved detectors: for each stream the newest state and, in the other slot, the one before. The checksum is
            -- 64-bit FNV-1a over stream_id, sequence and format, 8 bytes each with the lowest first, and state.
            stream_id INTEGER NOT NULL REFERENCES stream (id),
            slot INTEGER NOT NULL,     -- 0 or 1, in turn
            sequence INTEGER NOT NULL, -- of the last point that the state has seen
            format INTEGER NOT NULL,   -- version of the layout of state
            checksum INTEGER NOT NULL,
            state BLOB NOT NULL,
            PRIMARY KEY (stream_id, slot)
        );

        CREATE VIEW recent_point AS
            -- Points with names and readable times. Restrict by stream and time_us to stay fast.
            SELECT
                stream.name AS stream,
                point.channel AS channel,
                strftime('%Y-%m-%dT%H:%M:%S', (point.time - (point.time % 1000000 + 1000000) % 1000000) / 1000000,
                    'unixepoch')
                    || printf('.%06dZ', (point.time % 1000000 + 1000000) % 1000000) AS time, -- UTC, RFC 3339
                point.time AS time_us,                                                   -- microseconds since 1970
                point.sequence AS sequence,
                point.value AS value,
                point.prediction AS prediction,
                point.lower AS lower,
                point.upper AS upper,
                point.residual AS residual,
                point.score AS score,
                (point.flags & 4) <> 0 AS anomaly,
                point.value IS NULL AS missing
            FROM point JOIN stream ON stream.id = point.stream_id;
        """
}
