/// Compares what two daemons have stored, to the last bit of each number. Ids and times of creation may differ.
enum StoreComparison {
    private static let stream = "SELECT name, channels FROM %.stream"
    /// Of all tables that hold points: when they are sealed depends on the commits.
    private static let point = """
        SELECT stream, t, channel, sequence, value, prediction, lower, upper, residual, score, flags
        FROM points WHERE schema = '%'
        """
    private static let anomaly = """
        SELECT name, start_sequence, start_time, end_time, peak_time, peak_score, peak_channel, peak_value,
            peak_prediction, points, open, kind, attribution
        FROM %.anomaly AS a JOIN %.stream AS s ON s.id = a.stream_id
        """
    private static let event = "SELECT name, sequence, kind, time FROM %.event JOIN %.stream ON id = stream_id"
    /// The newest one of each stream. The state is all that a model is; as a blob it is compared byte by byte.
    private static let checkpoint = """
        SELECT name, max(sequence) AS sequence, format, state FROM %.checkpoint JOIN %.stream ON id = stream_id
        GROUP BY stream_id
        """

    /// Rows of either database that the other one does not have: the first ones of each table, empty if there are
    /// none. Checkpoints are compared as well, so both daemons must have been stopped in the usual way.
    static func differences(_ one: String, _ other: String) throws -> [String] {
        let library = try Programs.path("points.so")
        return try [stream, point, anomaly, event, checkpoint].flatMap { rows in
            let mine = rows.replacing("%", with: "main")
            let theirs = rows.replacing("%", with: "other")
            let columns = rows.contains("state") ? "name, sequence, 'state differs'" : "*"
            return try SQLiteShell.run(
                """
                ATTACH '\(other)' AS other;
                SELECT * FROM (SELECT 'only one', \(columns) FROM (\(mine) EXCEPT \(theirs)) LIMIT 3);
                SELECT * FROM (SELECT 'only other', \(columns) FROM (\(theirs) EXCEPT \(mine)) LIMIT 3);
                SELECT 'rows differ', mine, theirs
                FROM (SELECT (SELECT count(*) FROM (\(mine))) AS mine, (SELECT count(*) FROM (\(theirs))) AS theirs)
                WHERE mine <> theirs;
                """, on: one, loading: library)
        }
    }
}
