package import ControlProtocol
import Glibc
import Presentation

/// Asks the daemon, one question a connection, and waits for the answer.
package struct ControlClient: Sendable {
    /// The control socket.
    package var path: String
    /// How long connecting and waiting for the whole reply may take together, in milliseconds.
    package var timeout: Int

    package init(path: String, timeout: Int = 5000) {
        self.path = path
        self.timeout = timeout
    }

    /// - Returns: the daemon's status.
    /// - Throws: `Failure` with `daemonNotRunning`, `notPermitted` or `failure`.
    package func status() throws(Failure) -> DaemonStatus {
        switch try ask(.status) {
        case .status(let status): return status
        case .error(let error): throw failure(error)
        default: throw misplaced
        }
    }

    /// - Returns: what the daemon measures of itself.
    /// - Throws: as `status()`.
    package func metrics() throws(Failure) -> MetricsReply {
        switch try ask(.metrics) {
        case .metrics(let reply): return reply
        case .error(let error) where error.code == .unknownRequest:
            throw Failure(
                .failure, "the daemon at \(path) has no metrics: it is of an older version",
                hint: "restart it after the upgrade; try: systemctl restart anomalyd")
        case .error(let error): throw failure(error)
        default: throw misplaced
        }
    }

    /// Has the daemon store some hindsight. Returns when it is durable.
    ///
    /// - Returns: the number of the run that it belongs to.
    /// - Throws: as `status()`.
    package func store(_ hindsight: HindsightRequest) throws(Failure) -> Int64 {
        switch try ask(.hindsight(hindsight)) {
        case .hindsight(let reply): return reply.run
        case .error(let error) where error.code == .unknownRequest:
            throw Failure(
                .failure, "the daemon at \(path) can't store hindsight: it is of an older version",
                hint: "restart it after the upgrade; try: systemctl restart anomalyd")
        case .error(let error): throw failure(error)
        default: throw misplaced
        }
    }

    /// Tells the daemon something of a stream. Returns when that is durable.
    ///
    /// - Returns: how many points the stream had.
    /// - Throws: as `status()`.
    package func tell(_ feedback: FeedbackRequest) throws(Failure) -> Int64 {
        var patient = self
        patient.timeout = max(timeout, 60_000)
        switch try patient.ask(.feedback(feedback)) {
        case .feedback(let reply): return reply.points
        case .error(let error) where error.code == .unknownRequest:
            throw Failure(
                .failure, "the daemon at \(path) can't be told: it is of an older version",
                hint: "restart it after the upgrade; try: systemctl restart anomalyd")
        case .error(let error): throw failure(error)
        default: throw misplaced
        }
    }

    /// Has the daemon tell a sink, or all, a test, and waits for the answers.
    ///
    /// - Throws: as `status()`.
    func testAlerts(_ sink: String?) throws(Failure) -> AlertTestReply {
        var patient = self
        patient.timeout = max(timeout, 60_000)
        switch try patient.ask(.testAlerts(AlertTestRequest(sink: sink))) {
        case .testedAlerts(let reply): return reply
        case .error(let error) where error.code == .unknownRequest:
            throw Failure(
                .failure, "the daemon at \(path) knows no alerts: it is of an older version",
                hint: "restart it after the upgrade; try: systemctl restart anomalyd")
        case .error(let error): throw failure(error)
        default: throw misplaced
        }
    }

    /// Has the daemon give streams the weights of a model. Waits longer than for other things, as that ends with a
    /// commit.
    ///
    /// - Throws: `Failure`, with `unknownStream` if a stream does not exist.
    package func importModel(_ request: ImportModel) throws(Failure) -> ImportedModel {
        var patient = self
        patient.timeout = max(timeout, 60_000)
        switch try patient.ask(.importModel(request)) {
        case .importedModel(let imported): return imported
        case .error(let error): throw failure(error)
        default: throw misplaced
        }
    }

    /// Has the daemon make its database small, or asks how far that is.
    ///
    /// - Throws: as `status()`.
    package func vacuum(begin: Bool) throws(Failure) -> VacuumReply {
        var patient = self
        patient.timeout = max(timeout, 60_000)
        switch try patient.ask(.vacuum(VacuumRequest(begin: begin))) {
        case .vacuum(let reply): return reply
        case .error(let error) where error.code == .unknownRequest:
            throw Failure(
                .failure, "the daemon at \(path) can't make its database small: it is of an older version",
                hint: "restart it after the upgrade; try: systemctl restart anomalyd")
        case .error(let error): throw failure(error)
        default: throw misplaced
        }
    }

    private var misplaced: Failure {
        Failure(.failure, "the daemon at \(path) answers another question than it was asked")
    }

    /// Sends one request and reads one reply.
    package func ask(_ request: ControlRequest) throws(Failure) -> ControlReply {
        let deadline = Self.milliseconds() + timeout
        let connection = try connect()
        defer { close(connection) }
        do {
            let line = try ControlLine.encode(request)
            guard line.count <= ControlLine.maxRequestLength else {
                throw Failure(
                    .failure,
                    "the request has \(line.count) bytes, more than the \(ControlLine.maxRequestLength) that "
                        + "the daemon takes", hint: "stop the daemon to import a model of this size")
            }
            try send(line, over: connection, until: deadline)
            return try ControlLine.decodeReply(try receive(from: connection, until: deadline))
        } catch let error as ControlError {
            throw failure(error)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(.failure, "cannot ask the daemon at \(path): \(error)")
        }
    }

    private func failure(_ error: ControlError) -> Failure {
        let status: ExitStatus =
            switch error.code {
            case .notPermitted: .notPermitted
            case .unknownStream: .unknownStream
            default: .failure
            }
        return Failure(status, "the daemon at \(path) refuses: \(error.message)")
    }

    /// A connection to the daemon; whoever asks for it closes it.
    func connect() throws(Failure) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path) - 1
        guard path.utf8.count <= room else {
            throw Failure(.usage, "the socket's path is longer than the \(room) bytes that unix(7) allows: \(path)")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure("open a socket for", errno) }
        // On connect(2) to a socket whose backlog is full, this is the time-out (unix(7), EAGAIN).
        var limit = timeval(tv_sec: timeout / 1000, tv_usec: timeout % 1000 * 1000)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let result = withUnsafePointer(to: address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            let error = errno
            close(descriptor)
            throw failure("connect to", error)
        }
        return descriptor
    }

    /// What an error of the operating system means.
    private func failure(_ operation: String, _ error: Int32) -> Failure {
        let message = "cannot \(operation) \(path): \(String(cString: strerror(error)))"
        return switch error {
        case ENOENT, ECONNREFUSED, ENOTDIR, ECONNRESET, EPIPE:
            Failure(.daemonNotRunning, message, hint: "is the daemon running? try: systemctl start anomalyd")
        case EACCES, EPERM:
            Failure(
                .notPermitted, message, hint: "are you in the group anomalyd? try: id; sudo usermod -aG anomalyd $USER")
        case EAGAIN: timedOut
        default: Failure(.failure, message)
        }
    }

    private var timedOut: Failure {
        Failure(
            .failure, "the daemon at \(path) did not answer within \(RelativeSpan.text(Int64(timeout) * 1000))",
            hint: "it may be overloaded or stopping; try: journalctl -u anomalyd -e")
    }

    private func send(_ line: [UInt8], over connection: Int32, until deadline: Int) throws(Failure) {
        var sent = 0
        while sent < line.count {
            try wait(for: POLLOUT, on: connection, until: deadline)
            let count = line[sent...].withUnsafeBytes {
                Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            }
            if count >= 0 {
                sent += count
            } else if errno != EINTR, errno != EAGAIN {
                throw failure("write to", errno)
            }
        }
    }

    /// One line, without its line feed.
    private func receive(from connection: Int32, until deadline: Int) throws(Failure) -> [UInt8] {
        var line: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            try wait(for: POLLIN, on: connection, until: deadline)
            let count = recv(connection, &chunk, chunk.count, Int32(MSG_DONTWAIT))
            if count > 0 {
                if let end = chunk[..<count].firstIndex(of: UInt8(ascii: "\n")) {
                    return line + chunk[..<end]
                }
                line += chunk[..<count]
                guard line.count <= ControlLine.maxLength else {
                    throw Failure(.failure, "the reply from \(path) is longer than any that anomalyd gives")
                }
            } else if count == 0 {
                throw Failure(
                    .failure, "\(path) closed the connection without a whole reply",
                    hint: "is this the control socket, and not the feed? try: journalctl -u anomalyd -e")
            } else if errno != EINTR, errno != EAGAIN {
                throw failure("read from", errno)
            }
        }
    }

    private func wait(for event: Int32, on connection: Int32, until deadline: Int) throws(Failure) {
        var state = pollfd(fd: connection, events: Int16(event), revents: 0)
        while true {
            let left = deadline - Self.milliseconds()
            guard left > 0 else { throw timedOut }
            let ready = poll(&state, 1, Int32(clamping: left))
            if ready > 0 { return }
            if ready < 0, errno != EINTR { throw failure("wait for", errno) }
        }
    }

    /// A clock that is never set.
    private static func milliseconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }
}
