/// What is stored of alerts: who has been told of which anomaly.
extension StoreSchema {
    // No index on names: an index of names and numbers would look like that of streams to whoever salvages a damaged file.
    static let alerts = """
        CREATE TABLE alert (
            -- What a sink ([[sink]] in the configuration, or the journal) has been told of an anomaly.
            sink TEXT NOT NULL,
            stream_id INTEGER NOT NULL REFERENCES stream (id),
            start_sequence INTEGER NOT NULL, -- as that of the anomaly
            anomaly_id INTEGER NOT NULL,     -- the anomaly; 0: it was told from a database that is no more
            state TEXT NOT NULL,             -- 'sending': perhaps told; 'firing'; 'resolved': told that it is over, or needs
                                             -- not to be; 'done': never told, and needs not to be
            since INTEGER NOT NULL,          -- when it was told first, microseconds since 1970-01-01 UTC
            told INTEGER NOT NULL,           -- and when last
            score REAL,                      -- of its peak, as told last
            deviation REAL,                  -- of its peak from the prediction, as told last
            acknowledged INTEGER NOT NULL,   -- 1: told that somebody has seen it
            listed INTEGER NOT NULL,         -- 1: told of by name; 0: only counted, among too many
            PRIMARY KEY (sink, stream_id, start_sequence)
        ) WITHOUT ROWID;

        CREATE TABLE alert_sink (
            -- How far each sink has come.
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            through INTEGER NOT NULL -- of anomalies up to this number, it is to be told only of those that are open, or that
                                     -- it knows as firing
        );
        """
}
