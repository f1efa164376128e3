/// JSON, one object a line: ours, `{"stream": NAME, "time": TIMESTAMP, "value": VALUE}` or with `"values": [VALUE…]`,
/// or telegraf's, `{"name": …, "tags": {…}, "fields": {…}, "timestamp": …}`.
///
/// What is called otherwise is ignored, so that what `anomalyctl query -o json` prints can be read again. A number, or
/// `true` for 1 and `false` for 0, is a VALUE, and `null` a missing one. A TIMESTAMP is a number in the unit of
/// `FeedOptions.timeUnit`, by default seconds, or a string in ISO 8601; without one, or as `null`, it is the time of
/// arrival.
struct JSONLineDecoder: LineDecoder {
    /// The members that mean something; nil while they have not come.
    private struct Members {
        var stream, time, value, values: JSONCursor.Value?
        var name, tags, fields, timestamp: JSONCursor.Value?
    }

    private let options: FeedOptions
    private var set = FieldSet(escapes: .json)
    private var names = NameBuffer()
    private var values = ValueList()

    init(options: FeedOptions) { self.options = options }

    mutating func decode(
        _ line: UnsafeRawBufferPointer, into sink: inout some FeedSink
    ) throws(FeedLineError) {
        guard let text = ByteCursor(line) else { return }
        guard ByteScan.isASCII(from: text.position, to: text.end) || TextCheck.isUTF8(line) else { throw .invalidUTF8 }
        let members = try Self.read(text)
        if let stream = members.stream {
            try decode(stream, members, text, into: &sink)
        } else if let name = members.name, let fields = members.fields {
            try decode(name, fields, members, text, into: &sink)
        } else {
            throw FeedLineError(
                .fields, "expected \"stream\" and \"value\" or \"values\", or telegraf's \"name\" and \"fields\"")
        }
    }

    /// Finds the members, and whether all of the line is JSON.
    @inline(__always)
    private static func read(_ text: ByteCursor) throws(FeedLineError) -> Members {
        let line = text.position
        var json = JSONCursor(text, of: line)
        var members = Members()
        guard json.take(UInt8(ascii: "{")) else { throw JSONCursor.malformed }
        if !json.take(UInt8(ascii: "}")) {
            repeat {
                let key = try json.key()
                let value = try json.value()
                try note(value, as: key, of: line, in: &members)
            } while json.take(UInt8(ascii: ","))
            guard json.take(UInt8(ascii: "}")) else { throw JSONCursor.malformed }
        }
        guard json.isAtEnd else { throw JSONCursor.malformed }
        return members
    }

    @inline(__always)
    private static func note(
        _ value: JSONCursor.Value, as key: TextPiece, of line: UnsafeRawPointer, in members: inout Members
    ) throws(FeedLineError) {
        switch key.count {
        case 4:
            if key.equals("time", in: line) { return try set(&members.time, value) }
            if key.equals("name", in: line) { return try set(&members.name, value) }
            if key.equals("tags", in: line) { return try set(&members.tags, value) }
        case 5: if key.equals("value", in: line) { return try set(&members.value, value) }
        case 6:
            if key.equals("stream", in: line) { return try set(&members.stream, value) }
            if key.equals("values", in: line) { return try set(&members.values, value) }
            if key.equals("fields", in: line) { return try set(&members.fields, value) }
        case 9: if key.equals("timestamp", in: line) { return try set(&members.timestamp, value) }
        default: break
        }
    }

    @inline(__always)
    private static func set(_ member: inout JSONCursor.Value?, _ value: JSONCursor.Value) throws(FeedLineError) {
        guard member == nil else { throw FeedLineError(.fields, "expected each member of the object once") }
        member = value
    }

    // MARK: Ours

    private mutating func decode(
        _ stream: JSONCursor.Value, _ members: Members, _ text: ByteCursor, into sink: inout some FeedSink
    ) throws(FeedLineError) {
        let line = text.position
        guard case .string(let name) = stream.kind else {
            throw FeedLineError(.name, "expected a string as \"stream\"")
        }
        names.removeAll()
        names.append(name, in: line, as: .whole, .json)
        // It is not told apart in parts, so it is checked as a whole.
        try names.endName()
        try names.withName(0) { name throws(FeedLineError) in try StreamName.check(name) }

        guard let value = members.value ?? members.values, members.value == nil || members.values == nil else {
            throw FeedLineError(.fields, "expected \"value\" or \"values\"")
        }
        values.removeAll()
        if case .array = value.kind {
            try readArray(at: value.start, text)
        } else if members.values != nil {
            throw FeedLineError(.value, "expected an array as \"values\"")
        } else {
            values.append(try Self.number(value, text))
        }
        let time = try members.time.flatMap { value throws(FeedLineError) in try self.time(value, text) }
        try names.withName(0) { name throws(FeedLineError) in
            try values.withValues { values throws(FeedLineError) in
                try sink.point(name: name, values: values, time: time)
            }
        }
    }

    private mutating func readArray(at start: Int, _ text: ByteCursor) throws(FeedLineError) {
        var json = JSONCursor(ByteCursor(position: text.position + start, end: text.end), of: text.position)
        guard json.take(UInt8(ascii: "[")), !json.take(UInt8(ascii: "]")) else {
            throw FeedLineError(.value, "expected at least one value")
        }
        repeat { values.append(try Self.number(try json.value(), text)) } while json.take(UInt8(ascii: ","))
    }

    private static func number(_ value: JSONCursor.Value, _ text: ByteCursor) throws(FeedLineError) -> Double {
        switch value.kind {
        case .number:
            var number = ByteCursor(position: text.position + value.start, end: text.end)
            return try FeedValue.scan(&number)
        case .boolean(let isTrue): return isTrue ? 1 : 0
        case .null: return .nan
        case .string, .object, .array:
            throw FeedLineError(.value, "expected a number, true, false, or null for a missing value")
        }
    }

    private func time(_ value: JSONCursor.Value, _ text: ByteCursor) throws(FeedLineError) -> Int64? {
        let line = text.position
        switch value.kind {
        case .null: return nil
        case .string(let time):
            return try FeedTime.parse(UnsafeRawBufferPointer(start: time.start(in: line), count: time.count))
        case .number:
            var number = ByteCursor(position: line + value.start, end: text.end)
            let time = try (options.timeUnit ?? .seconds).scan(&number)
            guard !Self.goesOn(number) else { throw malformedTime }
            return time
        case .boolean, .object, .array: throw malformedTime
        }
    }

    /// Whether a number is not over yet.
    private static func goesOn(_ text: ByteCursor) -> Bool {
        text.digit != nil || text.byteOrNUL | 0x20 == UInt8(ascii: "e") || text.byteOrNUL == UInt8(ascii: ".")
    }

    private var malformedTime: FeedLineError {
        FeedLineError(.timestamp, "expected a number without exponent, or a string in ISO 8601, as time")
    }

    // MARK: telegraf's

    private mutating func decode(
        _ name: JSONCursor.Value, _ fields: JSONCursor.Value, _ members: Members, _ text: ByteCursor,
        into sink: inout some FeedSink
    ) throws(FeedLineError) {
        guard case .string(let name) = name.kind, name.count > 0 else {
            throw FeedLineError(.name, "expected a string as \"name\"")
        }
        guard case .object = fields.kind else { throw FeedLineError(.fields, "expected an object as \"fields\"") }
        set.removeAll()
        if let tags = members.tags { try readTags(tags, text) }
        try readFields(fields, text)
        guard set.hasFields else { throw FeedLineError(.value, "expected a field with a number; strings are ignored") }
        let time = try members.timestamp.flatMap { value throws(FeedLineError) in try self.time(value, text) }
        try set.emit(name, at: time, as: options.fields, in: text.position, into: &sink)
    }

    private mutating func readTags(_ tags: JSONCursor.Value, _ text: ByteCursor) throws(FeedLineError) {
        if case .null = tags.kind { return }
        guard case .object = tags.kind else { throw FeedLineError(.fields, "expected an object as \"tags\"") }
        let line = text.position
        var json = JSONCursor(ByteCursor(position: line + tags.start, end: text.end), of: line)
        guard json.take(UInt8(ascii: "{")), !json.take(UInt8(ascii: "}")) else { return }
        repeat {
            let key = try json.key()
            guard key.count > 0, case .string(let value) = try json.value().kind else {
                throw FeedLineError(.fields, "expected strings in \"tags\"")
            }
            try set.addTag(key, value, in: line)
        } while json.take(UInt8(ascii: ","))
    }

    private mutating func readFields(_ fields: JSONCursor.Value, _ text: ByteCursor) throws(FeedLineError) {
        let line = text.position
        var json = JSONCursor(ByteCursor(position: line + fields.start, end: text.end), of: line)
        guard json.take(UInt8(ascii: "{")), !json.take(UInt8(ascii: "}")) else { return }
        repeat {
            let key = try json.key()
            guard key.count > 0 else { throw FeedLineError(.fields, "expected a name for each field") }
            let value = try json.value()
            if case .string = value.kind { continue }
            set.addField(key, try Self.number(value, text))
        } while json.take(UInt8(ascii: ","))
    }
}
