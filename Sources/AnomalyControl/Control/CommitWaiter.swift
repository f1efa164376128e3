import ControlProtocol
import Glibc

/// Waits until the daemon says that it has committed something, so that nobody has to look again and again. Where no
/// daemon says so, it waits for a while.
package final class CommitWaiter {
    private let client: ControlClient
    /// The database that matters; the daemon may have another one.
    private let database: String
    private var connection: Int32?
    private var received: [UInt8] = []
    private var isMuteUntil = ContinuousClock.now

    /// How long to wait where nobody says anything, in milliseconds. SQLite then answers from the header of the
    /// write-ahead log, without reading a page.
    private static let interval: Int32 = 250
    /// The same while the daemon does: others may write to the file as well.
    private static let longInterval: Int32 = 5000
    /// Between two commits that come one upon the other.
    private static let pause: Int32 = 20
    /// Until a daemon that could not be asked is asked again.
    private static let retry = Duration.seconds(5)

    /// - Parameter database: absolute and without symbolic links.
    package init(_ client: ControlClient, database: String) {
        var client = client
        // Nobody should wait for a daemon that hangs.
        client.timeout = 500
        self.client = client
        self.database = database
    }

    deinit { leave() }

    /// Whether the daemon tells of its commits.
    package var isTold: Bool { connection != nil }

    /// Waits until something may have been committed.
    ///
    /// - Throws: `OutputClosed` if nobody reads the output any more.
    package func wait(for output: Output) throws {
        if connection == nil, ContinuousClock.now >= isMuteUntil { ask() }
        guard let connection else {
            try output.sleep(milliseconds: Self.interval)
            return
        }
        if try output.sleep(milliseconds: Self.longInterval, or: connection) {
            read(connection)
            try output.sleep(milliseconds: Self.pause)
        }
    }

    private func ask() {
        isMuteUntil = .now + Self.retry
        guard let opened = try? client.connect() else { return }
        connection = opened
        send(CommitRequest())
    }

    private func send(_ request: CommitRequest) {
        guard let connection, let line = try? ControlLine.encode(ControlRequest.awaitCommit(request)) else { return }
        // A line that is shorter than any socket's buffer.
        let sent = Glibc.send(connection, line, line.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
        if sent != line.count { leave() }
    }

    /// Takes an answer, and asks for the next: what is committed from now on is told, and what was before is looked at.
    private func read(_ connection: Int32) {
        var chunk = [UInt8](repeating: 0, count: 4096)
        let count = recv(connection, &chunk, chunk.count, Int32(MSG_DONTWAIT))
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        guard count > 0, received.count < ControlLine.maxLength else { return leave() }
        received += chunk[..<count]
        guard let end = received.firstIndex(of: UInt8(ascii: "\n")) else { return }
        let line = Array(received[..<end])
        received.removeSubrange(...end)
        guard case .commit(let reply) = try? ControlLine.decodeReply(line), reply.database == database else {
            return leave()
        }
        send(CommitRequest(after: reply.commits))
    }

    private func leave() {
        if let connection { close(connection) }
        connection = nil
        received = []
    }
}
