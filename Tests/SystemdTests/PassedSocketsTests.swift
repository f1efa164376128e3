import CReservedDescriptors
import Glibc
import Systemd
import Testing

/// Puts `descriptors` where a service manager puts them, at 3 and up, runs `body` there, and puts everything back. The
/// test runner's pipe to its parent may be there, which `body` must therefore not use: it records no issue.
private func passing<Result>(_ descriptors: [Int32], _ body: () throws -> Result) rethrows -> Result {
    precondition(descriptors.count <= Int(RESERVED_COUNT))
    let moved = descriptors.map { fcntl($0, F_DUPFD_CLOEXEC, 100) }
    let kept = descriptors.indices.map { fcntl(3 + Int32($0), F_DUPFD_CLOEXEC, 100) }
    for (index, descriptor) in moved.enumerated() { dup2(descriptor, 3 + Int32(index)) }
    defer {
        for (index, descriptor) in kept.enumerated() {
            if descriptor < 0 { close(3 + Int32(index)) } else { dup2(descriptor, 3 + Int32(index)) }
        }
        for descriptor in moved + kept where descriptor >= 0 { close(descriptor) }
    }
    setenv("LISTEN_PID", "\(getpid())", 1)
    setenv("LISTEN_FDS", "\(descriptors.count)", 1)
    return try body()
}

@Suite struct PassedSocketsTests {
    @Test func socketsAreTakenByNameWithTheirKind() async {
        await #expect(processExitsWith: .success) {
            let stream = try UnixSocket(SOCK_STREAM)
            let datagram = try UnixSocket(SOCK_DGRAM)
            defer {
                stream.remove()
                datagram.remove()
            }
            let tcp = try listeningTCPSocket()
            let file = open("/dev/null", O_RDONLY)
            let unconnected = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            let udp = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
            var pair: [Int32] = [0, 0]
            try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
            setenv("LISTEN_FDNAMES", "feed:log:feed:other:other:udp:c1", 1)

            let passed = [stream.descriptor, datagram.descriptor, tcp, file, unconnected, udp, pair[0]]
            let (sockets, flags, atPath, paths) = try passing(passed) {
                let sockets = try PassedSockets.take()
                return (
                    sockets,
                    sockets.all.map { fcntl($0.descriptor, F_GETFD) },
                    sockets.all.filter { $0.isBound(to: stream.path) },
                    sockets.all.map(\.path)
                )
            }
            #expect(sockets.all.map(\.descriptor) == [3, 4, 5, 6, 7, 8, 9])
            #expect(sockets.all.map(\.name) == ["feed", "log", "feed", "other", "other", "udp", "c1"])
            #expect(
                sockets.all.map(\.kind) == [.unixStream, .unixDatagram, .tcp, .other, .connection, .udp, .connection])
            #expect(sockets.named("feed").map(\.descriptor) == [3, 5])
            #expect(sockets.named("absent").isEmpty)
            #expect(flags.allSatisfy { $0 & FD_CLOEXEC != 0 })
            #expect(atPath.map(\.descriptor) == [3])
            #expect(paths == [stream.path, datagram.path, nil, nil, nil, nil, nil])
            #expect(getenv("LISTEN_FDS") == nil && getenv("LISTEN_PID") == nil && getenv("LISTEN_FDNAMES") == nil)
            let again = try PassedSockets.take()
            #expect(again.all.isEmpty)
        }
    }

    @Test func withoutNamesTheyAreUnknown() async {
        await #expect(processExitsWith: .success) {
            let stream = try UnixSocket(SOCK_STREAM)
            defer { stream.remove() }
            unsetenv("LISTEN_FDNAMES")
            let sockets = try passing([stream.descriptor]) { try PassedSockets.take() }
            #expect(sockets.all.map(\.name) == ["unknown"])
        }
    }

    @Test func whatIsMeantForAnotherProcessIsLeftAlone() async {
        await #expect(processExitsWith: .success) {
            setenv("LISTEN_PID", "1", 1)
            setenv("LISTEN_FDS", "1", 1)
            let sockets = try PassedSockets.take()
            #expect(sockets.all.isEmpty)
        }
    }

    @Test func aBrokenPromiseIsAnError() async {
        await #expect(processExitsWith: .success) {
            setenv("LISTEN_PID", "\(getpid())", 1)
            setenv("LISTEN_FDS", "some", 1)
            #expect(throws: SystemdError.self) { try PassedSockets.take() }

            let stream = try UnixSocket(SOCK_STREAM)
            defer { stream.remove() }
            setenv("LISTEN_FDNAMES", "one:two", 1)
            let result = passing([stream.descriptor]) { Swift.Result { try PassedSockets.take() } }
            #expect(throws: SystemdError.self) { try result.get() }
        }
    }
}
