import Foundation
import Testing

/// `anomalyctl model snapshot`, `snapshots`, `rollback` and `reset`.
@Suite struct ModelSnapshotTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    @Test func aModelGoesBackAlsoAfterACrash() throws {
        let daemon = try folder.startReplaying()
        try daemon.feed(NoisyLines.text(1...700))
        let kept = try folder.anomalyctl("model", "snapshot", "di*", "-m", "before the move")
        #expect(kept.output == "disk: kept at point 700 as snapshot 1\n", "\(kept)")
        let list = try folder.anomalyctl("model", "snapshots", "-o", "csv", "--no-header").output
        #expect(list.hasPrefix("1,") && list.contains(",disk,700,") && list.hasSuffix(",before the move\n"), "\(list)")
        try daemon.feed(NoisyLines.text(701...1000, plus: 30))
        #expect(try folder.anomalyctl("model", "snapshot", "disk").output.hasSuffix("as snapshot 2\n"))
        let back = try folder.anomalyctl("model", "rollback", "disk", "1", "-m", "it was a test")
        #expect(back.output == "disk: goes on from snapshot 1 (point 700) from point 1,001 on\n", "\(back)")
        #expect(daemon.process.errors.contains("say rollback"))
        try daemon.feed(NoisyLines.text(1001...1200))
        // The network of that time predicts: what it learned of the other world would still show.
        let second =
            "SELECT min(prediction) > 0 AND max(prediction) < 1 FROM point WHERE sequence BETWEEN 1010 AND 1200"
        #expect(try daemon.query(second) == ["1"])

        try daemon.kill()
        let again = try folder.startReplaying()
        try again.feed(NoisyLines.text(1201...1300))
        try again.stop()
        // From the checkpoint at the rollback and from the first point, the same state comes about.
        try folder.expectSameReplay(at: 1300)
        // And if the newest snapshot was gone back to.
        let third = try folder.startReplaying()
        #expect(
            try folder.anomalyctl("model", "rollback", "disk").output.contains("goes on from snapshot 2 (point 1,000)"))
        try third.feed(NoisyLines.text(1301...1400))
        try third.kill()
        let fourth = try folder.startReplaying()
        try fourth.feed(NoisyLines.text(1401...1450))
        try fourth.stop()
        try folder.expectSameReplay(at: 1450)
    }

    @Test func aModelBeginsAnewAlsoAfterACrash() throws {
        let daemon = try folder.startReplaying()
        try daemon.feed(NoisyLines.text(1...400, spikes: [380: 12]) + NoisyLines.text(1...10, stream: "other"))
        #expect(try daemon.status().warmingStreams == 1)
        let reset = try folder.anomalyctl("model", "reset", "disk", "-m", "new sensor")
        #expect(reset.output == "disk: begins anew from point 401 on\n", "\(reset)")
        #expect(try daemon.status().warmingStreams == 2)
        try daemon.feed(NoisyLines.text(401...437, plus: 500))
        #expect(try daemon.query("SELECT prediction IS NULL FROM point WHERE sequence = 401") == ["1"])
        #expect(try daemon.query("SELECT count(*) FROM point WHERE sequence > 400 AND flags & 2") == ["37"])
        #expect(try folder.anomalyctl("streams", "disk").output.contains("37/128"))
        try daemon.kill()
        let again = try folder.startReplaying()
        try again.feed(NoisyLines.text(438...700, plus: 500))
        #expect(try again.query("SELECT count(*) FROM point WHERE flags & 2 AND stream_id = 1") == ["256"])
        try again.stop()
        try folder.expectSameReplay(at: 700)
    }

    @Test func whatCanNotBeGoneBackTo() throws {
        let daemon = try folder.startReplaying()
        try daemon.feed(NoisyLines.text(1...200) + NoisyLines.text(1...20, stream: "other"))
        let none = try folder.anomalyctl("model", "rollback", "disk")
        #expect(none.exit == .code(4) && none.errors.contains("no snapshot was taken of the stream"), "\(none)")
        for _ in 1...10 { #expect(try folder.anomalyctl("model", "snapshot", "disk").exit == .code(0)) }
        let ids = try folder.anomalyctl("model", "snapshots", "disk", "-o", "csv", "--no-header").output
        #expect(ids.split(separator: "\n").map { $0.split(separator: ",")[0] } == (3...10).map { "\($0)" })
        let gone = try folder.anomalyctl("model", "rollback", "disk", "2")
        #expect(gone.exit == .code(4) && gone.errors.contains("has no snapshot 2"), "\(gone)")
        #expect(try folder.anomalyctl("model", "rollback", "other", "5").exit == .code(4), "that of another stream")
        #expect(try folder.anomalyctl("model", "reset", "nosuch").exit == .code(4))
        #expect(try folder.anomalyctl("model", "reset").exit == .code(2))
        try daemon.stop()
        #expect(try folder.anomalyctl("model", "snapshots").exit == .code(0), "without a daemon, too")
        #expect(try folder.anomalyctl("model", "rollback", "disk").exit == .code(3))
        // A network of another size can't go on from it, and stays as it is.
        let other = try DaemonProcess.start(in: folder, settings: TemporaryFolder.replaying + ["model.hidden=8"])
        let misfit = try folder.anomalyctl("model", "rollback", "disk")
        #expect(misfit.exit == .code(1) && misfit.errors.contains("snapshot 10 does not fit its settings"), "\(misfit)")
        #expect(try other.query("SELECT count(*) FROM feedback WHERE action = 'rollback'") == ["0"])
        try other.feed(NoisyLines.text(201...220))
        try other.stop()
    }
}
