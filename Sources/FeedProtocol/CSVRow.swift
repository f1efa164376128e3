/// One row of CSV, split into fields as RFC 4180 says, except that a field cannot hold a line break.
///
/// Make one and use it for all rows: it keeps its memory. Blanks around a field are dropped, those within quotes kept.
public struct CSVRow: Sendable {
    private var bytes: [UInt8] = []
    private var fields: [Range<Int>] = []

    public init() {}

    /// How many fields the row has; a split row has at least one.
    public var count: Int { fields.count }

    /// Replaces the row by another one.
    ///
    /// - parameter line: without its line end.
    /// - throws: `FeedLineError` with the reason `fields` where quotes do not match. The row is empty then.
    public mutating func split(_ line: UnsafeRawBufferPointer) throws(FeedLineError) {
        fields.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
        bytes.append(contentsOf: line)
        do throws(FeedLineError) {
            var position = 0
            while true {
                position = try appendField(at: position)
                if position == bytes.count { return }
                position += 1
            }
        } catch {
            fields.removeAll(keepingCapacity: true)
            throw error
        }
    }

    /// Calls `body` with the bytes of a field, without quotes, which are valid during the call.
    public func withField<Result, Failure: Error>(
        _ index: Int, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let field = fields[index]
        return try bytes.withUnsafeBufferPointer { bytes throws(Failure) in
            try body(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[field])))
        }
    }

    /// A field as text; what is not UTF-8 in it becomes U+FFFD.
    public func string(_ index: Int) -> String {
        String(decoding: bytes[fields[index]], as: UTF8.self)
    }

    /// Reads a field and returns where it ends: at a comma or at the end of the row.
    private mutating func appendField(at start: Int) throws(FeedLineError) -> Int {
        var position = skipBlanks(from: start)
        if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
            return try appendQuotedField(at: position + 1)
        }
        let first = position
        while position < bytes.count, bytes[position] != UInt8(ascii: ",") { position += 1 }
        var last = position
        while last > first, ByteCursor.isBlank(bytes[last - 1]) { last -= 1 }
        fields.append(first..<last)
        return position
    }

    /// The same for a quoted field, from behind its opening quote. Doubled quotes are made single in place, which only
    /// moves bytes towards the front.
    private mutating func appendQuotedField(at start: Int) throws(FeedLineError) -> Int {
        let quote = UInt8(ascii: "\"")
        var position = start
        var end = start
        while position < bytes.count {
            if bytes[position] == quote {
                position += 1
                if position == bytes.count || bytes[position] != quote {
                    fields.append(start..<end)
                    position = skipBlanks(from: position)
                    guard position == bytes.count || bytes[position] == UInt8(ascii: ",") else {
                        throw FeedLineError(.fields, "expected a comma after a closing quote")
                    }
                    return position
                }
            }
            bytes[end] = bytes[position]
            position += 1
            end += 1
        }
        throw FeedLineError(.fields, "expected a closing quote in the same line")
    }

    private func skipBlanks(from start: Int) -> Int {
        var position = start
        while position < bytes.count, ByteCursor.isBlank(bytes[position]) { position += 1 }
        return position
    }
}
