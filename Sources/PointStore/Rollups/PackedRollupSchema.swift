/// The five-minute tier, packed.
extension StoreSchema {
    // Where a bucket has a handful of points, a row for each took more of the disk than the points themselves, and more
    // time: those of many streams lie all over a table that is clustered by stream. So those of a whole chunk become one
    // row of a table that grows at its end. JSON, as clients without our library shall read it; what they read is a view
    // that shows both. Rows of an older version stay what they are.
    static let packedRollups = """
        DROP VIEW named_rollup_5m;
        ALTER TABLE rollup_5m RENAME TO rollup_5m_row;

        CREATE TABLE rollup_5m_pack (
            -- Neighbouring buckets of five minutes, which are not in rollup_5m_row (the view rollup_5m shows both).
            -- `buckets` is JSON, an array for each from first_time on, 0 for one without points: smallest value - base,
            -- worst score (in units of 1/4096, and 1 more; 0: none), largest - smallest, sum of all values - smallest (all
            -- in units of 1/scale), values (1 more; 0: as `usual` says), points without one, anomalies. Zeros at the end
            -- are left out. What cannot be told so has more: smallest, largest, mean, worst score; null: as told before.
            id INTEGER PRIMARY KEY,
            stream_id INTEGER NOT NULL REFERENCES stream (id),
            channel INTEGER NOT NULL,    -- 0 for the first value of a point
            first_time INTEGER NOT NULL, -- begin of the first bucket, microseconds since 1970-01-01 UTC
            last_time INTEGER NOT NULL,  -- and of the last one
            points INTEGER NOT NULL,     -- in all of them
            usual INTEGER NOT NULL,
            base INTEGER NOT NULL,
            scale REAL NOT NULL,
            buckets TEXT NOT NULL
        );
        CREATE UNIQUE INDEX rollup_5m_pack_stream ON rollup_5m_pack (stream_id, channel, first_time);

        CREATE VIEW rollup_5m AS
            -- Points of one channel of a stream, summed up over five minutes: the columns of rollup_1h.
            SELECT stream_id, channel, time, width, count, missing, anomalies, minimum, maximum, mean, worst_score
            FROM rollup_5m_row
            UNION ALL
            SELECT stream_id, channel, time, width, \(packedRollup)
            FROM (\(packedNumbers)) AS it;

        CREATE VIEW named_rollup_5m AS
            -- rollup_5m with names and readable times. Restrict by stream to stay fast.
            SELECT \(namedColumns), it.count AS count, it.missing AS missing,
                it.anomalies AS anomalies, it.minimum AS minimum, it.maximum AS maximum, it.mean AS mean,
                it.worst_score AS worst_score
            FROM stream JOIN rollup_5m_row AS it ON it.stream_id = stream.id
            UNION ALL
            SELECT \(namedColumns), \(packedRollup)
            FROM stream JOIN (\(packedNumbers)) AS it ON it.stream_id = stream.id;
        """

    private static let namedColumns = """
        stream.name AS stream, it.channel AS channel,
                strftime('%Y-%m-%dT%H:%M:%SZ', it.time / 1000000, 'unixepoch') AS time, -- UTC, RFC 3339
                it.time AS time_us, it.width AS width
        """

    /// What a pack says of each of its buckets.
    private static let packedNumbers = """
        SELECT pack.stream_id, pack.channel, pack.first_time + bucket.key * 300000000 AS time, 300 AS width, pack.scale,
                    pack.base + json_extract(bucket.value, '$[0]') AS low,
                    nullif(json_extract(bucket.value, '$[1]'), 0) - 1 AS worst,
                    ifnull(json_extract(bucket.value, '$[2]'), 0) AS span,
                    ifnull(json_extract(bucket.value, '$[3]'), 0) AS excess,
                    ifnull(nullif(json_extract(bucket.value, '$[4]'), 0) - 1, pack.usual) AS count,
                    ifnull(json_extract(bucket.value, '$[5]'), 0) AS missing,
                    ifnull(json_extract(bucket.value, '$[6]'), 0) AS anomalies,
                    json_extract(bucket.value, '$[7]') AS told_minimum,
                    json_extract(bucket.value, '$[8]') AS told_maximum,
                    json_extract(bucket.value, '$[9]') AS told_mean,
                    json_extract(bucket.value, '$[10]') AS told_worst
                FROM rollup_5m_pack AS pack, json_each(pack.buckets) AS bucket WHERE bucket.type = 'array'
        """

    private static let packedRollup = """
        it.count AS count, it.missing AS missing, it.anomalies AS anomalies,
                CASE WHEN it.count > 0 THEN ifnull(told_minimum, low / scale) END AS minimum,
                CASE WHEN it.count > 0 THEN ifnull(told_maximum, (low + span) / scale) END AS maximum,
                CASE WHEN it.count > 0 THEN ifnull(told_mean, (low + excess * 1.0 / it.count) / scale) END AS mean,
                ifnull(told_worst, worst / 4096.0) AS worst_score
        """
}
