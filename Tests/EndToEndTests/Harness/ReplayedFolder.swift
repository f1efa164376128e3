import Testing

/// Daemons whose restarts replay what no order has made a checkpoint of, and that begin with random weights, as a replay
/// from the very first point does as well.
extension TemporaryFolder {
    static let replaying = ["storage.checkpoint_interval=1d", "model.initial="]

    func startReplaying() throws -> DaemonProcess {
        let daemon = try DaemonProcess.start(in: self, settings: Self.replaying)
        try daemon.waitUntilRestored()
        return daemon
    }

    /// The state at a point is that which comes of a replay from the stream's first point, through all that was said.
    func expectSameReplay(at point: Int) throws {
        let database = self("anomaly.db")
        let state = "SELECT hex(state) FROM checkpoint WHERE sequence = \(point)"
        let before = try SQLiteShell.run(state, on: database)
        #expect(before.count == 1)
        try SQLiteShell.run("DELETE FROM checkpoint", on: database, writable: true)
        try startReplaying().stop()
        #expect(try SQLiteShell.run(state, on: database) == before)
        #expect(try anomalyctl("db", "verify").exit == .code(0))
    }
}

extension DaemonProcess {
    /// Sends lines and waits until they are stored.
    func feed(_ lines: String) throws {
        let client = try client()
        try client.send(lines)
        try client.sync()
    }
}
