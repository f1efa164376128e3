import FeedProtocol

/// A whole CSV file with the header `timestamp,value[,value2…][,label]`, in memory.
///
/// Columns, times and values are read by the code that reads the daemon's CSV feed, so both take the same files; but
/// where the feed counts a bad line and goes on, a file with one is refused. Blank lines and lines that begin with `#`
/// are no rows.
package struct SeriesFile: Sendable {
    /// As it was given.
    package let path: String
    /// Names of the channels, at least one, in the order of the columns.
    package let names: [String]
    /// Microseconds since 1970 of each row, in the order of the file, which need not be that of time.
    package private(set) var times: [Int64] = []
    /// (rows, channels), row after row; finite, never −0.0, NaN where missing.
    package private(set) var values: [Double] = []
    /// Whether each row is labelled as anomalous; nil without a column of labels.
    package private(set) var labels: [Bool]?
    /// The timestamps of all rows, one behind the other, and where each ends.
    private var timeTexts: [UInt8] = []
    private var timeTextEnds: [Int] = []

    package var rows: Int { times.count }
    package var channels: Int { names.count }

    /// A row's timestamp as it stands in the file, without blanks and quotes around it.
    package func timeText(ofRow row: Int) -> ArraySlice<UInt8> {
        timeTexts[(row == 0 ? 0 : timeTextEnds[row - 1])..<timeTextEnds[row]]
    }

    /// The values of one channel (rows).
    package func values(ofChannel channel: Int) -> [Double] {
        stride(from: channel, to: values.count, by: channels).map { values[$0] }
    }

    /// Reads a file, or whatever else can be opened and has an end.
    ///
    /// - Throws: `Failure` that names the file, and the line and what was expected in it.
    package init(path: String) throws(Failure) {
        try self.init(FileBytes.read(path), path: path)
    }

    /// Reads the bytes of a file.
    ///
    /// - Parameter path: how errors name it.
    /// - Throws: as `init(path:)`.
    package init(_ bytes: [UInt8], path: String) throws(Failure) {
        var lines = FileLines(bytes)
        var row = CSVRow()
        let layout: CSVLayout
        do throws(FeedLineError) {
            layout = try Self.layout(in: &lines, row: &row)
        } catch {
            throw lines.failure(path, error)
        }
        self.path = path
        names = layout.names
        labels = layout.label == nil ? nil : []
        let expectedRows = bytes.count / 24
        times.reserveCapacity(expectedRows)
        values.reserveCapacity(expectedRows * names.count)
        var channels: [Double] = []
        while let line = lines.next() {
            do throws(FeedLineError) {
                try bytes.withUnsafeBufferPointer { bytes throws(FeedLineError) in
                    try row.split(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[line])))
                }
                try append(row, layout: layout, channels: &channels)
            } catch {
                throw lines.failure(path, error)
            }
        }
    }

    private static func layout(in lines: inout FileLines, row: inout CSVRow) throws(FeedLineError) -> CSVLayout {
        guard let line = lines.next() else { throw .noHeader }
        try lines.bytes.withUnsafeBufferPointer { bytes throws(FeedLineError) in
            try row.split(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[line])))
        }
        let layout = try CSVLayout(firstRow: row)
        guard layout.hasHeader else { throw .noHeader }
        return layout
    }

    private mutating func append(
        _ row: CSVRow, layout: CSVLayout, channels: inout [Double]
    ) throws(FeedLineError) {
        guard let time = try layout.read(row, values: &channels) else {
            throw FeedLineError(.timestamp, "expected a time of its own, as a file has no time of arrival")
        }
        if let column = layout.label { labels?.append(try row.withField(column, Self.label)) }
        times.append(time)
        values.append(contentsOf: channels)
        row.withField(layout.time) { timeTexts.append(contentsOf: $0) }
        timeTextEnds.append(timeTexts.count)
    }

    /// A label: a number, of which 0 and a missing one are ordinary, or `true` or `false` in any case.
    private static func label(_ field: UnsafeRawBufferPointer) throws(FeedLineError) -> Bool {
        if let number = try? FeedValue.parse(field) { return !number.isNaN && number != 0 }
        switch String(decoding: field, as: UTF8.self).lowercased() {
        case "true": return true
        case "false": return false
        default: throw FeedLineError(.value, "expected 0, 1, true or false as label")
        }
    }
}

extension FeedLineError {
    fileprivate static var noHeader: FeedLineError {
        FeedLineError(.header, "expected a header timestamp,value[,value2…][,label]")
    }
}

/// The lines of a file that are rows or its header, and where they lie.
private struct FileLines {
    let bytes: [UInt8]
    /// Number of the line that `next` returned last, and its bytes.
    private var number = 0
    private var current = 0..<0
    private var position: Int

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    /// The next line without its end; nil after the last.
    mutating func next() -> Range<Int>? {
        bytes.withUnsafeBufferPointer { bytes in
            while position < bytes.count {
                var end = position
                while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
                var line = position..<end
                position = end + 1
                number += 1
                if let last = line.last, bytes[last] == UInt8(ascii: "\r") { line = line.lowerBound..<last }
                guard
                    let first = line.first(where: { bytes[$0] != UInt8(ascii: " ") && bytes[$0] != UInt8(ascii: "\t") }
                    ),
                    bytes[first] != UInt8(ascii: "#")
                else { continue }
                current = line
                return line
            }
            return nil
        }
    }

    /// What `error` means of the current line.
    func failure(_ path: String, _ error: FeedLineError) -> Failure {
        guard number > 0 else { return Failure(.failure, "cannot read \(path): it is empty; \(error.message)") }
        let excerpt = bytes.withUnsafeBytes { bytes in
            FeedExcerpt.printable(UnsafeRawBufferPointer(rebasing: bytes[current.prefix(FeedDecoder.excerptLength)]))
        }
        return Failure(.failure, "cannot read \(path), line \(number): \(error.message), found \"\(excerpt)\"")
    }
}
