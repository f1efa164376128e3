/// What is stored of events, and of what anomalies are.
extension StoreSchema {
    static let events = """
        CREATE TABLE event (
            -- What befell a stream between two points. Restoring a stream repeats it in its place.
            stream_id INTEGER NOT NULL REFERENCES stream (id),
            sequence INTEGER NOT NULL, -- of the last point before it
            kind TEXT NOT NULL,        -- 'silence': no point came for longer than the stream had ever been silent
            time INTEGER NOT NULL,     -- from which it was one, microseconds since 1970-01-01 UTC
            PRIMARY KEY (stream_id, sequence, kind)
        ) WITHOUT ROWID;

        ALTER TABLE anomaly ADD COLUMN
            kind /* what speaks for it at its peak: a 'spike', the 'season' or 'range' that it is out of, a level
                'shift', another 'variance', a 'flat' line, a 'gap' or a 'drift' */ TEXT;
        ALTER TABLE anomaly ADD COLUMN
            attribution /* share of each channel in it, as JSON: [0.9,0.1]; NULL if there is one channel */ TEXT;
        """
}
