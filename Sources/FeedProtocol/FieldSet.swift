/// What a line with a name, tags and fields is made of, and how it becomes points: a stream for each field is named
/// `name.field;tag=value;tag=value`, as Graphite names what has tags, and all fields together make the stream
/// `name;tag=value;tag=value`. Tags stand in the order of their keys, whatever order they came in.
///
/// Keeps its memory, unless that is much.
struct FieldSet {
    /// Tags that there may be: each has at least three bytes in the name.
    private static let mostTags = StreamName.maximumLength / 2
    /// Fields that may become channels: more than any stream may have.
    private static let mostChannels = 1024
    /// Fields that memory is kept for.
    private static let mostKept = 1024

    private struct Tag {
        var key: TextPiece
        /// nil for a tag that is a word alone.
        var value: TextPiece?
    }

    private struct Field {
        var key: TextPiece
        var value: Double
    }

    private let escapes: TextEscapes
    private var tags: [Tag] = []
    private var tagCount = 0
    private var fields: [Field] = []
    private var fieldCount = 0
    private var names = NameBuffer()
    private var values = ValueList()

    /// - parameter escapes: how name, tags and fields spell what they cannot hold.
    init(escapes: TextEscapes) { self.escapes = escapes }

    var hasFields: Bool { fieldCount > 0 }

    @inline(__always)
    mutating func removeAll() {
        if fields.count > Self.mostKept { (fields, values) = ([], ValueList()) }
        tagCount = 0
        fieldCount = 0
    }

    /// Adds a tag at its place.
    ///
    /// - throws: if there is one of this key, or there are more than a name has room for.
    @inline(__always)
    mutating func addTag(_ key: TextPiece, _ value: TextPiece?, in line: UnsafeRawPointer) throws(FeedLineError) {
        guard tagCount < Self.mostTags else {
            throw FeedLineError(.name, "expected a NAME of 1 to 255 bytes, with all tags")
        }
        let tag = Tag(key: key, value: value)
        if tagCount < tags.count { tags[tagCount] = tag } else { tags.append(tag) }
        var place = tagCount
        // Nearly always they come in order.
        while place > 0 {
            let order = compare(tags[place - 1].key, key, in: line)
            if order < 0 { break }
            guard order > 0 else { throw FeedLineError(.fields, "expected each tag once") }
            tags.swapAt(place - 1, place)
            place -= 1
        }
        tagCount += 1
    }

    @inline(__always)
    mutating func addField(_ key: TextPiece, _ value: Double) {
        let field = Field(key: key, value: value)
        if fieldCount < fields.count { fields[fieldCount] = field } else { fields.append(field) }
        fieldCount += 1
    }

    /// Hands on all of it.
    ///
    /// - parameters:
    ///   - name: what the fields belong to, of which there must be one.
    ///   - time: microseconds since 1970; nil for the time of arrival.
    /// - throws: `FeedLineError` if one of the names is none; nothing is handed on then. Or the first error of `sink`,
    ///   which has been asked for all points: of streams that have nothing to do with each other, one that it does not
    ///   take says nothing of the others.
    @inline(__always)
    mutating func emit(
        _ name: TextPiece, at time: Int64?, as form: FeedOptions.Fields, in line: UnsafeRawPointer,
        into sink: inout some FeedSink
    ) throws(FeedLineError) {
        switch form {
        case .streams: try emitStreams(name, at: time, in: line, into: &sink)
        case .channels: try emitChannels(name, at: time, in: line, into: &sink)
        }
    }

    @inline(__always)
    private mutating func emitStreams(
        _ name: TextPiece, at time: Int64?, in line: UnsafeRawPointer, into sink: inout some FeedSink
    ) throws(FeedLineError) {
        names.removeAll()
        names.append(name, in: line, as: .head, escapes)
        names.append(UInt8(ascii: "."))
        let head = 0..<names.count
        names.append(fields[0].key, in: line, as: .head, escapes)
        let tail = names.count
        appendTags(in: line)
        let tags = tail..<names.count
        try names.endName()
        for index in 1..<max(fieldCount, 1) {
            names.append(again: head)
            names.append(fields[index].key, in: line, as: .head, escapes)
            names.append(again: tags)
            try names.endName()
        }
        var failure: FeedLineError?
        for index in 0..<fieldCount {
            do throws(FeedLineError) {
                values.removeAll()
                values.append(fields[index].value)
                try hand(index, at: time, to: &sink)
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    private mutating func emitChannels(
        _ name: TextPiece, at time: Int64?, in line: UnsafeRawPointer, into sink: inout some FeedSink
    ) throws(FeedLineError) {
        guard fieldCount <= Self.mostChannels else {
            throw FeedLineError(.width, "expected at most \(Self.mostChannels) fields as channels of one stream")
        }
        for end in 1..<fieldCount {
            var place = end
            while place > 0 {
                let order = compare(fields[place - 1].key, fields[place].key, in: line)
                if order < 0 { break }
                guard order > 0 else { throw FeedLineError(.fields, "expected each field once") }
                fields.swapAt(place - 1, place)
                place -= 1
            }
        }
        try makeName(name, in: line)
        values.removeAll()
        for index in 0..<fieldCount { values.append(fields[index].value) }
        try hand(0, at: time, to: &sink)
    }

    /// Below zero if the first key stands before the second, zero if they are the same: by what they stand for, so that
    /// their order is the same in all formats.
    @inline(__always)
    private func compare(_ first: TextPiece, _ second: TextPiece, in line: UnsafeRawPointer) -> Int {
        guard first.hasEscapes || second.hasEscapes else { return first.compare(second, in: line) }
        return compareSlowly(first, second, in: line)
    }

    @inline(never)
    private func compareSlowly(_ first: TextPiece, _ second: TextPiece, in line: UnsafeRawPointer) -> Int {
        let keys = [first, second].map { piece in
            var bytes: [UInt8] = []
            let start = piece.start(in: line)
            escapes.unescape(ByteCursor(position: start, end: start + piece.count), into: &bytes)
            return bytes
        }
        return keys[0] == keys[1] ? 0 : keys[0].lexicographicallyPrecedes(keys[1]) ? -1 : 1
    }

    /// Makes `name;tag=value;tag=value`, for ``withName(_:)``.
    ///
    /// - throws: `FeedLineError` if that is no NAME.
    @inline(__always)
    mutating func makeName(_ name: TextPiece, in line: UnsafeRawPointer) throws(FeedLineError) {
        names.removeAll()
        names.append(name, in: line, as: .head, escapes)
        appendTags(in: line)
        try names.endName()
    }

    /// Calls `body` with the name that was made last, which is valid during the call.
    @inline(__always)
    func withName<Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        try names.withName(0, body)
    }

    @inline(__always)
    private mutating func appendTags(in line: UnsafeRawPointer) {
        for index in 0..<tagCount {
            names.append(UInt8(ascii: ";"))
            names.append(tags[index].key, in: line, as: .key, escapes)
            guard let value = tags[index].value else { continue }
            names.append(UInt8(ascii: "="))
            names.append(value, in: line, as: .value, escapes)
        }
    }

    @inline(__always)
    private func hand(_ index: Int, at time: Int64?, to sink: inout some FeedSink) throws(FeedLineError) {
        try names.withName(index) { name throws(FeedLineError) in
            try values.withValues { values throws(FeedLineError) in
                try sink.point(name: name, values: values, time: time)
            }
        }
    }
}
