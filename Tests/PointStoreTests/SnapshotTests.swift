import AnomalyDetection
import Foundation
import PointStore
import Testing

/// States of models that somebody keeps.
@Suite struct SnapshotTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    private func snapshot(_ stream: Int32, at sequence: Int64) -> SnapshotRecord {
        SnapshotRecord(
            checkpoint: CheckpointRecord(
                stream: stream, sequence: sequence, format: 5, state: [1, 2, UInt8(truncatingIfNeeded: sequence)]),
            time: 1000 + sequence, message: "größe", user: 7)
    }

    private func store(_ change: (inout Commit) -> Void) throws {
        let store = try PointStore(path: scratch.path)
        var commit = Commit()
        change(&commit)
        #expect(!commit.isEmpty)
        try store.commit(&commit)
        try store.close()
    }

    @Test func theyAreReadBack() throws {
        try store {
            $0.streams = [stream(1), stream(2)]
            $0.snapshots = [snapshot(1, at: 3), snapshot(2, at: 4), snapshot(1, at: 5)]
        }
        let reader = try StoreReader(path: scratch.path)
        let all = try reader.snapshots()
        #expect(all.map(\.id) == [1, 2, 3] && all.map(\.stream) == [1, 2, 1] && all.map(\.sequence) == [3, 4, 5])
        #expect(
            all[2]
                == StoredSnapshot(
                    id: 3, stream: 1, sequence: 5, time: 1005, format: 5, bytes: 3, message: "größe", user: 7))
        #expect(try reader.snapshots(of: [2]).map(\.id) == [2])
        #expect(try reader.snapshot(3, of: 1) == snapshot(1, at: 5).checkpoint)
        #expect(try reader.snapshot(3, of: 2) == nil && reader.snapshot(4, of: 1) == nil)
        _ = try sqlite(scratch.path, "UPDATE snapshot SET state = x'00' WHERE id = 3")
        #expect(try storeError { _ = try reader.snapshot(3, of: 1) }.cause == .damaged)
        var verification = try StoreVerification(path: scratch.path)
        let report = try verification.run()
        #expect(report.findings.map(\.text) == ["the checksum of snapshot 3 is wrong"])
    }

    @Test func theOldestGo() throws {
        try store {
            $0.streams = [stream(1), stream(2)]
            $0.snapshots = [snapshot(2, at: 1)] + (1...6).map { snapshot(1, at: $0) }
        }
        try store { $0.snapshots = (7...11).map { snapshot(1, at: $0) } }
        let reader = try StoreReader(path: scratch.path)
        #expect(try reader.snapshots(of: [1]).map(\.sequence) == Array(4...11))
        #expect(try reader.snapshots(of: [2]).count == 1)
    }

    /// A restart may begin at the older checkpoint, and come to a rollback behind it.
    @Test func whatARestartMayNeedStays() throws {
        try store {
            $0.streams = [stream(1)]
            $0.points = rows(1, 1...30)
            $0.snapshots = [snapshot(1, at: 1)]
            $0.checkpoints = [CheckpointRecord(stream: 1, sequence: 2, state: [1])]
        }
        try store {
            var rollback = FeedbackRecord(stream: 1, sequence: 10, isSilent: false, time: 5, action: .rollback)
            rollback.snapshot = 1
            $0.feedback = [rollback]
            $0.checkpoints = [CheckpointRecord(stream: 1, sequence: 10, state: [2])]
            $0.snapshots = (11...20).map { snapshot(1, at: $0) }
        }
        let reader = try StoreReader(path: scratch.path)
        #expect(try reader.feedback(of: 1).map(\.snapshot) == [1])
        #expect(try reader.snapshots().map(\.id) == [1] + Array(4...11))
        // Both checkpoints are behind it.
        for sequence in [21, 22] as [Int64] {
            try store { $0.checkpoints = [CheckpointRecord(stream: 1, sequence: sequence, state: [3])] }
        }
        try store { $0.snapshots = [snapshot(1, at: 23)] }
        #expect(try reader.snapshots().map(\.id) == Array(5...12))
    }

    /// They are brought over, but for those that are damaged, and numbers are not given again.
    @Test func theyAreSalvaged() throws {
        try store {
            $0.streams = [stream(1)]
            $0.points = rows(1, 1...30)
            $0.snapshots = (1...4).map { snapshot(1, at: $0) }
        }
        _ = try sqlite(scratch.path, "UPDATE snapshot SET state = x'00' WHERE id = 2")
        let new = scratch.directory + "/new.db"
        var salvage = try Salvage(scratch.path, to: new)
        _ = try salvage.run()
        #expect(try StoreReader(path: new).snapshots().map(\.id) == [1, 3, 4])
        let again = try PointStore(path: new)
        var commit = Commit()
        commit.snapshots = [snapshot(1, at: 30)]
        try again.commit(&commit)
        try again.close()
        #expect(try StoreReader(path: new).snapshots().map(\.id) == [1, 3, 4, 5])
    }

    @Test func aDatabaseOfBeforeHasNone() throws {
        _ = try sqlite(scratch.path, OldSchema.version1)
        #expect(try StoreReader(path: scratch.path).snapshots() == [])
        #expect(try StoreReader(path: scratch.path).snapshot(1, of: 1) == nil)
        // What was said before there were more kinds of it is read as it was.
        try PointStore(path: scratch.path).close()
        _ = try sqlite(
            scratch.path,
            """
            INSERT INTO stream (id, name, channels, created) VALUES (1, 'a', 1, 0);
            INSERT INTO feedback (stream_id, sequence, silent, time, action, message) VALUES (1, 5, 0, 9, 'freeze', 'x');
            """)
        let said = try StoreReader(path: scratch.path).feedback(of: 1)
        #expect(
            said == [
                FeedbackRecord(stream: 1, sequence: 5, isSilent: false, time: 9, action: .freeze, message: "x")
            ])
    }
}
