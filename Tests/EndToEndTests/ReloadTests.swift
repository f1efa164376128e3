import Foundation
import Testing

/// SIGHUP reads the configuration again, costs no connection, and a wrong file changes nothing.
@Suite struct ReloadTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func configure(_ text: String) throws { try folder.write(text, to: "anomalyd.toml") }

    @Test func limitsHoldAtOnce() throws {
        try configure("")
        let daemon = try DaemonProcess(in: folder, ["--config", folder("anomalyd.toml")])
        try daemon.waitUntilReady()
        let client = try daemon.client()
        try client.send("a 1 1\n")
        try client.sync()
        try configure("[feed]\nmax_connections = 2\n[daemon]\nmax_streams = 2\n[control]\nallow_users = [\"root\"]\n")
        daemon.process.signal(SIGHUP)
        try eventually("it is read") { daemon.process.errors.contains("the configuration was read again") }
        #expect(!daemon.process.errors.contains("at_next_start"))
        #expect(try daemon.status().maxConnections == 2)
        try client.send("b 1 1\nc 1 1\n")
        try client.sync()
        #expect(try daemon.query("SELECT name FROM stream ORDER BY name") == ["a", "b"])
        let second = try daemon.client()
        try second.send("a 2 2\n")
        try second.sync()
        let third = try daemon.client()
        #expect(try third.readLine() == nil)
        // Who was in stays.
        try configure("[feed]\nmax_connections = 1\n")
        daemon.process.signal(SIGHUP)
        try eventually("it is read once more") { try daemon.status().maxConnections == 1 }
        for feed in [client, second] {
            try feed.send("a 3 3\n")
            try feed.sync()
        }
        try daemon.stop()
    }

    @Test func whatCanBeIsChanged() throws {
        try configure("[daemon]\nlog_level = \"error\"\n")
        let daemon = try DaemonProcess(in: folder, ["--config", folder("anomalyd.toml")])
        try daemon.waitUntilReady()
        let client = try daemon.client()
        try client.send("no point\na 1 1\n")
        try client.sync()
        #expect(!daemon.process.errors.contains("rejected a line"))

        try configure(
            "[daemon]\nlog_level = \"info\"\n[model]\nhidden = 24\n[[stream]]\nmatch = \"x*\"\nmodel.k1 = 4\n")
        daemon.process.signal(SIGHUP)
        try eventually("it is told which keys must wait") {
            daemon.process.errors.contains(#"at_next_start="model.hidden [[stream]]""#)
        }
        try eventually("systemd is told") { daemon.notify.has("RELOADING=1") }
        let messages = daemon.notify.messages.map(\.text)
        let begun = try #require(messages.firstIndex(of: "RELOADING=1"))
        #expect(messages[begun...].contains { $0.hasPrefix("MONOTONIC_USEC=") })
        try eventually("systemd is told the end") { daemon.notify.messages.map(\.text)[begun...].contains("READY=1") }
        try client.send("no point\na 2 2\n")
        try client.sync()
        #expect(daemon.process.errors.contains("rejected a line"), "the level holds at once")

        try configure("[model]\nhiden = 24\n")
        daemon.process.signal(SIGHUP)
        try eventually("it is refused") { daemon.process.errors.contains("did you mean model.hidden") }
        #expect(daemon.process.errors.contains("the old one stays in force"))
        try client.send("a 3 3\n")
        try client.sync()
        #expect(try daemon.query("SELECT count(*) FROM point") == ["3"])
        try daemon.stop()
    }
}
