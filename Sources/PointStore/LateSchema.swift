/// What is stored of points that come out of order.
extension StoreSchema {
    // In `point`, a late point that was kept has the sequence 0, since no detector has seen it: replay passes it over.
    static let late = """
        ALTER TABLE stream ADD COLUMN
            late /* points kept that came too late to be scored; their sequence is 0 */ INTEGER NOT NULL DEFAULT 0;

        CREATE TABLE pending (
            -- Points that wait until a later one has come (feed.late = "reorder"), to be scored in the order of time: one
            -- row for each channel, as in point, where they go then. NULL: missing value.
            stream_id INTEGER NOT NULL REFERENCES stream (id),
            time INTEGER NOT NULL,    -- microseconds since 1970-01-01 UTC
            channel INTEGER NOT NULL, -- 0 for the first value of a point
            value REAL,
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
                point.sequence AS sequence,                                              -- 0 for a late point
                point.value AS value,
                point.prediction AS prediction,
                point.lower AS lower,
                point.upper AS upper,
                point.residual AS residual,
                point.score AS score,
                (point.flags & 4) <> 0 AS anomaly,
                point.value IS NULL AS missing,
                hindsight.score AS hindsight,    -- score that anomalyctl rescore gave; NULL: none
                (point.flags & 128) <> 0 AS late -- came after later points and was kept, unscored
            FROM point JOIN stream ON stream.id = point.stream_id
            LEFT JOIN hindsight ON hindsight.stream_id = point.stream_id AND hindsight.time = point.time
                AND hindsight.channel = point.channel;
        """
}
