/// Which column of a CSV file is what.
public struct CSVLayout: Sendable, Equatable {
    /// Number of columns, which every row must have.
    public let columns: Int
    /// Index of the time.
    public let time: Int
    /// Indices of the values, in the order of the channels; at least one.
    public let values: [Int]
    /// Index of the label, which is not for the detector's eyes.
    public let label: Int?
    /// Names of the values, in the same order; `value`, `value2`, … without a header.
    public let names: [String]
    /// Whether the row that the layout was found in is a header, and no data.
    public let hasHeader: Bool

    /// Finds the layout in the first row of a file. The row is data where its first field is a time, else a header.
    ///
    /// A header names one column `timestamp` or `time`, in any case, and may name one `label` or `is_anomaly`; all
    /// others are values.
    /// Without a header the first column is the time and the others are values.
    ///
    /// - throws: `FeedLineError` with the reason `header`.
    public init(firstRow row: CSVRow) throws(FeedLineError) {
        columns = row.count
        hasHeader = row.count == 0 || !row.withField(0) { (try? FeedTime.parse($0)) != nil }
        var times: [Int] = []
        var labels: [Int] = []
        var values: [Int] = []
        var names: [String] = []
        for index in 0..<row.count {
            let name = hasHeader ? row.string(index) : index == 0 ? "timestamp" : index == 1 ? "value" : "value\(index)"
            switch name.lowercased() {
            case "timestamp", "time": times.append(index)
            case "label", "is_anomaly": labels.append(index)
            default:
                values.append(index)
                names.append(name)
            }
        }
        guard times.count == 1, labels.count <= 1, !values.isEmpty else {
            throw FeedLineError(.header, "expected a header timestamp,value[,value2…][,label]")
        }
        time = times[0]
        label = labels.first
        self.values = values
        self.names = names
    }

    /// Reads time and values of a row of data.
    ///
    /// - parameter values: replaced by the row's values, NaN for missing ones.
    /// - returns: microseconds since 1970, or nil for the time of arrival.
    /// - throws: `FeedLineError` with the reason `fields`, `timestamp` or `value`; `values` means nothing then.
    public func read(_ row: CSVRow, values channels: inout [Double]) throws(FeedLineError) -> Int64? {
        guard row.count == columns else {
            throw FeedLineError(.fields, "expected \(columns) columns as in the first line, found \(row.count)")
        }
        let time = try row.withField(time, FeedTime.parse)
        channels.removeAll(keepingCapacity: true)
        for column in values {
            channels.append(try row.withField(column, FeedValue.parse))
        }
        return time
    }
}
