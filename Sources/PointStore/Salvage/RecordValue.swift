/// A value in a record: https://www.sqlite.org/fileformat2.html#record_format
enum RecordValue: Equatable {
    case null
    case integer(Int64)
    case real(Double)
    case text([UInt8])
    case blob([UInt8])

    /// The values of a record; nil if the bytes are none.
    ///
    /// - parameter most: columns that a record may have.
    static func decode(_ payload: [UInt8], most: Int = 32) -> [RecordValue]? {
        var offset = 0
        guard let headerSize = varint(payload, &offset), headerSize >= offset, headerSize <= payload.count
        else { return nil }
        var body = Int(headerSize)
        let end = body
        var values: [RecordValue] = []
        values.reserveCapacity(12)
        while offset < end {
            guard values.count < most, let type = varint(payload, &offset), offset <= end,
                let value = value(type, payload, &body)
            else { return nil }
            values.append(value)
        }
        return body == payload.count ? values : nil
    }

    /// The value of a serial type, whose bytes begin at `offset`.
    private static func value(_ type: Int64, _ bytes: [UInt8], _ offset: inout Int) -> RecordValue? {
        func take(_ count: Int) -> ArraySlice<UInt8>? {
            guard count <= bytes.count - offset else { return nil }
            defer { offset += count }
            return bytes[offset..<offset + count]
        }
        /// Two's complement, highest byte first.
        func integer(_ count: Int) -> Int64? {
            take(count).map { field in
                let start: Int64 = (field.first ?? 0) & 0x80 == 0 ? 0 : -1
                return field.reduce(start) { $0 << 8 | Int64($1) }
            }
        }
        switch type {
        case 0: return .null
        case 1...4: return integer(Int(type)).map { .integer($0) }
        case 5: return integer(6).map { .integer($0) }
        case 6: return integer(8).map { .integer($0) }
        case 7: return integer(8).map { .real(Double(bitPattern: UInt64(bitPattern: $0))) }
        case 8, 9: return .integer(type - 8)
        case 12...:
            guard let length = Int(exactly: (type - 12) / 2), length <= bytes.count else { return nil }
            return take(length).map { type % 2 == 0 ? .blob(Array($0)) : .text(Array($0)) }
        default: return nil
        }
    }

    /// A number of one to nine bytes; nil if it is cut off.
    static func varint(_ bytes: [UInt8], _ offset: inout Int) -> Int64? {
        var value: UInt64 = 0
        for index in 0..<9 {
            guard offset < bytes.count else { return nil }
            let byte = bytes[offset]
            offset += 1
            if index == 8 { return Int64(bitPattern: value << 8 | UInt64(byte)) }
            value = value << 7 | UInt64(byte & 0x7f)
            if byte & 0x80 == 0 { break }
        }
        return Int64(bitPattern: value)
    }
}
