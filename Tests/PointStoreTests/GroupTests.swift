import AnomalyDetection
import Foundation
import PointStore
import Testing

/// Networks that groups of streams share.
@Suite struct GroupTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    private func store(_ groups: [GroupRecord]) throws {
        let store = try PointStore(path: scratch.path)
        var commit = Commit()
        commit.groups = groups
        #expect(commit.isEmpty == groups.isEmpty)
        try store.commit(&commit)
        try store.close()
    }

    private func read() throws -> (good: [GroupRecord], bad: [String]) {
        let store = try PointStore(path: scratch.path)
        var bad: [String] = []
        let good = try store.groups { bad.append($0) }
        try store.close()
        return (good, bad)
    }

    @Test func theNewestIsReadBack() throws {
        let (web, db) = ("web.* gru", "größe* lstm")
        try store([
            GroupRecord(name: web, time: 5, state: [1, 2, 3]), GroupRecord(name: db, time: 6, state: []),
            GroupRecord(name: web, time: 7, state: Array(repeating: 9, count: 50_000)),
        ])
        try store([GroupRecord(name: db, time: 8, state: [4])])
        let read = try read()
        #expect(read.bad.isEmpty)
        #expect(
            read.good == [
                GroupRecord(name: db, time: 8, state: [4]),
                GroupRecord(name: web, time: 7, state: Array(repeating: 9, count: 50_000)),
            ])
        #expect(try sqlite(scratch.path, "SELECT count(*) FROM stream_group") == ["2"])
    }

    @Test func damageIsFound() throws {
        try store([GroupRecord(name: "a", time: 1, state: [1, 2]), GroupRecord(name: "b", time: 1, state: [1, 2])])
        _ = try sqlite(scratch.path, "UPDATE stream_group SET state = x'0103' WHERE name = 'b'")
        let read = try read()
        #expect(read.good.map(\.name) == ["a"] && read.bad == ["b"])
        var verification = try StoreVerification(path: scratch.path)
        #expect(try verification.run().findings.map(\.text) == ["the checksum of the network of the group b is wrong"])
        // A state that strayed into another group's row.
        _ = try sqlite(
            scratch.path,
            "UPDATE stream_group SET (checksum, state) = (SELECT checksum, state FROM stream_group WHERE name = 'a')")
        #expect(try self.read().bad == ["b"])
    }

    /// A file that an older version wrote last, which may only be read, has none.
    @Test func anOldFileHasNone() throws {
        try store([])
        _ = try sqlite(
            scratch.path, "DROP TABLE stream_group; DELETE FROM grdb_migrations WHERE identifier = '11-groups'")
        _ = try StoreReader(path: scratch.path).networkGroups()
        #expect(try read().good.isEmpty)
    }
}
