import Glibc

/// Lines of a descriptor, one after the other: of a file, or of a person at a terminal.
struct SQLInput {
    private let descriptor: Int32
    private var bytes: [UInt8] = []
    private var isAtEnd = false

    enum Line: Equatable {
        /// Without its line feed.
        case text(String)
        /// Ctrl-C was pressed meanwhile.
        case interrupted
        case end
    }

    var isTerminal: Bool { isatty(descriptor) == 1 }

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// - Throws: `Failure` if it cannot be read.
    mutating func next() throws -> Line {
        while true {
            if let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: bytes[..<end], as: UTF8.self)
                bytes.removeSubrange(...end)
                return .text(line)
            }
            if isAtEnd {
                if bytes.isEmpty { return .end }
                defer { bytes = [] }
                return .text(String(decoding: bytes, as: UTF8.self))
            }
            if try !fill() { return .interrupted }
        }
    }

    /// Forgets what was typed ahead.
    mutating func discard() { bytes = [] }

    /// False: a signal came first.
    private mutating func fill() throws -> Bool {
        // Unlike read(2), poll(2) is not begun anew after a signal.
        var state = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&state, 1, -1) >= 0 else {
            if errno == EINTR { return !Interruption.happened }
            throw Self.failure
        }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = read(descriptor, &buffer, buffer.count)
        if count < 0, errno != EINTR, errno != EAGAIN { throw Self.failure }
        isAtEnd = count == 0
        bytes.append(contentsOf: buffer[..<max(0, count)])
        return true
    }

    private static var failure: Failure {
        Failure(.failure, "cannot read the statements: \(String(cString: strerror(errno)))")
    }
}
