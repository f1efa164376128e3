import Glibc

/// A call of libsystemd that failed: what was tried, on what, why not, and what was expected instead.
public struct SystemdError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was tried, as a phrase: "send READY=1".
    public let operation: String
    /// What it was tried on: a socket's path, an environment variable, a file descriptor.
    public let object: String
    /// The cause, as a positive `errno` value.
    public let code: Int32
    /// What would have been right, as a phrase without a full stop.
    public let expected: String

    public init(operation: String, object: String, code: Int32, expected: String) {
        self.operation = operation
        self.object = object
        self.code = code
        self.expected = expected
    }

    public var description: String {
        "cannot \(operation) (\(object)): \(Self.text(of: code)); expected \(expected)"
    }

    /// `strerror` writes into one buffer for the whole process, so the reentrant form.
    private static func text(of code: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            buffer.initialize(repeating: 0)
            guard let start = buffer.baseAddress, strerror_r(code, start, buffer.count) == 0 else {
                return "error \(code)"
            }
            return String(cString: start)
        }
    }
}
