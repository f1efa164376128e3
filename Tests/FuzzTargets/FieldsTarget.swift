import FeedProtocol

extension FuzzTarget {
    /// One field: as a VALUE, a TIMESTAMP, a NAME and a row of CSV.
    static let fields = FuzzTarget(name: "fields", longest: 512) { bytes in
        try checkValue(bytes)
        try checkTime(bytes)
        try checkName(bytes)
        try checkRow(bytes)
    }

    /// The C library reads the same number.
    private static func checkValue(_ bytes: [UInt8]) throws(FuzzFinding) {
        guard let value = bytes.withUnsafeBytes({ try? FeedValue.parse($0) }), !value.isNaN else { return }
        let reference = Double(String(decoding: bytes, as: UTF8.self))
        try expect(reference == value, "\(bytes) is \(reference?.description ?? "no number"); read as \(value)")
        try expect(
            value.isFinite && value.bitPattern != (-0.0).bitPattern, "a VALUE is finite and never −0.0: \(value)")
    }

    /// A time is the same after it was written.
    private static func checkTime(_ bytes: [UInt8]) throws(FuzzFinding) {
        guard let time = bytes.withUnsafeBytes({ try? FeedTime.parse($0) }) else { return }
        try expect(FeedTime.range.contains(time), "times are within FeedTime.range; found \(time)")
        let again = Array(RFC3339.string(time).utf8).withUnsafeBytes { try? FeedTime.parse($0) }
        try expect(again == time, "\(RFC3339.string(time)) is \(time); read as \(String(describing: again))")
    }

    /// What is a NAME by itself is one in a line, and the other way round.
    private static func checkName(_ bytes: [UInt8]) throws(FuzzFinding) {
        let isName = bytes.withUnsafeBytes { (try? StreamName.check($0)) != nil }
        var decoder = FeedDecoder(format: .plain)
        var sink = CheckingSink()
        // Not in the first line, where a byte order mark would be skipped.
        (Array("\n".utf8) + bytes + Array(" 1\n".utf8)).withUnsafeBytes { decoder.consume($0, into: &sink) }
        let isRead = sink.calls == [.point(name: bytes, values: [(1.0).bitPattern], time: nil)]
        try expect(isName == isRead, "\(bytes) is \(isName ? "a" : "no") NAME, and the line gives \(sink.calls)")
    }

    /// Fields in quotes are the same fields.
    private static func checkRow(_ bytes: [UInt8]) throws(FuzzFinding) {
        var row = CSVRow()
        guard bytes.withUnsafeBytes({ try? row.split($0) }) != nil else {
            return try expect(row.count == 0, "a row that was refused is empty; it has \(row.count) fields")
        }
        let fields = (0..<row.count).map { row.withField($0) { Array($0) } }
        let quote = UInt8(ascii: "\"")
        let quoted = fields.map { field in [quote] + field.flatMap { $0 == quote ? [quote, quote] : [$0] } + [quote] }
        let line = Array(quoted.joined(separator: [UInt8(ascii: ",")]))
        var again = CSVRow()
        try expect(line.withUnsafeBytes { try? again.split($0) } != nil, "fields in quotes are a row: \(line)")
        let read = (0..<again.count).map { again.withField($0) { Array($0) } }
        try expect(read == fields, "fields in quotes are the same: \(fields); read as \(read)")
    }
}
