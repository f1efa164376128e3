/// The tables of what `anomalyctl rescore` finds when it reads stored points again.
extension StoreSchema {
    // A table of its own rather than columns of `point`: those rows are the daemon's, are written once and are what
    // replay after a crash reads.
    static let hindsight = """
        CREATE TABLE hindsight_run (
            -- One reading of a range of one stream in hindsight.
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            stream_id INTEGER NOT NULL REFERENCES stream (id),
            made INTEGER NOT NULL,       -- when it was stored, microseconds since 1970-01-01 UTC, as the other times
            first_time INTEGER NOT NULL, -- of the range that was read
            last_time INTEGER NOT NULL,
            points INTEGER NOT NULL,     -- stored; a later run may have replaced some of them since
            anomalies INTEGER NOT NULL,  -- of these, flagged ones
            threshold REAL NOT NULL,     -- score from which a point was flagged
            model TEXT NOT NULL          -- what the points were predicted with
        );

        CREATE TABLE hindsight (
            -- One row for each channel of each point that was read again, by a model that saw what came before and what
            -- came after it, but not the point itself. NULL: missing value, or nothing predicted.
            stream_id INTEGER NOT NULL REFERENCES stream (id),
            time INTEGER NOT NULL,    -- of the point, in microseconds since 1970-01-01 UTC
            channel INTEGER NOT NULL, -- 0 for the first value of a point
            prediction REAL,          -- made from the points before and after
            lower REAL,               -- band in which the value was expected
            upper REAL,
            residual REAL,            -- value - prediction
            score REAL,               -- of the whole point, on the scale of point.score
            anomaly INTEGER NOT NULL, -- of the whole point: 1 if it was flagged, else 0
            run_id INTEGER NOT NULL REFERENCES hindsight_run (id),
            PRIMARY KEY (stream_id, time, channel)
        ) WITHOUT ROWID;

        DROP VIEW recent_point;
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
                point.value IS NULL AS missing,
                hindsight.score AS hindsight -- score that anomalyctl rescore gave; NULL: none
            FROM point JOIN stream ON stream.id = point.stream_id
            LEFT JOIN hindsight ON hindsight.stream_id = point.stream_id AND hindsight.time = point.time
                AND hindsight.channel = point.channel;
        """
}
