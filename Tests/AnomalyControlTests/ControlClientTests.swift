import AnomalyControl
import ControlProtocol
import Foundation
import Testing

@Suite struct ControlClientTests {
    @Test(arguments: [1, 7, 1 << 20])
    func readsAStatusInAnyPieces(size: Int) throws {
        let daemon = try FakeDaemon(.answer(ControlLine.encode(ControlReply.status(SampleStatus.busy)), pieces: size))
        #expect(try ControlClient(path: daemon.path).status() == SampleStatus.busy)
    }

    private func failureOfAsking(_ path: String, timeout: Int = 5000) -> Failure? {
        #expect(throws: Failure.self) { try ControlClient(path: path, timeout: timeout).status() }
    }

    @Test func nobodyListens() throws {
        let missing = failureOfAsking("/nonexistent/control.sock")
        #expect(missing?.status == .daemonNotRunning)
        #expect(missing?.message == "cannot connect to /nonexistent/control.sock: No such file or directory")
        #expect(missing?.hint == "is the daemon running? try: systemctl start anomalyd")

        // A socket that a killed daemon has left behind.
        let stale = NSTemporaryDirectory() + "ctl-stale-\(UUID().uuidString.prefix(8)).sock"
        defer { try? FileManager.default.removeItem(atPath: stale) }
        do {
            let daemon = try FakeDaemon(.silence)
            try FileManager.default.moveItem(atPath: daemon.path, toPath: stale)
        }
        #expect(failureOfAsking(stale)?.status == .daemonNotRunning)
    }

    @Test func silenceTimesOut() throws {
        let daemon = try FakeDaemon(.silence)
        let failure = failureOfAsking(daemon.path, timeout: 200)
        #expect(failure?.status == .failure)
        #expect(failure?.message == "the daemon at \(daemon.path) did not answer within 0.2s")
    }

    @Test func aFullBacklogTimesOut() throws {
        let daemon = try FakeDaemon(.deaf)
        var failures: [Failure?] = []
        // The first ones fill the backlog, and wait for an answer; the last ones wait to connect.
        for _ in 0..<4 { failures.append(failureOfAsking(daemon.path, timeout: 100)) }
        let message = "the daemon at \(daemon.path) did not answer within 0.1s"
        #expect(failures.map { $0?.message } == [message, message, message, message])
    }

    @Test func hangingUpIsNotAnAnswer() throws {
        let daemon = try FakeDaemon(.hangUp)
        let failure = failureOfAsking(daemon.path)
        #expect(failure?.status == .failure)
        #expect(failure?.message == "\(daemon.path) closed the connection without a whole reply")
    }

    @Test func endlessReplies() throws {
        let noise = [UInt8](repeating: UInt8(ascii: "x"), count: ControlLine.maxLength + 100_000)
        let daemon = try FakeDaemon(.answer(noise, pieces: 65_536))
        #expect(failureOfAsking(daemon.path)?.message.contains("is longer than any that") == true)
    }

    @Test func refusalsKeepTheirMeaning() throws {
        for (code, status) in [
            (ControlError.Code.notPermitted, ExitStatus.notPermitted), (.unknownRequest, .failure),
            (ControlError.Code(rawValue: "from_the_future"), .failure),
        ] {
            let reply = ControlReply.error(ControlError(code: code, message: "because"))
            let daemon = try FakeDaemon(.answer(ControlLine.encode(reply), pieces: 1000))
            #expect(
                failureOfAsking(daemon.path) == Failure(status, "the daemon at \(daemon.path) refuses: because"))
        }
    }

    @Test func tooLongPath() {
        #expect(failureOfAsking("/" + String(repeating: "x", count: 120))?.status == .usage)
    }

    @Test func statusCommand() throws {
        let daemon = try FakeDaemon(.answer(ControlLine.encode(ControlReply.status(SampleStatus.busy)), pieces: 1000))
        let json = try InProcess().output("--socket", daemon.path, "status", "-o", "json")
        #expect(json == String(decoding: try ControlLine.encode(SampleStatus.busy), as: UTF8.self))
        #expect(try InProcess().output("status", "--socket", daemon.path).contains("      Main PID: 4711 "))
    }
}
