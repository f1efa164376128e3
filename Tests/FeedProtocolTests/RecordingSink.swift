import FeedProtocol

/// Writes down every call.
struct RecordingSink: FeedSink {
    enum Call: Equatable {
        /// Values as bit patterns, so that NaN equals itself and −0.0 differs from 0.0.
        case point(name: [UInt8], values: [UInt64], time: Int64?)
        case sample(name: [UInt8], StatsDSample)
        case command(FeedCommand)
        case reject(FeedLineError, line: Int, excerpt: [UInt8])

        static func point(_ name: String, _ values: Double..., at time: Int64? = nil) -> Call {
            .point(name: Array(name.utf8), values: values.map(\.bitPattern), time: time)
        }
    }

    var calls: [Call] = []
    /// Points of this name are refused by the sink.
    var refused: [UInt8]?

    mutating func point(
        name: UnsafeRawBufferPointer, values: UnsafeBufferPointer<Double>, time: Int64?
    ) throws(FeedLineError) {
        if let refused, name.elementsEqual(refused) { throw FeedLineError(.width, "expected another width") }
        calls.append(.point(name: Array(name), values: values.map(\.bitPattern), time: time))
    }

    mutating func sample(name: UnsafeRawBufferPointer, _ sample: StatsDSample) throws(FeedLineError) {
        if let refused, name.elementsEqual(refused) { throw FeedLineError(.maxStreams, "expected another metric") }
        calls.append(.sample(name: Array(name), sample))
    }

    mutating func command(_ command: FeedCommand) { calls.append(.command(command)) }

    mutating func reject(_ error: FeedLineError, line: Int, excerpt: UnsafeRawBufferPointer) {
        calls.append(.reject(error, line: line, excerpt: Array(excerpt)))
    }

    /// Reasons of the rejected lines with their numbers.
    var rejections: [String] {
        calls.compactMap { call in
            if case .reject(let error, let line, _) = call { "\(line) \(error.reason.rawValue)" } else { nil }
        }
    }

    /// All calls that are no rejections.
    var accepted: [Call] {
        calls.filter { call in
            if case .reject = call { false } else { true }
        }
    }
}

enum End { case finish, abandon, none }

/// Feeds pieces of a feed to a new decoder, or each to another one that goes on where the last one has stopped.
func decode(
    pieces: [ArraySlice<UInt8>], format: FeedFormat = .plain, stream: String? = "stream",
    options: FeedOptions = FeedOptions(), maxLine: Int = 65536, end: End = .finish, byTurns: Bool = false
) -> RecordingSink {
    var sink = RecordingSink()
    let stream = stream.map { Array($0.utf8) }
    var decoder = FeedDecoder(format: format, stream: stream, options: options, maxLine: maxLine)
    for piece in pieces {
        if byTurns {
            decoder = FeedDecoder(
                format: decoder.format, stream: stream, options: options, maxLine: maxLine, state: decoder.state)
        }
        piece.withUnsafeBytes { decoder.consume($0, into: &sink) }
    }
    switch end {
    case .finish: decoder.finish(into: &sink)
    case .abandon: decoder.abandon(into: &sink)
    case .none: break
    }
    return sink
}

/// The same for bytes in one piece.
func decode(
    _ bytes: [UInt8], format: FeedFormat = .plain, stream: String? = "stream", options: FeedOptions = FeedOptions(),
    maxLine: Int = 65536, end: End = .finish
) -> RecordingSink {
    decode(pieces: [bytes[...]], format: format, stream: stream, options: options, maxLine: maxLine, end: end)
}

/// The same for text.
func decode(
    _ text: String, format: FeedFormat = .plain, stream: String? = "stream", options: FeedOptions = FeedOptions(),
    maxLine: Int = 65536, end: End = .finish
) -> RecordingSink {
    decode(Array(text.utf8), format: format, stream: stream, options: options, maxLine: maxLine, end: end)
}

/// Calls `body` with the bytes of a text, as the field parsers want them.
func withBytes<Result>(_ text: String, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try Array(text.utf8).withUnsafeBytes(body)
}

/// SplitMix64: the same numbers in each run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
