/// How the table is laid out.
enum Layout: String, CaseIterable {
    /// Rows in the order in which they come: the least work that SQLite can have with them.
    case rowid
    /// Clustered by stream, channel and time, as the daemon's was once; each batch is sorted before.
    case clustered

    var createTable: String {
        """
        CREATE TABLE point (
            stream_id INTEGER NOT NULL, time INTEGER NOT NULL, channel INTEGER NOT NULL, sequence INTEGER NOT NULL,
            value REAL, prediction REAL, lower REAL, upper REAL, residual REAL, score REAL, flags INTEGER NOT NULL
            \(self == .clustered ? ", PRIMARY KEY (stream_id, time, channel)) WITHOUT ROWID" : ")")
        """
    }
}
