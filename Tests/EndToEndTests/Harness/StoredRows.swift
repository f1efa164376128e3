/// Rows of all tables that hold points, for counting without looking into them.
enum StoredRows {
    /// A sub-query with the columns stream_id, channel, sequence (of the last point of the row) and count.
    static let all = """
        (SELECT stream_id, channel, first_sequence + count - 1 AS sequence, count FROM hot
        UNION ALL SELECT stream_id, channel, first_sequence + count - 1, count FROM chunk
        UNION ALL SELECT stream_id, channel, sequence, 1 FROM point_row)
        """
}
