import AnomalyDaemon
import PointStore
import Testing

@Suite struct StorageTroubleTests {
    private static let second: Int64 = 1_000_000

    @Test func pausesGrowAndAreBounded() {
        var trouble = StorageTrouble()
        let pauses = (0..<8).map { trouble.failed(now: Int64($0)).pause }
        #expect(pauses == [250_000, 500_000, 1_000_000, 2_000_000, 4_000_000, 5_000_000, 5_000_000, 5_000_000])
        for _ in 0..<1000 { #expect(trouble.failed(now: 9).pause == StorageTrouble.longestPause) }
    }

    @Test func theJournalHearsOfTheBeginningNowAndThenAndTheEnd() {
        var trouble = StorageTrouble()
        #expect(trouble.succeeded(now: 0) == nil)
        var messages: [(at: Int64, StorageTrouble.Advice.Message)] = []
        // Every 5 s for 25 minutes.
        for now in stride(from: 100 as Int64, to: 1600, by: 5) {
            let message = trouble.failed(now: now * Self.second).message
            if message != .none { messages.append((now - 100, message)) }
        }
        #expect(messages.map(\.at) == [0, 600, 1200])
        #expect(messages.map(\.1) == [.began, .lasts(seconds: 600), .lasts(seconds: 1200)])
        let end = trouble.succeeded(now: 1700 * Self.second)
        #expect(end?.seconds == 1600 && end?.attempts == 300)
        #expect(trouble.succeeded(now: 1700 * Self.second) == nil)
        let anew = trouble.failed(now: 1800 * Self.second)
        #expect(anew.message == .began && anew.pause == StorageTrouble.shortestPause)
    }

    @Test func aLogThatGrowsIsReportedOnceThenNowAndThen() {
        var watch = WALWatch()
        #expect(WALWatch.mostBytes == 512 << 20)
        var findings: [(at: Int64, WALWatch.Finding)] = []
        for now in 0..<2000 as Range<Int64> {
            let bytes = (100..<1500).contains(now) ? WALWatch.mostBytes + 1 : WALWatch.mostBytes
            let finding = watch.look(bytes: bytes, now: now * Self.second)
            if finding != .nothing { findings.append((now, finding)) }
        }
        #expect(findings.map(\.at) == [100, 700, 1300, 1500])
        #expect(findings.map(\.1) == [.tooLarge, .tooLarge, .tooLarge, .over])
    }
}

@Suite struct RebaseTests {
    private func points(_ stream: Int32, _ sequences: ClosedRange<Int64>) -> [PointRow] {
        sequences.map {
            PointRow(
                stream: stream, channel: 0, sequence: $0, time: $0, value: 0, prediction: 0, lower: 0, upper: 0,
                residual: 0, score: 0, flags: [])
        }
    }

    private func batch(_ points: [PointRow], checkpoints: [(Int32, Int64)] = []) -> Commit {
        var commit = Commit()
        commit.points = points
        commit.checkpoints = checkpoints.map { CheckpointRecord(stream: $0.0, sequence: $0.1, state: []) }
        return commit
    }

    @Test func pointsWaitForTheirCheckpoint() {
        var rebase = Rebase(of: [1, 2])
        // Stream 3 is new: its points begin with the first.
        let first = rebase.admit(batch(points(1, 5...6) + points(2, 9...9) + points(3, 1...2)))
        #expect(first.points == points(3, 1...2))
        #expect(rebase.rows == 3 && rebase.missing == 2)
        let second = rebase.admit(batch(points(1, 7...7), checkpoints: [(1, 7)]))
        #expect(second.points == points(1, 5...7) && second.checkpoints.map(\.sequence) == [7])
        #expect(rebase.admit(batch(points(1, 8...8) + points(2, 10...10))).points == points(1, 8...8))
        #expect(!rebase.isDone)
        let last = rebase.admit(batch([], checkpoints: [(1, 8), (2, 10)]))
        #expect(last.points == points(2, 9...10) && rebase.isDone && rebase.rows == 0)
    }

    @Test func whatWaitedIsKeptWhenTheNewDatabaseIsDamagedToo() {
        var rebase = Rebase(of: [1, 2])
        _ = rebase.admit(batch(points(1, 5...6) + points(2, 9...9)))
        _ = rebase.admit(batch([], checkpoints: [(1, 6)]))
        var again = Rebase(of: [1], after: rebase)
        #expect(again.missing == 2 && again.rows == 1)
        #expect(again.admit(batch(points(1, 7...7), checkpoints: [(2, 9)])).points == points(2, 9...9))
        #expect(again.admit(batch([], checkpoints: [(1, 7)])).points == points(1, 7...7))
        #expect(again.isDone)
    }
}
