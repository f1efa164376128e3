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
    }

    private struct Contents {
        var entries: [Name: Entry] = [:]
        /// Name, width and time of creation by id.
        var records: [Int32: StreamRecord] = [:]
        var nextID: Int32 = 1
    }

    let shards: Int
    private let contents = Mutex(Contents())

    package init(shards: Int) { self.shards = shards }

    package var count: Int { contents.withLock { $0.entries.count } }

    /// Enters a stream that the store knows.
    package func add(_ record: StreamRecord) -> Entry {
        contents.withLock { contents in
            let name = Name(record.name.utf8)
            let entry = Entry(id: record.id, channels: Int32(record.channels), shard: shard(of: name))
            contents.entries[name] = entry
            contents.records[record.id] = record
            contents.nextID = max(contents.nextID, record.id + 1)
            return entry
        }
    }

    /// Finds a stream, or founds it with `channels` values a point.
    ///
    /// - Throws: `FeedLineError` with the reason `width` if the stream has another width or would be too wide.
    package func resolve(_ bytes: UnsafeRawBufferPointer, channels: Int, now: Int64) throws(FeedLineError) -> Entry {
        if channels > Self.mostChannels {
            throw FeedLineError(.width, "expected at most \(Self.mostChannels) values, found \(channels)")
        }
        let name = Name(bytes)
        return contents.withLock { contents in
            if let entry = contents.entries[name] { return entry }
            let entry = Entry(id: contents.nextID, channels: Int32(channels), shard: shard(of: name))
            contents.nextID += 1
            contents.entries[name] = entry
            contents.records[entry.id] = StreamRecord(
                id: entry.id, name: String(decoding: bytes, as: UTF8.self), channels: channels, created: now)
            return entry
        }
    }

    /// The stream of this name; nil if there is none.
    func entry(of name: String) -> Entry? { contents.withLock { $0.entries[Name(name.utf8)] } }

    package func record(of id: Int32) -> StreamRecord? { contents.withLock { $0.records[id] } }

    private func shard(of name: Name) -> Int32 { Int32(name.hash % UInt64(shards)) }

    /// A name by its bytes. `String` would compare canonically equivalent spellings as equal.
    private struct Name: Hashable {
        let bytes: [UInt8]
        /// The same in every process, unlike `Hasher`'s: shards are chosen by it.
        let hash: UInt64

        init(_ bytes: some Collection<UInt8>) {
            self.bytes = Array(bytes)
            hash = self.bytes.withUnsafeBytes { NameCache.hash($0) }
        }

        func hash(into hasher: inout Hasher) { hasher.combine(hash) }
    }
}
