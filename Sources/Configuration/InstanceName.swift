/// The name of one of several daemons on a machine: what systemd has behind the `@` of a unit's name.
public struct InstanceName: Sendable, Equatable, CustomStringConvertible {
    public let description: String

    /// What is taken, as the end of a sentence that begins with "expected".
    public static let expectation = "1 to \(longest) letters, digits or any of \":-_.\\\", not beginning with a dot"

    /// So that `/run/anomalyd-instances/NAME/control.sock` fits a Unix socket's 107 bytes.
    private static let longest = 64

    /// - Returns: nil unless it is a name that systemd takes and that is safe as one of a folder.
    public init?(_ text: String) {
        let isSafe = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                return true
            default: return ":-_.\\".utf8.contains(byte)
            }
        }
        guard isSafe, (1...Self.longest).contains(text.utf8.count), !text.hasPrefix(".") else { return nil }
        description = text
    }
}
