import Foundation
import PointStore
import Testing

@Suite struct CheckpointTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    private func record(_ sequence: Int64, stream: Int32 = 1, bytes: Int = 20_000) -> CheckpointRecord {
        var random = SplitMix(state: UInt64(sequence))
        return CheckpointRecord(
            stream: stream, sequence: sequence, format: 2,
            state: (0..<bytes).map { _ in UInt8(truncatingIfNeeded: random.next()) })
    }

    private func sequences(_ stream: Int32 = 1) throws -> [String] {
        try sqlite(scratch.path, "SELECT sequence FROM checkpoint WHERE stream_id = \(stream) ORDER BY sequence")
    }

    @Test func theTwoNewestAreKept() throws {
        let store = try PointStore(path: scratch.path)
        #expect(try store.checkpoint(of: 1) == nil)
        try store.store(streams: [stream(1), stream(2)], checkpoints: [record(0, bytes: 0)])
        #expect(try store.checkpoint(of: 1) == record(0, bytes: 0))
        for sequence in [10, 20, 30] as [Int64] {
            try store.store(checkpoints: [record(sequence), record(sequence, stream: 2)])
        }
        #expect(try store.checkpoint(of: 1) == record(30))
        #expect(try store.checkpoint(of: 1, before: 30) == record(20))
        #expect(try store.checkpoint(of: 1, before: 20) == nil)
        #expect(try sequences() == ["20", "30"])
        #expect(try sequences(2) == ["20", "30"])
    }

    @Test func aSecondOneAtTheSamePointReplacesOnlyItself() throws {
        let store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(1)], checkpoints: [record(10), record(20)])
        try store.store(checkpoints: [record(20, bytes: 5)])
        #expect(try sequences() == ["10", "20"])
        #expect(try store.checkpoint(of: 1) == record(20, bytes: 5))
    }

    @Test func aFailedCommitLeavesTheSlotsAlone() throws {
        let store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(1)], points: rows(1, 1...3), checkpoints: [record(1), record(2)])
        #expect(throws: StoreError.self) {
            try store.store(streams: [stream(1)], checkpoints: [record(3)])
        }
        try store.store(checkpoints: [record(3)])
        #expect(try sequences() == ["2", "3"])
    }

    @Test func aWrongChecksumFallsBackAndTells() throws {
        let store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(1)], checkpoints: [record(10), record(20)])
        _ = try sqlite(
            scratch.path,
            "UPDATE checkpoint SET state = substr(state, 1, 99) || x'00' || substr(state, 101) WHERE sequence = 20")
        var reports: [StoreError] = []
        #expect(try store.checkpoint(of: 1, onDamage: { reports.append($0) }) == record(10))
        #expect(reports.map(\.cause) == [.damaged])
        #expect(reports[0].description.contains("stream 1 at point 20"))
        #expect(reports[0].description.contains("checksum"))

        _ = try sqlite(scratch.path, "UPDATE checkpoint SET format = 3 WHERE sequence = 10")
        reports = []
        #expect(try store.checkpoint(of: 1, onDamage: { reports.append($0) }) == nil)
        #expect(reports.count == 2)
    }

    @Test func aNewerFormatIsRefusedUntouched() throws {
        let store = try PointStore(path: scratch.path)
        try store.store(
            streams: [stream(1), stream(2, "größe")], points: rows(1, 1...100), checkpoints: [record(10)])
        try store.store(checkpoints: [record(20, stream: 2)])
        try store.close()
        var options = PointStore.Options()
        options.newestFormat = 2
        try PointStore(path: scratch.path, options: options).close()

        _ = try sqlite(scratch.path, "UPDATE checkpoint SET format = 7 WHERE stream_id = 2")
        let before = scratch.bytes()
        let error = try storeError { _ = try PointStore(path: scratch.path, options: options) }
        #expect(error.cause == .newerCheckpoint(format: 7) && !error.isTransient)
        #expect(error.description.contains("\"größe\" has format 7"))
        #expect(error.description.contains("formats up to 2"))
        #expect(scratch.bytes() == before)
        // Who only looks may look; and whoever knows the format may write.
        #expect(try StoreReader(path: scratch.path).newest(of: 1)?.sequence == 100)
        options.newestFormat = 7
        try PointStore(path: scratch.path, options: options).close()
    }

    /// A reader beside the writer finds what the writer finds.
    @Test func aReaderFallsBackToo() throws {
        let store = try PointStore(path: scratch.path)
        try store.store(
            streams: [stream(1)], points: rows(1, 1...9000), checkpoints: [record(10), record(20)])
        _ = try sqlite(scratch.path, "UPDATE checkpoint SET checksum = 1 WHERE sequence = 20")
        let reader = try StoreReader(path: scratch.path)
        var reports = 0
        #expect(try reader.checkpoint(of: 1, onDamage: { _ in reports += 1 }) == record(10))
        #expect(reports == 1)
        #expect(try reader.newest(of: 1) == store.newest(of: 1))
        var sequences: [Int64] = []
        try reader.replay(of: 1, after: 20) { sequence, _, _, _ in sequences.append(sequence) }
        #expect(sequences == Array(21...9000))
    }

    @Test func aStateInTheWrongRowIsFound() throws {
        let store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(1), stream(2)], checkpoints: [record(10), record(10, stream: 2)])
        _ = try sqlite(scratch.path, "UPDATE checkpoint SET stream_id = 3 - stream_id, slot = slot + stream_id")
        var reports = 0
        #expect(try store.checkpoint(of: 1, onDamage: { _ in reports += 1 }) == nil)
        #expect(reports == 1)
    }

    @Test func aDamagedPageFallsBackToo() throws {
        var store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(1)], checkpoints: [record(10)])
        try store.store(checkpoints: [record(20)])
        try store.close()
        // Point the overflow chain of the newer state at a page that does not exist: its second page begins with the
        // number of the third.
        var data = try #require(scratch.bytes())
        let needle = Data(record(20).state[8000..<8032])
        let found = try #require(data.firstRange(of: needle))
        let page = found.lowerBound / 4096 * 4096
        data.replaceSubrange(page..<page + 4, with: [0x7f, 0xff, 0xff, 0xff])
        try data.write(to: URL(fileURLWithPath: scratch.path))

        store = try PointStore(path: scratch.path)
        var reports: [StoreError] = []
        #expect(try store.checkpoint(of: 1, onDamage: { reports.append($0) }) == record(10))
        #expect(reports.map(\.cause) == [.damaged])
    }

    /// The schema describes the checksum in words; another implementation must get the same.
    @Test func theChecksumIsWhatTheSchemaSays() throws {
        let store = try PointStore(path: scratch.path)
        try store.store(streams: [stream(3)], checkpoints: [CheckpointRecord(stream: 3, sequence: 258, state: [97])])
        let covered: [UInt8] = [3, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 97]
        let expected = covered.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        #expect(try sqlite(scratch.path, "SELECT checksum FROM checkpoint") == ["\(Int64(bitPattern: expected))"])
    }
}
