import AnomalyDaemon
import FeedProtocol
import PointStore
import Synchronization
import Testing

/// The directory, and the caches of it that feeds keep.
@Suite struct StreamDirectoryTests {
    private func resolve(
        _ name: String, channels: Int = 1, in directory: StreamDirectory
    ) throws -> StreamDirectory.Entry {
        var founded: Int? = 0
        return try resolve(name, channels: channels, in: directory, &founded)
    }

    private func resolve(
        _ name: String, channels: Int = 1, in directory: StreamDirectory, _ founded: inout Int?
    ) throws -> StreamDirectory.Entry {
        try Array(name.utf8).withUnsafeBytes {
            try directory.resolve($0, channels: channels, now: 7, founded: &founded)
        }
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
        var none: Int?
        for _ in 0..<3 {
            for number in 0..<5000 {
                // Lengths around the eight bytes that are hashed at a time, and common beginnings.
                let name = String(repeating: "x", count: number % 20) + "\(number)"
                let entry = try Array(name.utf8).withUnsafeBytes { bytes in
                    try cache.entry(of: bytes) { () throws(FeedLineError) in
                        asked += 1
                        return try directory.resolve(bytes, channels: 1, now: 0, founded: &none)
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
        var none: Int?
        let entry = try name.withUnsafeBytes { bytes in
            try cache.entry(of: bytes) { () throws(FeedLineError) in
                try directory.resolve(bytes, channels: 1, now: 0, founded: &none)
            }
        }
        #expect(entry.id == 1)
    }

    /// A connection that uses more names than the cache keeps is served as well, and costs no more memory.
    @Test(arguments: [(NameCache.mostNames + 10, 6), (NameCache.mostBytes / 250 + 10, 250)])
    func theCacheForgetsAllWhenItIsFull(names: Int, length: Int) throws {
        var cache = NameCache()
        let directory = StreamDirectory(shards: 1)
        var none: Int?
        var asked = 0
        func entry(_ number: Int) throws -> Int32 {
            let digits = "\(number)"
            let name = digits + String(repeating: "x", count: length - digits.count)
            return try Array(name.utf8).withUnsafeBytes { bytes in
                try cache.entry(of: bytes) { () throws(FeedLineError) in
                    asked += 1
                    return try directory.resolve(bytes, channels: 1, now: 0, founded: &none)
                }.id
            }
        }
        for number in 0..<names { #expect(try entry(number) == number + 1) }
        #expect(asked == names)
        #expect(try entry(names - 1) == names)
        #expect(asked == names, "the newest are kept")
        #expect(try entry(0) == 1)
        #expect(asked == names + 1, "the oldest are not")
    }

    // MARK: Limits

    @Test func newStreamsFromOneConnectionAreLimited() throws {
        var limits = FoundingLimits.none
        limits.perClient = 3
        let directory = StreamDirectory(shards: 2, limits: limits)
        var founded: Int? = 0
        for name in ["a", "b", "a", "c", "b"] { _ = try resolve(name, in: directory, &founded) }
        #expect(founded == 3)
        let error = #expect(throws: FeedLineError.self) { try resolve("d", in: directory, &founded) }
        #expect(error?.reason == .clientStreams)
        #expect(error?.message == "expected at most 3 new streams from one connection (feed.max_streams_per_client)")
        #expect(try resolve("a", in: directory, &founded).id == 1, "known ones are not new")
        // Another connection, and a feed without that limit.
        var other: Int? = 0
        var none: Int?
        #expect(try resolve("d", in: directory, &other).id == 4)
        for number in 0..<10 { _ = try resolve("e\(number)", in: directory, &none) }
        #expect((other, none) == (1, nil))
    }

    @Test func allStreamsAreLimited() throws {
        var limits = FoundingLimits.none
        limits.streams = 2
        let directory = StreamDirectory(shards: 1, limits: limits)
        for id in 1...3 as ClosedRange<Int32> {
            _ = directory.add(StreamRecord(id: id, name: "stored\(id)", channels: 1, created: 1))
        }
        #expect(try resolve("stored3", in: directory).id == 3, "what is stored stays")
        var none: Int?
        let error = #expect(throws: FeedLineError.self) { try resolve("new", in: directory, &none) }
        #expect(error?.reason == .maxStreams)
        #expect(error?.message == "expected one of the 3 streams that there are (daemon.max_streams)")
    }

    @Test func newStreamsASecondAreLimited() throws {
        let clock = Mutex<Int64>(1_000_000)
        let limits = FoundingLimits(streams: .max, perClient: .max, perSecond: 2, burst: 3)
        let directory = StreamDirectory(shards: 1, limits: limits) { clock.withLock { $0 } }
        var next = 0
        func mayFound() throws -> Bool {
            next += 1
            do {
                _ = try resolve("s\(next)", in: directory)
                return true
            } catch let error as FeedLineError {
                #expect(error.reason == .newStreams)
                #expect(error.message == "expected at most 2 new streams a second (feed.new_streams_per_second)")
                return false
            }
        }
        func foundedAfter(_ microseconds: Int64) throws -> Int {
            clock.withLock { $0 += microseconds }
            var count = 0
            while try mayFound() { count += 1 }
            return count
        }
        #expect(try foundedAfter(0) == 3, "the burst")
        #expect(try foundedAfter(499_999) == 0)
        #expect(try foundedAfter(1) == 1)
        #expect(try foundedAfter(1_250_000) == 2)
        #expect(try foundedAfter(250_000) == 1, "halves are not lost")
        #expect(try foundedAfter(3_600_000_000) == 3, "no more than the burst")
        #expect(try foundedAfter(.max / 2) == 3)
        var none: Int?
        for number in 0..<10 { _ = try resolve("mine\(number)", in: directory, &none) }
    }
}
