/// The two tiers of stored points: `hot`, to which every commit is appended, and `chunk`, in which they come to rest.
extension StoreSchema {
    // A row for each point, clustered by stream, cost 54 bytes and 2 µs a point. `hot` has one for each stream and
    // commit, in JSON, so that every client can read it (the views `point` and `recent_point`); an index by stream is
    // cheap, as the table is emptied before it grows large.
    static let packed = """
        DROP VIEW recent_point;
        ALTER TABLE point RENAME TO point_row;

        CREATE TABLE hot (
            -- The newest points, until there are enough to be sealed: some of one channel of a stream in each row. `points`
            -- is JSON, an array for each point: microseconds since first_time, value, residual, prediction - lower,
            -- upper - prediction (the last three in units of step), score (in units of 1/4096), flags. The prediction is
            -- value - residual. What cannot be told so has five more: prediction, lower, upper, residual, score.
            id INTEGER PRIMARY KEY,
            stream_id INTEGER NOT NULL REFERENCES stream (id),
            channel INTEGER NOT NULL,        -- 0 for the first value of a point
            first_time INTEGER NOT NULL,     -- microseconds since 1970-01-01 UTC, as last_time
            last_time INTEGER NOT NULL,
            first_sequence INTEGER NOT NULL, -- place of the first point in its stream, from 1; the others follow it
            count INTEGER NOT NULL,          -- points in the row
            step REAL NOT NULL,
            points TEXT NOT NULL
        );
        CREATE UNIQUE INDEX hot_stream ON hot (stream_id, channel, first_time);

        CREATE TABLE chunk (
            -- Sealed points, 1024 of one channel of a stream in each row but the stream's last: number n of a stream is in
            -- its chunk (n - 1) / 1024. `points` is compressed; the virtual table `points` reads it.
            id INTEGER PRIMARY KEY,
            stream_id INTEGER NOT NULL REFERENCES stream (id),
            channel INTEGER NOT NULL,
            first_time INTEGER NOT NULL,
            last_time INTEGER NOT NULL,
            first_sequence INTEGER NOT NULL,
            count INTEGER NOT NULL,
            checksum INTEGER NOT NULL,       -- 64-bit FNV-1a over points
            points BLOB NOT NULL
        );
        CREATE UNIQUE INDEX chunk_stream ON chunk (stream_id, channel, first_time);

        CREATE VIEW point AS
            -- One row for each channel of each point that is not sealed yet (the virtual table `points` has all).
            SELECT stream_id, time, channel, sequence, value, prediction, lower, upper, residual, score, flags
            FROM point_row
            UNION ALL
            SELECT stream_id, time, channel, sequence, value, ifnull(told_prediction, value - residual),
                \(hot("lower", "-", "width_below")), \(hot("upper", "+", "width_above")), residual, score, flags
            FROM (\(hotNumbers)) AS point;

        CREATE VIEW recent_point AS
            -- Points with names and readable times, of those that are not sealed yet. Restrict by stream to stay fast.
            SELECT
                \(recent(prediction: "point.prediction", lower: "point.lower", upper: "point.upper"))
            FROM stream JOIN point_row AS point ON point.stream_id = stream.id
            \(hindsightOfPoint)
            UNION ALL
            SELECT
                \(recent(prediction: "ifnull(told_prediction, point.value - point.residual)",
                    lower: hot("lower", "-", "width_below"), upper: hot("upper", "+", "width_above")))
            FROM stream JOIN (\(hotNumbers)) AS point ON point.stream_id = stream.id
            \(hindsightOfPoint);
        """

    /// What a row of `hot` says of each of its points.
    private static let hotNumbers = """
        SELECT stream_id, channel, first_time + json_extract(it.value, '$[0]') AS time,
                    first_sequence + it.key AS sequence, json_extract(it.value, '$[1]') AS value, step,
                    ifnull(json_extract(it.value, '$[10]'), json_extract(it.value, '$[2]') * step) AS residual,
                    json_extract(it.value, '$[3]') AS width_below, json_extract(it.value, '$[4]') AS width_above,
                    ifnull(json_extract(it.value, '$[11]'), json_extract(it.value, '$[5]') / 4096.0) AS score,
                    json_extract(it.value, '$[6]') AS flags, json_extract(it.value, '$[7]') AS told_prediction,
                    json_extract(it.value, '$[8]') AS told_lower, json_extract(it.value, '$[9]') AS told_upper
                FROM hot, json_each(hot.points) AS it
        """

    private static func hot(_ end: String, _ sign: String, _ width: String) -> String {
        "ifnull(told_\(end), point.value - point.residual \(sign) \(width) * step)"
    }

    /// The columns of the view, of one of the two tables each: joined with the view `point`, SQLite would go through all
    /// points of all streams to find those of one.
    private static func recent(prediction: String, lower: String, upper: String) -> String {
        """
        stream.name AS stream, point.channel AS channel,
                strftime('%Y-%m-%dT%H:%M:%S', (point.time - (point.time % 1000000 + 1000000) % 1000000) / 1000000,
                    'unixepoch')
                    || printf('.%06dZ', (point.time % 1000000 + 1000000) % 1000000) AS time, -- UTC, RFC 3339
                point.time AS time_us,                                                   -- microseconds since 1970
                point.sequence AS sequence,                                              -- 0 for a late point
                point.value AS value, \(prediction) AS prediction,
                \(lower) AS lower,
                \(upper) AS upper,
                point.residual AS residual, point.score AS score, (point.flags & 4) <> 0 AS anomaly,
                point.value IS NULL AS missing,
                hindsight.score AS hindsight,    -- score that anomalyctl rescore gave; NULL: none
                (point.flags & 128) <> 0 AS late -- came after later points and was kept, unscored
        """
    }

    private static let hindsightOfPoint = """
        LEFT JOIN hindsight ON hindsight.stream_id = point.stream_id AND hindsight.time = point.time
                AND hindsight.channel = point.channel
        """
}
