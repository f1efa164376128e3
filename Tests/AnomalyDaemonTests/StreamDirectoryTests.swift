import AnomalyDaemon
import FeedProtocol
import PointStore
import Testing

/// The directory, and the caches of it that feeds keep.
@Suite struct StreamDirectoryTests {
    private func resolve(
        _ name: String, channels: Int = 1, in directory: StreamDirectory
    ) throws -> StreamDirectory.Entry {
        try Array(name.utf8).withUnsafeBytes { try directory.resolve($0, channels: channels, now: 7) }
    }

    @Test func aNameIsFoundAgain() throws {
        let directory = StreamDirectory(shards: 4)
        let first = try resolve("a", channels: 3, in: directory)
        let second = try resolve("b", in: directory)
        let again = try resolve("a", channels: 3, in: directory)
        #expect((first.id, first.channels, second.id) == (1, 3, 2))
        #expect((again.id, again.shard) == (first.id, first.shard))
        #expect(directory.count == 2)
        #expect(directory.record(of: 1) == StreamRecord(id: 1, name: "a", channels: 3, created: 7))
        #expect(directory.record(of: 3) == nil)
    }

    /// The first point decides on the width; the entry tells it to whoever comes with another one.
    @Test func theWidthIsFixed() throws {
        let directory = StreamDirectory(shards: 1)
        _ = try resolve("a", channels: 2, in: directory)
        #expect(try resolve("a", channels: 5, in: directory).channels == 2)
        #expect(try resolve("wide", channels: StreamDirectory.mostChannels, in: directory).channels == 256)
        let error = #expect(throws: FeedLineError.self) {
            try resolve("wider", channels: StreamDirectory.mostChannels + 1, in: directory)
        }
        #expect(error?.reason == .width)
        #expect(directory.count == 2)
    }

    @Test func storedStreamsKeepTheirIds() throws {
        let directory = StreamDirectory(shards: 2)
        _ = directory.add(StreamRecord(id: 17, name: "old", channels: 2, created: 1))
        #expect(try resolve("old", channels: 2, in: directory).id == 17)
        #expect(try resolve("new", in: directory).id == 18)
    }

    /// Equal to Swift's String, not equal in bytes.
    @Test func spellingsAreDifferentNames() throws {
        let directory = StreamDirectory(shards: 8)
        #expect(try resolve("caf\u{e9}", in: directory).id != resolve("cafe\u{301}", in: directory).id)
        #expect(directory.count == 2)
    }

    /// A stream goes to the same shard in each process, and each shard has its share.
    @Test(arguments: [1, 2, 3, 8]) func shardsAreStableAndEven(shards: Int) throws {
        var counts = [Int](repeating: 0, count: shards)
        let (one, other) = (StreamDirectory(shards: shards), StreamDirectory(shards: shards))
        for number in 0..<4000 {
            let name = "host\(number % 50).metric\(number / 50)"
            let shard = try resolve(name, in: one).shard
            #expect(try resolve(name, in: other).shard == shard)
            counts[Int(shard)] += 1
        }
        for count in counts { #expect(abs(count * shards - 4000) < 800) }
    }

    /// A change of the hash moves streams between shards. That does no harm, but must be meant.
    @Test func theHashIsPinned() {
        let name = Array("web.cpu".utf8)
        #expect(name.withUnsafeBytes { NameCache.hash($0) } == 14_916_636_988_481_024_735)
    }

    /// The cache asks once for each name, however many there are.
    @Test func theCacheAsksOnce() throws {
        let directory = StreamDirectory(shards: 4)
        var cache = NameCache()
        var asked = 0
        for _ in 0..<3 {
            for number in 0..<5000 {
                // Lengths around the eight bytes that are hashed at a time, and common beginnings.
                let name = String(repeating: "x", count: number % 20) + "\(number)"
                let entry = try Array(name.utf8).withUnsafeBytes { bytes in
                    try cache.entry(of: bytes) { () throws(FeedLineError) in
                        asked += 1
                        return try directory.resolve(bytes, channels: 1, now: 0)
                    }
                }
                #expect(directory.record(of: entry.id)?.name == name)
            }
        }
        #expect(asked == 5000)
        #expect(directory.count == 5000)
    }

    /// A refused name is asked for again: it may be well later.
    @Test func theCacheForgetsRefusals() throws {
        var cache = NameCache()
        let name = Array("a".utf8)
        #expect(throws: FeedLineError.self) {
            try name.withUnsafeBytes { bytes in
                try cache.entry(of: bytes) { () throws(FeedLineError) in throw FeedLineError(.width, "expected less") }
            }
        }
        let directory = StreamDirectory(shards: 1)
        let entry = try name.withUnsafeBytes { bytes in
            try cache.entry(of: bytes) { () throws(FeedLineError) in
                try directory.resolve(bytes, channels: 1, now: 0)
            }
        }
        #expect(entry.id == 1)
    }
}
