import Glibc

/// How these programs fail: at once, with a message.
public enum Failure {
    /// Ends the program with status 1.
    ///
    /// - Parameters:
    ///   - operation: what failed, with its object.
    ///   - code: the operating system's reason; 0: none.
    public static func end(_ operation: String, errno code: Int32 = 0) -> Never {
        end(code == 0 ? operation : "\(operation): \(String(cString: strerror(code)))", status: 1)
    }

    static func end(_ message: String, status: Int32) -> Never {
        let line = Array("\(CommandLine.arguments[0]): \(message)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
        exit(status)
    }
}
