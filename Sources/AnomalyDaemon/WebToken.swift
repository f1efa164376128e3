// With Hummingbird in the target, the compiler takes glibc's structures for libdispatch's.
import CDispatch
import Foundation

/// The secret that whoever changes something over HTTP must have.
enum WebToken {
    /// Name of the credential (systemd.exec(5), `LoadCredential=`).
    static let credential = "http-token"

    /// - Parameters:
    ///   - file: of `http.token_file`; empty if it names none.
    ///   - credentials: the service manager's folder; nil if there is none.
    /// - Returns: nil if there is none.
    /// - Throws: `WebTokenError`.
    static func read(file: String, credentials: String?) throws -> String? {
        if !file.isEmpty { return try read(file, mayBeShared: false) }
        guard let path = credentials.map({ $0 + "/" + credential }), access(path, F_OK) == 0 else { return nil }
        // The service manager sees to it that nobody else reads it.
        return try read(path, mayBeShared: true)
    }

    private static func read(_ path: String, mayBeShared: Bool) throws -> String {
        let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw WebTokenError(path: path, cause: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw WebTokenError(path: path, cause: String(cString: strerror(errno)))
        }
        if !mayBeShared, status.st_mode & mode_t(S_IROTH | S_IWOTH) != 0 {
            throw WebTokenError(path: path, cause: "every user may read or write it; try: chmod o-rw")
        }
        var bytes = [UInt8](repeating: 0, count: 2048)
        let count = Foundation.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw WebTokenError(path: path, cause: String(cString: strerror(errno))) }
        var token = bytes.prefix(count)
        while let last = token.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { token.removeLast() }
        guard (16...1024).contains(token.count), token.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw WebTokenError(
                path: path,
                cause: "expected one line of 16 to 1024 letters, digits and signs; try: openssl rand -hex 32")
        }
        return String(decoding: token, as: UTF8.self)
    }
}

/// Why a token can't be used.
struct WebTokenError: Error, CustomStringConvertible {
    let path: String
    let cause: String
    var description: String { "cannot use the token in \(path): \(cause)" }
}
