import Foundation

/// One connection of the crash tests. It sends as fast as the daemon takes it, on a thread of its own, until the daemon
/// dies or it has sent enough; then it knows what has been confirmed.
final class CrashConnection: @unchecked Sendable {
    // @unchecked: while the thread runs, what is variable belongs to it; before and after, to the test.

    let number: Int
    private let feed: CrashFeed
    /// Lines from the first on that a `!synced` has confirmed.
    private(set) var confirmed = 0
    /// Lines from the first on that have been sent, if perhaps to a daemon that died.
    private(set) var sent = 0
    private var failure: (any Error)?
    private var client: FeedClient?
    private var random = SplitMix(seed: 0)
    private let ended = DispatchSemaphore(value: 0)

    init(_ number: Int, of feed: CrashFeed) {
        self.number = number
        self.feed = feed
    }

    /// Connects, and starts to send: from the first line that is not confirmed, so many lines at most, with a `!sync`
    /// every now and then and at the end.
    func start(to daemon: DaemonProcess, lines: Int, using random: inout SplitMix) throws {
        client = try daemon.client()
        let end = confirmed + lines
        self.random = SplitMix(seed: random.next())
        Thread { [self] in
            do {
                send(upTo: end)
                try takeAnswers(upTo: end)
            } catch {
                failure = error
            }
            client = nil
            ended.signal()
        }.start()
    }

    /// Waits until the daemon has died or everything is confirmed.
    ///
    /// - Throws: `HarnessError` if the daemon gave a wrong answer, or none.
    func finish() throws {
        ended.wait()
        defer { failure = nil }
        if let failure { throw failure }
    }

    private func send(upTo end: Int) {
        var next = confirmed
        while next < end {
            let piece = min(end, next + Int.random(in: 1...400, using: &random))
            var text = (next..<piece).map { feed.line($0, of: number) + "\n" }.joined()
            if piece == end || random.next() % 2 == 0 { text += "!sync \(piece)\n" }
            // A part of the text may have arrived, and a part of a line.
            sent = max(sent, piece)
            guard (try? client?.send(text)) != nil else { return }
            next = piece
        }
    }

    private func takeAnswers(upTo end: Int) throws {
        while confirmed < end, let line = try client?.readLine() {
            guard line.hasPrefix("!synced "), let position = Int(line.dropFirst(8)), position > confirmed else {
                throw HarnessError("unexpected answer to !sync: \(line)")
            }
            confirmed = position
        }
    }
}
