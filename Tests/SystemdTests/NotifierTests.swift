import Glibc
import Synchronization
import Systemd
import Testing

/// What a notifier's `onFailure` was told.
private final class Failures: Sendable {
    private let list = Mutex<[SystemdError]>([])
    var all: [SystemdError] { list.withLock { $0 } }
    func add(_ error: SystemdError) { list.withLock { $0.append(error) } }
}

@Suite struct NotifierTests {
    @Test func sendsTheProtocolOfTheServiceManager() async {
        await #expect(processExitsWith: .success) {
            let manager = try UnixSocket(SOCK_DGRAM)
            defer { manager.remove() }
            setenv("NOTIFY_SOCKET", manager.path, 1)
            let notifier = Notifier { Issue.record("\($0)") }
            #expect(notifier.address == manager.path)
            notifier.ready(status: "listening")
            notifier.ready()
            notifier.status("12 streams, 3.5 points/s")
            notifier.watchdog()
            notifier.extendTimeout(by: .milliseconds(1500))
            notifier.extendTimeout(by: .seconds(-1))
            notifier.extendTimeout(by: .seconds(Int64.max))
            notifier.stopping(status: "draining")
            #expect(
                manager.received() == [
                    "READY=1\nSTATUS=listening", "READY=1", "STATUS=12 streams, 3.5 points/s", "WATCHDOG=1",
                    "EXTEND_TIMEOUT_USEC=1500000", "EXTEND_TIMEOUT_USEC=0", "EXTEND_TIMEOUT_USEC=31536000000000",
                    "STOPPING=1\nSTATUS=draining",
                ])
        }
    }

    @Test func aStatusIsOneLineOfBoundedLength() async {
        await #expect(processExitsWith: .success) {
            let manager = try UnixSocket(SOCK_DGRAM)
            defer { manager.remove() }
            setenv("NOTIFY_SOCKET", manager.path, 1)
            let notifier = Notifier { Issue.record("\($0)") }
            notifier.status("a\nMAINPID=1\u{0}\r\u{7f}b é")
            notifier.status(String(repeating: "é", count: Notifier.maxStatusBytes))
            notifier.status("")
            let cut = String(repeating: "é", count: Notifier.maxStatusBytes / 2)
            #expect(manager.received() == ["STATUS=a MAINPID=1   b é", "STATUS=\(cut)", "STATUS="])
        }
    }

    @Test func doesNothingWhereNobodyListens() async {
        await #expect(processExitsWith: .success) {
            unsetenv("NOTIFY_SOCKET")
            let notifier = Notifier { Issue.record("\($0)") }
            #expect(notifier.address == nil)
            // Also when the variable appears later: the decision is made once.
            setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1)
            notifier.ready()
            notifier.watchdog()
            notifier.stopping()
        }
    }

    @Test func reportsOnlyTheFirstFailureOfARow() async {
        await #expect(processExitsWith: .success) {
            let manager = try UnixSocket(SOCK_DGRAM)
            setenv("NOTIFY_SOCKET", manager.path, 1)
            let failures = Failures()
            let notifier = Notifier { failures.add($0) }
            notifier.ready()
            #expect(failures.all.isEmpty)

            let elsewhere = manager.path + ".away"
            rename(manager.path, elsewhere)
            for _ in 0..<3 { notifier.watchdog() }
            let expected = SystemdError(
                operation: "send WATCHDOG=1", object: manager.path, code: ENOENT,
                expected: "the service manager's datagram socket in $NOTIFY_SOCKET")
            #expect(failures.all == [expected])
            #expect(
                "\(expected)" == "cannot send WATCHDOG=1 (\(manager.path)): No such file or directory; "
                    + "expected the service manager's datagram socket in $NOTIFY_SOCKET")

            rename(elsewhere, manager.path)
            notifier.watchdog()
            manager.remove()
            notifier.status("gone")
            notifier.watchdog()
            #expect(failures.all.map(\.operation) == ["send WATCHDOG=1", "send STATUS="])
        }
    }

    @Test func descriptorsAreLeftToTheManagerByName() async {
        await #expect(processExitsWith: .success) {
            let manager = try UnixSocket(SOCK_DGRAM)
            defer { manager.remove() }
            setenv("NOTIFY_SOCKET", manager.path, 1)
            #expect(Notifier.storeCapacity == 0)
            setenv("FDSTORE", "12", 1)
            #expect(Notifier.storeCapacity == 12)
            let notifier = Notifier { Issue.record("\($0)") }
            let file = try MemoryFile.make("test", Array("what is left".utf8))
            #expect(notifier.store(file, name: "state"))
            notifier.unstore(name: "c1")
            let (text, passed) = manager.receivedWithDescriptor()
            #expect(text == "FDSTORE=1\nFDPOLL=0\nFDNAME=state")
            // Another descriptor of the same file, as the next process would get it.
            #expect(passed != file)
            #expect(try MemoryFile.read(passed) == Array("what is left".utf8))
            #expect(manager.received() == ["FDSTOREREMOVE=1\nFDNAME=c1"])
            // Nobody answers.
            let deaf = Notifier { _ in }
            #expect(!deaf.barrier(within: .milliseconds(10)))
        }
    }

    @Test func aFileThatIsNoneCannotBeRead() {
        #expect(throws: SystemdError.self) { try MemoryFile.read(-1) }
    }
}
