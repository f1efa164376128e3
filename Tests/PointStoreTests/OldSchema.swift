/// Schemas of published versions, as their programs wrote them: never to be edited.
enum OldSchema {
    /// Version 0.1.0: migration 1-points, with GRDB's table of migrations and the marks of the file.
    static let version1 = """
        PRAGMA page_size = 4096;
        PRAGMA auto_vacuum = INCREMENTAL;
        PRAGMA application_id = 1634627437;
        PRAGMA journal_mode = WAL;
        CREATE TABLE IF NOT EXISTS grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
        INSERT INTO grdb_migrations VALUES ('1-points');

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

    /// What the next version added to it: migration 2-hindsight.
    static let version2 = """
        INSERT INTO grdb_migrations VALUES ('2-hindsight');

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
