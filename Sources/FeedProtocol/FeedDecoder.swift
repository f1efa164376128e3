/// Turns the bytes of one feed into points, commands and rejected lines, in whatever pieces the bytes come: any split
/// gives the same calls.
///
/// It keeps at most one line of `maxLine` bytes. A longer line is rejected once, as soon as it is known to be too
/// long, and skipped up to its end, without being kept.
public struct FeedDecoder: Sendable {
    /// Bytes of a rejected line that are handed on at most.
    public static let excerptLength = 80

    /// Lines seen so far, comments, blank and rejected ones included. A line counts once it is complete, or rejected.
    public private(set) var lines = 0

    /// Longest line in bytes, without its `\n` or `\r\n`.
    private let maxLine: Int
    private var decoders: LineDecoders
    /// The beginning of a line whose end has not come yet.
    private var partial: [UInt8] = []
    /// Whether the line that is coming was rejected as too long already.
    private var isSkipping = false

    /// The format of all lines.
    public var format: FeedFormat { decoders.format }

    /// - parameters:
    ///   - format: the format of all lines.
    ///   - stream: the name that CSV rows belong to; without one, they are all rejected. Other formats ignore it.
    ///   - options: what the lines of some formats do not say.
    ///   - maxLine: longest line that is accepted, in bytes without its line end; at least 1.
    ///   - state: what another decoder of this format was in the middle of, for the feed to go on there.
    public init(
        format: FeedFormat, stream: [UInt8]? = nil, options: FeedOptions = FeedOptions(), maxLine: Int = 65536,
        state: State = State()
    ) {
        precondition(maxLine >= 1, "a line needs at least one byte")
        self.maxLine = maxLine
        decoders = LineDecoders(format: format, stream: stream, options: options, firstRow: state.firstRow)
        lines = state.lines
        partial = state.partial
        isSkipping = state.isSkipping
    }

    /// What the decoder is in the middle of: with it, another one reads the rest of the feed as this one would.
    public struct State: Sendable, Equatable {
        /// See ``FeedDecoder/lines``.
        public var lines = 0
        /// The beginning of a line whose end has not come yet.
        public var partial: [UInt8] = []
        /// Whether the rest of the line that is coming is to be thrown away.
        public var isSkipping = false
        /// The row that says which column of CSV is what; empty before it, and for other formats.
        public var firstRow: [UInt8] = []

        public init() {}
    }

    /// As it is between two calls of ``consume(_:into:)``.
    public var state: State {
        var state = State()
        (state.lines, state.partial, state.isSkipping) = (lines, partial, isSkipping)
        state.firstRow = decoders.firstRow
        return state
    }

    /// Reads the next bytes of the feed.
    public mutating func consume(_ bytes: UnsafeRawBufferPointer, into sink: inout some FeedSink) {
        guard var position = bytes.baseAddress else { return }
        let end = position + bytes.count
        if isSkipping || !partial.isEmpty {
            let newline = ByteScan.newline(from: position, to: end)
            keep(UnsafeRawBufferPointer(start: position, count: (newline ?? end) - position), into: &sink)
            guard let newline else { return }
            finishPartial(into: &sink)
            position = newline + 1
        }
        while let newline = ByteScan.newline(from: position, to: end) {
            decode(UnsafeRawBufferPointer(start: position, count: newline - position), into: &sink)
            position = newline + 1
        }
        keep(UnsafeRawBufferPointer(start: position, count: end - position), into: &sink)
    }

    /// The feed has ended as files and pipes do: what stands behind the last newline is a line.
    public mutating func finish(into sink: inout some FeedSink) {
        if isSkipping || !partial.isEmpty { finishPartial(into: &sink) }
    }

    /// The feed has ended as broken connections do: what stands behind the last newline may have lost its end, and
    /// with it digits, so it is rejected.
    public mutating func abandon(into sink: inout some FeedSink) {
        defer { isSkipping = false }
        guard !partial.isEmpty else { return }
        lines += 1
        let error = FeedLineError(.unterminated, "expected a newline at the end of the line before the feed ends")
        partial.withUnsafeBytes { reject($0, because: error, into: &sink) }
        partial = []
    }

    /// Adds to the partial line what it has room for.
    private mutating func keep(_ bytes: UnsafeRawBufferPointer, into sink: inout some FeedSink) {
        guard !isSkipping, !bytes.isEmpty else { return }
        // A '\r' before the newline does not count, so one byte too many may still be well.
        let room = maxLine + 1 - partial.count
        partial.append(contentsOf: bytes.prefix(room))
        guard bytes.count > room else { return }
        lines += 1
        partial.withUnsafeBytes { reject($0, because: lineTooLong, into: &sink) }
        partial = []
        isSkipping = true
    }

    /// The partial line is complete.
    private mutating func finishPartial(into sink: inout some FeedSink) {
        guard !isSkipping else {
            isSkipping = false
            return
        }
        // Taken out, since `decode` needs all of self; put back for its memory, unless that is much.
        var line: [UInt8] = []
        swap(&line, &partial)
        line.withUnsafeBytes { decode($0, into: &sink) }
        guard line.capacity <= 4096 else { return }
        line.removeAll(keepingCapacity: true)
        swap(&line, &partial)
    }

    /// Reads a whole line, without its newline.
    @inline(__always)
    private mutating func decode(_ line: UnsafeRawBufferPointer, into sink: inout some FeedSink) {
        lines += 1
        guard var text = ByteCursor(line) else { return }
        if !text.isAtEnd, (text.end - 1).load(as: UInt8.self) == UInt8(ascii: "\r") {
            text = ByteCursor(position: text.position, end: text.end - 1)
        }
        let whole = UnsafeRawBufferPointer(start: text.position, count: text.remaining)
        guard whole.count <= maxLine else { return reject(whole, because: lineTooLong, into: &sink) }
        if lines == 1 { skipByteOrderMark(&text) }
        text.skipBlanks()
        guard !text.isAtEnd, text.byte != UInt8(ascii: "#") else { return }
        let content = UnsafeRawBufferPointer(start: text.position, count: text.remaining)
        do throws(FeedLineError) {
            if text.byte == UInt8(ascii: "!") {
                sink.command(try FeedCommand(line: content))
            } else {
                try decoders.decode(content, into: &sink)
            }
        } catch {
            reject(whole, because: error.explained(by: whole), into: &sink)
        }
    }

    /// Windows programs like to begin a file with one.
    private func skipByteOrderMark(_ text: inout ByteCursor) {
        let line = UnsafeRawBufferPointer(start: text.position, count: text.remaining)
        if line.starts(with: [0xEF, 0xBB, 0xBF]) { text.position += 3 }
    }

    @inline(never)
    private func reject(
        _ line: UnsafeRawBufferPointer, because error: FeedLineError, into sink: inout some FeedSink
    ) {
        let length = min(Self.excerptLength, maxLine, line.count)
        sink.reject(error, line: lines, excerpt: UnsafeRawBufferPointer(rebasing: line[..<length]))
    }

    private var lineTooLong: FeedLineError {
        FeedLineError(.tooLong, "expected a line of at most \(maxLine) bytes")
    }
}
