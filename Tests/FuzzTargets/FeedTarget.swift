import FeedProtocol

extension FuzzTarget {
    /// Four bytes of circumstances (format, longest line, how the feed ends, where it is cut), then the feed, decoded
    /// whole and in pieces: both must give the same calls.
    static let feed = FuzzTarget(name: "feed", longest: 1024) { bytes in
        guard bytes.count >= 4 else { return }
        let formats = FeedFormat.allCases
        let decoder = FeedDecoder(
            format: formats[Int(bytes[0]) % formats.count], stream: Array("stream".utf8),
            maxLine: bytes[1] == 0 ? 65_536 : Int(bytes[1]))
        try check(decoder, bytes[4...], end: bytes[2], cut: bytes[3])
    }

    /// Any split gives the same calls.
    ///
    /// - Parameter cut: what decides where the feed is cut.
    @discardableResult
    static func check(
        _ decoder: FeedDecoder, _ feed: ArraySlice<UInt8>, end: UInt8, cut: UInt8
    ) throws(FuzzFinding) -> [CheckingSink.Call] {
        let whole = try calls(of: decoder, [Array(feed)], end: end)
        var scatter = Scatter(state: UInt64(cut))
        var pieces: [[UInt8]] = []
        var start = feed.startIndex
        while start < feed.endIndex {
            let end = min(start + Int.random(in: 0...Int(cut) % 32 + 1, using: &scatter), feed.endIndex)
            pieces.append(Array(feed[start..<end]))
            start = end
        }
        let split = try calls(of: decoder, pieces, end: end)
        try expect(split == whole, "any split gives the same calls; pieces of \(pieces.map(\.count)) give others")
        return whole
    }

    /// - Parameter end: modulo 3: as files end, as broken connections end, or not yet.
    private static func calls(
        of decoder: FeedDecoder, _ pieces: [[UInt8]], end: UInt8
    ) throws(FuzzFinding) -> [CheckingSink.Call] {
        var decoder = decoder
        var sink = CheckingSink()
        // Each piece has memory of its own, beyond which AddressSanitizer lets nobody read.
        for piece in pieces { piece.withUnsafeBytes { decoder.consume($0, into: &sink) } }
        switch end % 3 {
        case 0: decoder.finish(into: &sink)
        case 1: decoder.abandon(into: &sink)
        default: break
        }
        if let finding = sink.finding { throw finding }
        return sink.calls
    }
}

/// Writes down every call, and whether it keeps what `FeedSink` promises.
struct CheckingSink: FeedSink {
    enum Call: Equatable {
        /// Values as bit patterns, so that NaN equals itself.
        case point(name: [UInt8], values: [UInt64], time: Int64?)
        case sample(name: [UInt8], StatsDSample)
        case command(FeedCommand)
        case reject(FeedLineError, line: Int, excerpt: [UInt8])
    }

    private(set) var calls: [Call] = []
    private(set) var finding: FuzzFinding?

    mutating func point(
        name: UnsafeRawBufferPointer, values: UnsafeBufferPointer<Double>, time: Int64?
    ) throws(FeedLineError) {
        calls.append(.point(name: Array(name), values: values.map(\.bitPattern), time: time))
        check(!values.isEmpty, "a point has a value")
        check(
            values.allSatisfy { $0.isNaN || $0.isFinite && $0.bitPattern != (-0.0).bitPattern },
            "values are finite, never −0.0, or NaN; found \(Array(values))")
        check(time.map(FeedTime.range.contains) ?? true, "times are within FeedTime.range; found \(time ?? 0)")
        check((try? StreamName.check(name)) != nil, "names are as StreamName.check accepts them: \(Array(name))")
    }

    mutating func sample(name: UnsafeRawBufferPointer, _ sample: StatsDSample) throws(FeedLineError) {
        calls.append(.sample(name: Array(name), sample))
        let isFinite =
            switch sample.kind {
            case .count(let value), .gauge(let value), .change(let value), .timing(let value): value.isFinite
            case .member: true
            }
        check(isFinite && sample.rate > 0 && sample.rate <= 1, "a sample has a finite value and a rate: \(sample)")
        check((try? StreamName.check(name)) != nil, "names are as StreamName.check accepts them: \(Array(name))")
    }

    mutating func command(_ command: FeedCommand) { calls.append(.command(command)) }

    mutating func reject(_ error: FeedLineError, line: Int, excerpt: UnsafeRawBufferPointer) {
        calls.append(.reject(error, line: line, excerpt: Array(excerpt)))
        check(excerpt.count <= FeedDecoder.excerptLength, "excerpts are short; found \(excerpt.count) bytes")
        let printable = FeedExcerpt.printable(excerpt)
        check(
            !printable.unicodeScalars.contains { $0.properties.generalCategory == .control },
            "a printable excerpt has no control characters: \(printable)")
    }

    private mutating func check(_ isKept: Bool, _ promise: @autoclosure () -> String) {
        if !isKept { finding = FuzzFinding(description: promise()) }
    }
}
