/// Rows of CSV that belong to one stream. The first row that can be one says which column is what.
struct CSVDecoder: LineDecoder {
    private let stream: [UInt8]
    /// Why `stream` is no name, said of every row: whoever starts the decoder has checked it before.
    private let streamError: FeedLineError?
    private var layout: CSVLayout?
    /// The row that the layout was found in; empty if none has been yet.
    private(set) var firstRow: [UInt8] = []
    private var row = CSVRow()
    private var values: [Double] = []

    init(stream: [UInt8]?) {
        self.stream = stream ?? []
        do throws(FeedLineError) {
            try self.stream.withUnsafeBufferPointer { name throws(FeedLineError) in
                try StreamName.check(UnsafeRawBufferPointer(name))
            }
            streamError = nil
        } catch {
            streamError = stream == nil ? FeedLineError(.name, "expected --stream NAME with the format csv") : error
        }
    }

    /// Goes on behind a first row that another decoder has read. Without effect if that is empty or no such row.
    mutating func goOn(after row: [UInt8]) {
        guard !row.isEmpty, (try? row.withUnsafeBytes({ try self.row.split($0) })) != nil,
            let layout = try? CSVLayout(firstRow: self.row)
        else { return }
        (self.layout, firstRow) = (layout, row)
    }

    mutating func decode(
        _ line: UnsafeRawBufferPointer, into sink: inout some FeedSink
    ) throws(FeedLineError) {
        if let streamError { throw streamError }
        try row.split(line)
        let layout: CSVLayout
        if let known = self.layout {
            layout = known
        } else {
            layout = try CSVLayout(firstRow: row)
            // A first row of data that is wrong in itself still says how many columns there are.
            self.layout = layout
            firstRow = Array(line)
            if layout.hasHeader { return }
        }
        let time = try layout.read(row, values: &values)
        try stream.withUnsafeBufferPointer { name throws(FeedLineError) in
            try values.withUnsafeBufferPointer { values throws(FeedLineError) in
                try sink.point(name: UnsafeRawBufferPointer(name), values: values, time: time)
            }
        }
    }
}
