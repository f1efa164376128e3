import FeedProtocol

/// What one feed, be it a connection or stdin, is in the middle of: decoding lines, looking up streams, and gathering
/// points into a batch for each shard. It does no I/O; whoever reads the bytes owns it, on one thread.
struct FeedSession {
    /// Points in a batch at most. A larger read is handed on in pieces.
    static let batchPoints = 4096

    private var decoder: FeedDecoder
    private var sink: Sink

    /// - Parameters:
    ///   - peer: how log messages name this feed.
    ///   - handOn: gets each batch that is full, with the number of its shard.
    init(
        decoder: FeedDecoder, peer: String, pipeline: Pipeline, maxFuture: Int64,
        handOn: @escaping (PointBatch, Int) -> Void, command: @escaping (FeedCommand) -> Void
    ) {
        self.decoder = decoder
        sink = Sink(
            peer: peer, pipeline: pipeline, maxFuture: maxFuture,
            batches: Array(repeating: PointBatch(), count: pipeline.shards.count), handOn: handOn, command: command)
    }

    /// Reads bytes as they came and hands on all points in them.
    mutating func consume(_ bytes: UnsafeRawBufferPointer) {
        sink.arrival = WallClock.now
        decoder.consume(bytes, into: &sink)
        sink.flush()
    }

    /// The input has ended; a last line without a newline counts.
    mutating func finish() {
        sink.arrival = WallClock.now
        decoder.finish(into: &sink)
        sink.flush()
    }

    /// The client has gone; a line that it did not finish is rejected.
    mutating func abandon() { decoder.abandon(into: &sink) }

    private struct Sink: FeedSink {
        let peer: String
        let pipeline: Pipeline
        let maxFuture: Int64
        var arrival: Int64 = 0
        var batches: [PointBatch]
        var names = NameCache()
        let handOn: (PointBatch, Int) -> Void
        let command: (FeedCommand) -> Void

        mutating func point(
            name: UnsafeRawBufferPointer, values: UnsafeBufferPointer<Double>, time: Int64?
        ) throws(FeedLineError) {
            if let time, time - arrival > maxFuture {
                throw FeedLineError(.timestamp, "expected a time at most \(maxFuture / 1_000_000) s in the future")
            }
            let (directory, now) = (pipeline.directory, arrival)
            let entry = try names.entry(of: name) { () throws(FeedLineError) in
                try directory.resolve(name, channels: values.count, now: now)
            }
            guard Int(entry.channels) == values.count else {
                throw FeedLineError(.width, "expected \(entry.channels) values, as in the stream's first point")
            }
            let shard = Int(entry.shard)
            batches[shard].append(
                PointBatch.Point(
                    stream: entry.id, width: entry.channels, time: time ?? arrival, isArrival: time == nil),
                values: values)
            if batches[shard].count >= FeedSession.batchPoints { flush(shard) }
        }

        mutating func command(_ command: FeedCommand) {
            // What came before a `!sync` must be ahead of it in the queues.
            flush()
            self.command(command)
        }

        mutating func reject(_ error: FeedLineError, line: Int, excerpt: UnsafeRawBufferPointer) {
            pipeline.rejects.reject(error, peer: peer, line: line, excerpt: excerpt)
        }

        mutating func flush() {
            for shard in batches.indices where !batches[shard].isEmpty { flush(shard) }
        }

        private mutating func flush(_ shard: Int) {
            handOn(batches[shard], shard)
            batches[shard] = PointBatch()
        }
    }
}
