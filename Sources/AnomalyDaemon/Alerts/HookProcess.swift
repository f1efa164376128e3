import FeedProtocol
import Foundation
import Glibc
import PointStore
import Synchronization

/// One run of a foreign program: given some bytes on stdin, what it prints in lines, and how it ends.
///
/// It is the leader of a process group of its own, so that a time-out reaches all that it has started. It gets no
/// descriptor of ours but the three that it should have, not our signal mask, and none of the variables that are about us.
struct HookProcess {
    enum End: Equatable {
        case exited(Int32)
        case killed(Int32)
        case timedOut
        case abandoned
        case notStarted(String)
    }

    /// Time between SIGTERM and SIGKILL, in microseconds.
    private static let grace: Int64 = 2_000_000
    /// How often it is looked at, in milliseconds.
    private static let glance: Int32 = 50
    private static let longestLine = 1000

    let command: [String]
    let environment: [String: String]
    /// In microseconds.
    let timeout: Int64

    /// Ours without what only concerns us: who is notified, and which descriptors were passed.
    static let environment: [String: String] = {
        let ours = [
            "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "FDSTORE",
            "JOURNAL_STREAM", "MEMORY_PRESSURE_WATCH", "MEMORY_PRESSURE_WRITE",
        ]
        return ProcessInfo.processInfo.environment.filter { !ours.contains($0.key) }
    }()

    /// Runs it to its end.
    ///
    /// - Parameters:
    ///   - say: gets each line that it prints.
    ///   - isAbandoned: asked all the time; true ends it.
    func run(_ input: [UInt8], say: (String) -> Void, isAbandoned: () -> Bool) -> End {
        let started: (child: pid_t, input: Int32, output: Int32)
        do {
            started = try Self.spawning.withLock { _ in try start() }
        } catch {
            return .notStarted("\(error)")
        }
        let (child, stdin, output) = started
        var streams = Streams(input: stdin, output: output, rest: input[...])
        defer { streams.end(say) }
        return wait(for: child, &streams, say, isAbandoned)
    }

    /// One at a time: Swift's Glibc module does not show pipe2(2), and between pipe(2) and fcntl(2) a descriptor would get
    /// into another child.
    private static let spawning = Mutex(())

    private struct SystemError: Error, CustomStringConvertible {
        let number: Int32
        var description: String { String(cString: strerror(number)) }
    }

    /// - Returns: the child, and our ends of its pipes.
    private func start() throws -> (child: pid_t, input: Int32, output: Int32) {
        let input = try Self.pipe()
        defer { close(input.reading) }
        let output: (reading: Int32, writing: Int32)
        do {
            output = try Self.pipe()
        } catch {
            close(input.writing)
            throw error
        }
        defer { close(output.writing) }
        var child: pid_t = 0
        let status = spawn(&child, input: input.reading, output: output.writing)
        guard status == 0 else {
            close(input.writing)
            close(output.reading)
            throw SystemError(number: status)
        }
        // Only ours: what the program reads and writes blocks, as programs expect.
        for descriptor in [input.writing, output.reading] {
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        }
        return (child, input.writing, output.reading)
    }

    private static func pipe() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0 else { throw SystemError(number: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private func spawn(_ child: inout pid_t, input: Int32, output: Int32) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
        // SwiftNIO opens sockets without CLOEXEC, at any time and on other threads. A new descriptor has the lowest free
        // number, so what is opened meanwhile lies in this range, too. Closing what is not open is no error.
        for descriptor in 3...Self.highestDescriptor + 64 {
            posix_spawn_file_actions_addclose(&actions, descriptor)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        let variables = environment.map { "\($0.key)=\($0.value.replacing("\0", with: ""))" }
        return Self.withCStrings(command) { arguments in
            Self.withCStrings(variables) { posix_spawn(&child, command[0], &actions, &attributes, arguments, $0) }
        }
    }

    private func wait(
        for child: pid_t, _ streams: inout Streams, _ say: (String) -> Void, _ isAbandoned: () -> Bool
    ) -> End {
        let start = SteadyClock.now
        var end: End?
        var termed: Int64?
        while true {
            streams.serve(within: Self.glance, say)
            var status: Int32 = 0
            if waitpid(child, &status, WNOHANG) == child {
                // What it has left running is not waited for, and does not stay after a time-out.
                if end != nil { kill(-child, SIGKILL) }
                // wait(2): the low seven bits are the signal, the next byte the exit status.
                return end ?? (status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .killed(status & 0x7f))
            }
            let now = SteadyClock.now
            if let termed {
                if now - termed > Self.grace { kill(-child, SIGKILL) }
            } else if now - start > timeout || isAbandoned() {
                end = now - start > timeout ? .timedOut : .abandoned
                termed = now
                kill(-child, SIGTERM)
            }
        }
    }

    private static var highestDescriptor: Int32 {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return max(3, names.compactMap { Int32($0) }.max() ?? 1024)
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let pointers = strings.map { strdup($0) }
        defer { pointers.forEach { free($0) } }
        return body(pointers + [nil])
    }

    /// Our ends of its pipes.
    private struct Streams {
        /// -1 once it is closed.
        var input: Int32
        var output: Int32
        /// Not written yet.
        var rest: ArraySlice<UInt8>
        private var line: [UInt8] = []

        init(input: Int32, output: Int32, rest: ArraySlice<UInt8>) {
            (self.input, self.output, self.rest) = (input, output, rest)
        }

        /// Writes and reads what can be, and waits for that for some milliseconds at most.
        mutating func serve(within milliseconds: Int32, _ say: (String) -> Void) {
            var states = [
                pollfd(fd: input, events: Int16(POLLOUT), revents: 0),
                pollfd(fd: output, events: Int16(POLLIN), revents: 0),
            ]
            if poll(&states, 2, milliseconds) <= 0 { return }
            if states[0].revents != 0 { write() }
            if states[1].revents != 0 { read(say) }
        }

        private mutating func write() {
            let count = rest.withUnsafeBytes { Glibc.write(input, $0.baseAddress, $0.count) }
            if count >= 0 { rest = rest.dropFirst(count) }
            // A program need not read it all, and SIGPIPE is ignored.
            if rest.isEmpty || count < 0 && errno != EAGAIN && errno != EINTR {
                close(input)
                input = -1
            }
        }

        private mutating func read(_ say: (String) -> Void) {
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = Glibc.read(output, &buffer, buffer.count)
            if count < 0, errno == EAGAIN || errno == EINTR { return }
            guard count > 0 else {
                close(output)
                output = -1
                return
            }
            for byte in buffer[..<count] {
                if byte == UInt8(ascii: "\n") {
                    tell(say)
                } else if line.count < HookProcess.longestLine {
                    line.append(byte)
                }
            }
        }

        private mutating func tell(_ say: (String) -> Void) {
            if !line.isEmpty { say(line.withUnsafeBytes { FeedExcerpt.printable($0) }) }
            line = []
        }

        /// Takes what it has printed last, and closes them.
        mutating func end(_ say: (String) -> Void) {
            for _ in 0..<64 where output >= 0 {
                var state = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
                guard poll(&state, 1, 0) > 0, state.revents & Int16(POLLIN) != 0 else { break }
                read(say)
            }
            tell(say)
            for descriptor in [input, output] where descriptor >= 0 { close(descriptor) }
        }
    }
}
