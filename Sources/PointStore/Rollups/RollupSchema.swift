/// The coarse tiers of stored points: summed up over five minutes and over an hour.
extension StoreSchema {
    // Plain tables, as clients that cannot load the virtual table `points` shall read them; they stay when the points have
    // expired. A bucket is one row and not packed: at a point a second that is a fifth of a byte for each. The width is in
    // each row so that a row of one table cannot be taken for one of the other where a damaged file is read.
    static let rollups = """
        CREATE TABLE rollup_5m (
            -- Points of one channel of a stream, summed up over five minutes.\(rollupColumns)
        CREATE TABLE rollup_1h (
            -- Points of one channel of a stream, summed up over an hour.\(rollupColumns)

        CREATE TABLE rolled (
            -- Which points the roll-ups have: of each stream those with the numbers from first_sequence to last_sequence,
            -- and all that came late.
            stream_id INTEGER PRIMARY KEY REFERENCES stream (id),
            first_sequence INTEGER NOT NULL,
            last_sequence INTEGER NOT NULL,
            last_time INTEGER NOT NULL, -- of the last one, microseconds since 1970-01-01 UTC
            behind INTEGER NOT NULL     -- 1: there are older points, which are added little by little
        );
        CREATE INDEX rolled_behind ON rolled (stream_id) WHERE behind;

        -- Points of an older version are added in the background, the newest first. Late ones at once: they are few.
        INSERT INTO rolled (stream_id, first_sequence, last_sequence, last_time, behind)
            SELECT id, next, next - 1, time, 1 FROM (
                SELECT id, coalesce(
                        (SELECT first_sequence FROM hot WHERE stream_id = stream.id AND channel = 0
                            ORDER BY first_time LIMIT 1),
                        (SELECT first_sequence + count FROM chunk WHERE stream_id = stream.id AND channel = 0
                            ORDER BY first_time DESC LIMIT 1),
                        (SELECT sequence + 1 FROM point_row WHERE stream_id = stream.id AND sequence > 0
                            ORDER BY time DESC LIMIT 1),
                        1) AS next,
                    coalesce(
                        (SELECT last_time FROM chunk WHERE stream_id = stream.id AND channel = 0
                            ORDER BY first_time DESC LIMIT 1),
                        (SELECT time FROM point_row WHERE stream_id = stream.id AND sequence > 0
                            ORDER BY time DESC LIMIT 1),
                        created) AS time
                FROM stream);
        \(RollupTier.allCases.map(lateRollups).joined(separator: "\n"))

        CREATE VIEW named_rollup_5m AS
            -- rollup_5m with names and readable times. Restrict by stream to stay fast.
            \(namedRollup("rollup_5m"));
        CREATE VIEW named_rollup_1h AS
            -- rollup_1h with names and readable times. Restrict by stream to stay fast.
            \(namedRollup("rollup_1h"));
        """

    private static let rollupColumns = """

            -- Points are added some minutes after they have come.
            stream_id INTEGER NOT NULL REFERENCES stream (id),
            channel INTEGER NOT NULL,   -- 0 for the first value of a point
            time INTEGER NOT NULL,      -- begin of the bucket, microseconds since 1970-01-01 UTC
            width INTEGER NOT NULL,     -- its length in seconds
            count INTEGER NOT NULL,     -- values
            missing INTEGER NOT NULL,   -- points without a value
            anomalies INTEGER NOT NULL, -- points that were flagged
            minimum REAL,               -- of the values; NULL: there are none
            maximum REAL,
            mean REAL,
            worst_score REAL,           -- the highest one; NULL: no point was scored
            PRIMARY KEY (stream_id, channel, time)
        ) WITHOUT ROWID;
        """

    private static func lateRollups(_ tier: RollupTier) -> String {
        sum(
            tier, into: tier.table,
            "point_row WHERE sequence = 0 AND stream_id IN (SELECT id FROM stream WHERE late > 0)") + ";"
    }

    /// Fills a table of roll-ups from rows of points.
    ///
    /// - Parameters:
    ///   - table: the one that is filled.
    ///   - rows: the other table, and which of its rows.
    static func sum(_ tier: RollupTier, into table: String, _ rows: String) -> String {
        """
        INSERT INTO \(table) (stream_id, channel, time, width, count, missing, anomalies, minimum, maximum, mean,
                worst_score)
            SELECT stream_id, channel, time - (time % \(tier.width) + \(tier.width)) % \(tier.width) AS start,
                \(tier.width / 1_000_000), count(value), count(*) - count(value), sum((flags & 4) <> 0), min(value),
                max(value), avg(value), max(score)
            FROM \(rows) GROUP BY stream_id, channel, start
        """
    }

    private static func namedRollup(_ table: String) -> String {
        """
        SELECT stream.name AS stream, it.channel AS channel,
                strftime('%Y-%m-%dT%H:%M:%SZ', it.time / 1000000, 'unixepoch') AS time, -- UTC, RFC 3339
                it.time AS time_us, it.width AS width, it.count AS count, it.missing AS missing,
                it.anomalies AS anomalies, it.minimum AS minimum, it.maximum AS maximum, it.mean AS mean,
                it.worst_score AS worst_score
            FROM stream JOIN \(table) AS it ON it.stream_id = stream.id
        """
    }
}
