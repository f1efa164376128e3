import CSystemd
import Glibc

/// The journal's own protocol (sd_journal_sendv(3)).
public enum Journal {
    /// Whether there is a journal to send to. Without one, libsystemd drops messages and reports success.
    public static var isReachable: Bool { access("/run/systemd/journal/socket", W_OK) == 0 }

    /// Hands a message over.
    ///
    /// - Parameter fields: names of capital letters, digits and underscores, and what they hold.
    /// - Returns: false if the journal does not take it.
    public static func send(_ fields: [(name: String, value: String)]) -> Bool {
        let texts = fields.map { Array("\($0.name)=\($0.value)".utf8) }
        let bytes = texts.flatMap { $0 }
        return bytes.withUnsafeBytes { bytes in
            var offset = 0
            let parts = texts.map { text in
                defer { offset += text.count }
                return iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress.map { $0 + offset }),
                    iov_len: text.count)
            }
            return sd_journal_sendv(parts, Int32(parts.count)) == 0
        }
    }
}
