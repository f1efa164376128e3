import Foundation
import Testing

/// The HTTP server of the daemon, over both kinds of sockets.
@Suite struct WebTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func start(_ settings: [String] = [], passed: [Int32] = []) throws -> DaemonProcess {
        try DaemonProcess.start(
            in: folder,
            settings: [#"http.listen=["127.0.0.1:0", "unix:\#(folder("http.sock"))"]"#] + settings)
    }

    /// Its address over TCP, with the port that the kernel chose.
    private func address(_ daemon: DaemonProcess) throws -> String {
        try #require(try daemon.status().listeners.first { $0.hasPrefix("http://127.0.0.1:") })
    }

    @Test func healthOverBothSockets() throws {
        let daemon = try start()
        for place in [try address(daemon), folder("http.sock")] {
            let answer = try HTTPClient.get("/healthz", at: place)
            #expect(answer.status == 200 && answer.body == "ok\n")
            #expect(answer.fields["content-type"] == "text/plain; charset=utf-8")
            #expect(answer.fields["x-content-type-options"] == "nosniff")
            #expect(answer.fields["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'")
            #expect(answer.fields["cache-control"] == "no-store")
            #expect(answer.fields["date"]?.hasSuffix(" GMT") == true)
            let head = try HTTPClient.get("/healthz", at: place, method: "HEAD")
            #expect(head.status == 200 && head.body.isEmpty && head.fields["content-length"] == "3")
        }
        var status = stat()
        #expect(stat(folder("http.sock"), &status) == 0 && status.st_mode & 0o777 == 0o660)
        try daemon.stop()
        #expect(access(folder("http.sock"), F_OK) != 0)
    }

    @Test func whatIsNotThereIsSaidInPlainText() throws {
        let daemon = try start()
        let place = folder("http.sock")
        let missing = try HTTPClient.get("/nothing", at: place)
        #expect(missing.status == 404 && missing.body == "There is nothing at this path.\n")
        let options = try HTTPClient.get("/healthz", at: place, method: "OPTIONS")
        #expect(options.status == 204 && options.fields["allow"] == "GET, HEAD")
        let change = try HTTPClient.get("/healthz", at: place, method: "POST")
        #expect(change.status == 403 && change.body.contains("http.token_file"))
        let other = try HTTPClient.get("/healthz", at: try address(daemon), fields: ["Host: attacker.example"])
        #expect(other.status == 421 && other.body.contains("attacker.example"))
        try eventually("both are counted") {
            try daemon.status().refusedConnections == ["http-token": 1, "http-host": 1]
        }
        try daemon.stop()
    }

    @Test func theTokenOpens() throws {
        try Data("0123456789abcdef0123\n".utf8).write(to: URL(filePath: folder("token")))
        chmod(folder("token"), 0o600)
        let daemon = try start(["http.token_file=\(folder("token"))"])
        func post(_ token: String) throws -> Int {
            try HTTPClient.get(
                "/healthz", at: folder("http.sock"), method: "POST",
                fields: ["Host: localhost", "Authorization: Bearer \(token)", "Content-Length: 0"]
            ).status
        }
        #expect(try post("wrong") == 401)
        // There is nothing that takes it at this path.
        #expect(try post("0123456789abcdef0123") == 405)
        try daemon.stop()
    }

    /// Over a Unix socket the kernel says whose process it is; over TCP nobody does.
    @Test func whoSaidItIsNoted() throws {
        try Data("0123456789abcdef0123\n".utf8).write(to: URL(filePath: folder("token")))
        chmod(folder("token"), 0o600)
        let daemon = try start(["http.token_file=\(folder("token"))"])
        try daemon.feed("disk 1 60\n")
        let body = #"{"stream":"disk","action":"mute","seconds":60}"#
        for place in [folder("http.sock"), try address(daemon)] {
            let client = try HTTPClient(place)
            try client.send(
                "POST /api/v1/feedback HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer 0123456789abcdef0123\r\n"
                    + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n"
                    + body)
            let answer = try client.readAnswer()
            #expect(answer.status == 200, "\(answer)")
        }
        #expect(
            try daemon.query("SELECT ifnull(uid, 'nobody') FROM feedback ORDER BY id") == ["\(getuid())", "nobody"])
        try daemon.stop()
    }

    @Test func aTokenThatEverybodyReadsIsRefused() throws {
        try Data("0123456789abcdef0123\n".utf8).write(to: URL(filePath: folder("token")))
        chmod(folder("token"), 0o644)
        let (exit, _, errors) = try DaemonProcess.run(
            in: folder,
            ["--set", "http.listen=unix:\(folder("http.sock"))", "--set", "http.token_file=\(folder("token"))"])
        #expect(exit == .code(1) && errors.contains("chmod o-rw"))
    }

    @Test func otherMachinesNeedLeave() throws {
        let (exit, _, errors) = try DaemonProcess.run(in: folder, ["--set", "http.listen=0.0.0.0:0"])
        #expect(exit == .code(2) && errors.contains("http.allow_remote = true"))
    }

    @Test func nonsenseCostsOnlyItsConnection() throws {
        let daemon = try start()
        let place = try address(daemon)
        for nonsense in [
            "\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n",
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "x", count: 100_000))\r\n\r\n",
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + String(repeating: "A: b\r\n", count: 1000) + "\r\n",
            "GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        ] {
            let client = try HTTPClient(place)
            try? client.send(nonsense)
            client.endSending()
            #expect(try !client.readToEnd().contains("200 OK"))
        }
        let endless = try HTTPClient(place)
        try endless.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        let chunk = "1000\r\n" + String(repeating: "x", count: 4096) + "\r\n"
        // The daemon hangs up.
        #expect(throws: HarnessError.self) { for _ in 0..<10_000 { try endless.send(chunk) } }
        #expect(try HTTPClient.get("/healthz", at: place).status == 200)
        try daemon.stop()
    }

    @Test func oneConnectionTooMany() throws {
        let daemon = try start()
        let place = folder("http.sock")
        let idle = try (0..<128).map { _ in try HTTPClient(place) }
        try eventually("the next one is closed") { (try? HTTPClient(place).readToEnd()) == "" }
        #expect(daemon.log("refused a client").first?.contains("reason=http-max-connections") == true)
        withExtendedLifetime(idle) {}
        try daemon.stop()
    }

    /// Whoever holds a connection does not hold up the end.
    @Test func idleConnectionsAreClosedAtTheEnd() throws {
        let daemon = try start()
        let idle = try HTTPClient(folder("http.sock"))
        try idle.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try idle.readToEnd(or: "\r\n\r\nok\n").hasPrefix("HTTP/1.1 200 OK"))
        try daemon.stop(within: .seconds(30))
        #expect(try idle.readToEnd() == "")
    }

    @Test func aStaleSocketIsReplacedAndALiveOneIsNot() throws {
        let first = try start()
        try first.kill()
        #expect(access(folder("http.sock"), F_OK) == 0)
        let second = try start()
        let (exit, _, errors) = try DaemonProcess.run(
            in: try TemporaryFolder(), ["--set", "http.listen=unix:\(folder("http.sock"))"])
        #expect(exit == .code(1) && errors.contains("another process listens there"))
        #expect(try HTTPClient.get("/healthz", at: folder("http.sock")).status == 200)
        try second.stop()
    }

    @Test func aPassedSocketSpeaksHTTP() throws {
        let path = folder("passed.sock")
        let descriptor = try UnixSocket.bound(to: path, type: SOCK_STREAM)
        defer { close(descriptor) }
        let daemon = try DaemonProcess.start(
            in: folder, environment: ["LISTEN_FDS": "1", "LISTEN_FDNAMES": "http"],
            launcher: ["sh", "-c", "export LISTEN_PID=$$; exec \"$@\"", "sh"], passed: [descriptor])
        #expect(try HTTPClient.get("/healthz", at: path).body == "ok\n")
        try daemon.stop()
        // It is the service manager's.
        #expect(access(path, F_OK) == 0)
    }
}
