import Foundation
import Glibc

/// Listens on a Unix socket and treats each connection as told.
final class FakeDaemon: Sendable {
    enum Manner: Sendable {
        /// Answers each line, in pieces of so many bytes.
        case answer([UInt8], pieces: Int)
        /// Reads, and says nothing.
        case silence
        /// Closes the connection after the first bytes.
        case hangUp
        /// Never accepts.
        case deaf
    }

    let path: String
    private let listener: Int32
    private let isDeaf: Bool

    init(_ manner: Manner) throws {
        path = NSTemporaryDirectory() + "ctl-\(UUID().uuidString.prefix(8)).sock"
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        isDeaf = if case .deaf = manner { true } else { false }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0, listen(listener, 0) == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
        if isDeaf { return }
        Thread.detachNewThread {
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { break }
                Self.serve(connection, manner)
                close(connection)
            }
            close(listener)
        }
    }

    deinit {
        // Ends the thread's accept(2). Whoever waits there must close: the number could belong to another by then.
        shutdown(listener, Int32(SHUT_RDWR))
        if isDeaf { close(listener) }
        unlink(path)
    }

    private static func serve(_ connection: Int32, _ manner: Manner) {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            switch manner {
            case .answer(let line, let size):
                for start in stride(from: 0, to: line.count, by: size) {
                    let piece = Array(line[start..<min(line.count, start + size)])
                    guard send(connection, piece, piece.count, Int32(MSG_NOSIGNAL)) == piece.count else { return }
                }
            case .silence: continue
            case .hangUp, .deaf: return
            }
        }
    }
}
