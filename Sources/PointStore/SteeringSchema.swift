/// What is stored of people who do more to a stream than to say what its anomalies were.
extension StoreSchema {
    static let steering = """
        CREATE TABLE snapshot (
            -- States of streams' detectors that somebody has kept, to go back to; the oldest go. The checksum is as that of
            -- a checkpoint.
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            stream_id INTEGER NOT NULL REFERENCES stream (id),
            sequence INTEGER NOT NULL, -- of the last point that the state has seen
            time INTEGER NOT NULL,     -- when it was kept, microseconds since 1970-01-01 UTC
            format INTEGER NOT NULL,   -- version of the layout of state
            checksum INTEGER NOT NULL,
            message TEXT NOT NULL,     -- words of whoever kept it
            uid INTEGER,               -- who that was; NULL: not known
            state BLOB NOT NULL
        );
        CREATE INDEX snapshot_by_stream ON snapshot (stream_id, id);

        -- More actions: 'reset': the model begins anew; 'snapshot': its state was kept; 'rollback': it goes on from a
        -- snapshot; 'exclude' or 'include': a range of time is not learned from and raises no alarm, or is again and does;
        -- 'mute' or 'unmute': anomalies are not told of, or are again; 'rule': another rule holds for what is an anomaly.
        ALTER TABLE feedback ADD COLUMN
            snapshot_id /* of 'rollback' */ INTEGER;
        ALTER TABLE feedback ADD COLUMN
            since /* of 'exclude' and 'include': first time of the range, microseconds since 1970-01-01 UTC */ INTEGER;
        ALTER TABLE feedback ADD COLUMN
            until /* of these and 'mute': the first time behind it */ INTEGER;
        ALTER TABLE feedback ADD COLUMN
            rule /* of 'rule': such as direction = "above"; without a value, the configuration's holds again */ TEXT;
        """
}
