/// What is stored of what people say.
extension StoreSchema {
    static let feedback = """
        CREATE TABLE feedback (
            -- What somebody has said of a stream, or of one of its anomalies. Restoring a stream repeats it in its place.
            id INTEGER PRIMARY KEY,
            stream_id INTEGER NOT NULL REFERENCES stream (id),
            sequence INTEGER NOT NULL,  -- of the stream's last point before it
            silent INTEGER NOT NULL,    -- 1: the stream was silent then
            time INTEGER NOT NULL,      -- when it was said, microseconds since 1970-01-01 UTC
            action TEXT NOT NULL,       -- 'false-positive' or 'true': the anomaly was none, or was one; 'ack': somebody has
                                        -- seen it; 'freeze' or 'thaw': the stream's network does not learn, or learns again
            anomaly_id INTEGER,         -- the anomaly; NULL: it is about the stream
            start_sequence INTEGER,     -- as that of the anomaly
            kind TEXT,                  -- as that of the anomaly
            score REAL,                 -- its peak's
            channel INTEGER,            -- that stood out most at its peak
            shape TEXT,                 -- residuals of that channel up to the peak, as JSON
            message TEXT NOT NULL,      -- words of whoever said it
            uid INTEGER                 -- who that was; NULL: not known
        );
        CREATE INDEX feedback_by_stream ON feedback (stream_id, sequence);
        """
}
