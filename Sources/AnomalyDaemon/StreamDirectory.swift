package import FeedProtocol
package import PointStore
import Synchronization

/// Which streams there are: name → id, width and shard. Feeds look names up in a `NameCache` of their own and come
/// here only for names that they have not met, so the lock is not taken per point.
package final class StreamDirectory: Sendable {
    /// Widest stream that is accepted. A line of 64 KiB could otherwise make a network of thousands of inputs.
    package static let mostChannels = 256

    package struct Entry: Sendable {
        package var id: Int32
        package var channels: Int32
        package var shard: Int32
        /// Its number among the streams of the shard, from 0.
        package var place: Int32
    }

    private struct Contents {
        var streams = StreamTable()
        /// Streams of each shard.
        var places: [Int32]
        var limits: FoundingLimits
        var newStreams: TokenBucket
    }

    let shards: Int
    private let clock: @Sendable () -> Int64
    private let contents: Mutex<Contents>

    /// - Parameter clock: microseconds of a clock that never jumps.
    package init(
        shards: Int, limits: FoundingLimits = .none, clock: @escaping @Sendable () -> Int64 = { SteadyClock.now }
    ) {
        self.shards = shards
        self.clock = clock
        let newStreams = TokenBucket(perSecond: limits.perSecond, burst: limits.burst, now: clock())
        contents = Mutex(
            Contents(places: Array(repeating: 0, count: shards), limits: limits, newStreams: newStreams))
    }

    /// Sets other limits for new streams. Those that there are stay, even if they are too many now.
    package func change(_ limits: FoundingLimits) {
        contents.withLock { contents in
            let old = contents.limits
            contents.limits = limits
            if old.perSecond == limits.perSecond, old.burst == limits.burst { return }
            contents.newStreams = TokenBucket(perSecond: limits.perSecond, burst: limits.burst, now: clock())
        }
    }

    package var count: Int { contents.withLock { $0.streams.count } }

    /// Enters a stream that the store knows; to be called in the order of their ids.
    package func add(_ record: StreamRecord) -> Entry {
        contents.withLock { contents in
            var name = record.name
            return name.withUTF8 { name in
                add(
                    UnsafeRawBufferPointer(name), id: record.id, channels: Int32(record.channels),
                    created: record.created, to: &contents)
            }
        }
    }

    /// Finds a stream, or founds it with `channels` values a point.
    ///
    /// - Parameters:
    ///   - now: what is stored as the time of its founding, in microseconds since 1970.
    ///   - founded: how many streams the connection has founded; one more if this founds one. nil for a feed that
    ///     belongs to whoever started the daemon: only the number of all streams is limited for it.
    /// - Throws: `FeedLineError` with the reason `width` if the stream would be too wide, or with `maxStreams`,
    ///   `clientStreams` or `newStreams` if it is new and there may be no new one.
    package func resolve(
        _ bytes: UnsafeRawBufferPointer, channels: Int, now: Int64, founded: inout Int?
    ) throws(FeedLineError) -> Entry {
        if channels > Self.mostChannels {
            throw FeedLineError(.width, "expected at most \(Self.mostChannels) values, found \(channels)")
        }
        let before = founded
        let (entry, isNew) = try contents.withLock { contents throws(FeedLineError) in
            if let entry = contents.streams.entry(of: bytes) { return (entry, false) }
            try admit(&contents, founded: before)
            let id = contents.streams.largestID + 1
            return (add(bytes, id: id, channels: Int32(channels), created: now, to: &contents), true)
        }
        if isNew, let before { founded = before + 1 }
        return entry
    }

    /// - Throws: why there may be no new stream.
    private func admit(_ contents: inout Contents, founded: Int?) throws(FeedLineError) {
        let limits = contents.limits
        guard contents.streams.count < limits.streams else {
            throw FeedLineError(
                .maxStreams, "expected one of the \(contents.streams.count) streams that there are (daemon.max_streams)"
            )
        }
        guard let founded else { return }
        guard founded < limits.perClient else {
            throw FeedLineError(
                .clientStreams,
                "expected at most \(limits.perClient) new streams from one connection (feed.max_streams_per_client)")
        }
        guard contents.newStreams.take(at: clock()) else {
            throw FeedLineError(
                .newStreams,
                "expected at most \(limits.perSecond) new streams a second (feed.new_streams_per_second)")
        }
    }

    /// The stream of this name; nil if there is none.
    func entry(of name: String) -> Entry? {
        var name = name
        return name.withUTF8 { name in contents.withLock { $0.streams.entry(of: UnsafeRawBufferPointer(name)) } }
    }

    package func record(of id: Int32) -> StreamRecord? { contents.withLock { $0.streams.record(of: id) } }

    /// The stream with this id; nil if there is none.
    func entry(of id: Int32) -> Entry? { contents.withLock { $0.streams.entry(of: id) } }

    private func add(
        _ name: UnsafeRawBufferPointer, id: Int32, channels: Int32, created: Int64, to contents: inout Contents
    ) -> Entry {
        // The same in every process, unlike `Hasher`'s.
        let shard = Int(NameCache.hash(name) % UInt64(shards))
        let entry = Entry(id: id, channels: channels, shard: Int32(shard), place: contents.places[shard])
        contents.places[shard] += 1
        contents.streams.append(name, entry, created: created)
        return entry
    }
}
