import FeedProtocol

/// What one feed, be it a connection or stdin, is in the middle of: decoding lines, looking up streams, and gathering
/// points into a batch for each shard. It does no I/O; whoever reads the bytes owns it, on one thread.
///
/// Commands are answered together for all bytes of one `consume`, so that a flood of them costs one barrier and one
/// write for each read, not for each line.
struct FeedSession {
    /// When the client may be told something.
    enum AnswerTime {
        case now
        /// Once all that has been handed on is committed.
        case whenCommitted
        /// The same, behind the end of the interval that samples of StatsD are gathered over.
        case whenGathered
    }

    /// Points in a batch at most. A larger read is handed on in pieces.
    static let batchPoints = 4096

    private var decoder: FeedDecoder
    private var sink: Sink

    /// - Parameters:
    ///   - peer: how log messages name this feed.
    ///   - founded: new streams that the feed has brought already; nil if the limits for connections do not hold.
    ///   - handOn: gets each batch that is full, with the number of its shard.
    ///   - answer: gets lines for the client, with their ends, after all batches of the lines before the commands.
    init(
        decoder: FeedDecoder, peer: String, founded: Int?, pipeline: Pipeline, maxFuture: Int64,
        handOn: @escaping (PointBatch, Int) -> Void, answer: @escaping ([UInt8], AnswerTime) -> Void
    ) {
        self.decoder = decoder
        sink = Sink(
            peer: peer, pipeline: pipeline, maxFuture: maxFuture, founded: founded, gathers: decoder.format == .statsd,
            batches: Array(repeating: PointBatch(), count: pipeline.shards.count), handOn: handOn, answer: answer)
    }

    /// Reads bytes as they came and hands on all points in them.
    mutating func consume(_ bytes: UnsafeRawBufferPointer) {
        sink.arrive()
        let lines = decoder.lines
        decoder.consume(bytes, into: &sink)
        sink.finish()
        sink.pipeline.statistics.readBytes.add(bytes.count)
        sink.pipeline.statistics.readLines.add(decoder.lines - lines)
    }

    /// The input has ended; a last line without a newline counts.
    mutating func finish() {
        sink.arrive()
        let lines = decoder.lines
        decoder.finish(into: &sink)
        sink.finish()
        sink.pipeline.statistics.readLines.add(decoder.lines - lines)
    }

    /// What the decoder is in the middle of. Between two calls, nothing else is.
    var state: FeedDecoder.State { decoder.state }
    var format: FeedFormat { decoder.format }
    /// New streams that the feed has brought; nil if they are not counted.
    var founded: Int? { sink.founded }

    /// A line that the feed's beginning can't be told from.
    func reject(_ error: FeedLineError) {
        sink.pipeline.rejects.reject(
            error, peer: sink.peer, line: decoder.lines, excerpt: UnsafeRawBufferPointer(start: nil, count: 0))
    }

    /// The client has gone; a line that it did not finish is rejected.
    mutating func abandon() { decoder.abandon(into: &sink) }

    private struct Sink: FeedSink {
        let peer: String
        let pipeline: Pipeline
        let maxFuture: Int64
        var founded: Int?
        /// Whether what comes are samples, not points.
        let gathers: Bool
        /// When what is being read came, by the wall's clock and by the steady one.
        private(set) var arrival: Int64 = 0
        private var arrived: Int64 = 0
        var batches: [PointBatch]
        var names = NameCache()
        let handOn: (PointBatch, Int) -> Void
        let answer: ([UInt8], AnswerTime) -> Void
        private var pongs: [UInt8] = []
        private var synced: [UInt8] = []

        init(
            peer: String, pipeline: Pipeline, maxFuture: Int64, founded: Int?, gathers: Bool, batches: [PointBatch],
            handOn: @escaping (PointBatch, Int) -> Void, answer: @escaping ([UInt8], AnswerTime) -> Void
        ) {
            self.peer = peer
            self.pipeline = pipeline
            self.maxFuture = maxFuture
            self.founded = founded
            self.gathers = gathers
            self.batches = batches
            self.handOn = handOn
            self.answer = answer
        }

        /// Bytes have come.
        mutating func arrive() {
            arrival = WallClock.now
            arrived = SteadyClock.now
        }

        mutating func point(
            name: UnsafeRawBufferPointer, values: UnsafeBufferPointer<Double>, time: Int64?
        ) throws(FeedLineError) {
            if let time, time - arrival > maxFuture {
                throw FeedLineError(.timestamp, "expected a time at most \(maxFuture / 1_000_000) s in the future")
            }
            let (directory, now) = (pipeline.directory, arrival)
            var founded = founded
            let entry = try names.entry(of: name) { () throws(FeedLineError) in
                try directory.resolve(name, channels: values.count, now: now, founded: &founded)
            }
            self.founded = founded
            guard Int(entry.channels) == values.count else {
                throw FeedLineError(.width, "expected \(entry.channels) values, as in the stream's first point")
            }
            let shard = Int(entry.shard)
            batches[shard].append(
                PointBatch.Point(
                    stream: entry.id, width: entry.channels, time: time ?? arrival, isArrival: time == nil,
                    place: entry.place),
                values: values)
            if batches[shard].count >= FeedSession.batchPoints { flush(shard) }
        }

        mutating func sample(name: UnsafeRawBufferPointer, _ sample: StatsDSample) throws(FeedLineError) {
            try pipeline.statsD.add(name, sample)
        }

        mutating func command(_ command: FeedCommand) {
            switch command {
            case .ping(let token): Self.add("!pong ", token, to: &pongs)
            case .sync(let token): Self.add("!synced ", token, to: &synced)
            }
        }

        private static func add(_ word: String, _ token: [UInt8], to lines: inout [UInt8]) {
            lines += word.utf8
            lines += token
            lines.append(UInt8(ascii: "\n"))
        }

        mutating func reject(_ error: FeedLineError, line: Int, excerpt: UnsafeRawBufferPointer) {
            pipeline.rejects.reject(error, peer: peer, line: line, excerpt: excerpt)
        }

        /// Hands on all that has gathered, and then the answers: what came before a `!sync` must be ahead of it in the
        /// queues.
        mutating func finish() {
            for shard in batches.indices where !batches[shard].isEmpty { flush(shard) }
            if !pongs.isEmpty { answer(pongs, .now) }
            if !synced.isEmpty { answer(synced, gathers ? .whenGathered : .whenCommitted) }
            pongs = []
            synced = []
        }

        private mutating func flush(_ shard: Int) {
            batches[shard].arrived = arrived
            handOn(batches[shard], shard)
            batches[shard] = PointBatch()
        }
    }
}
