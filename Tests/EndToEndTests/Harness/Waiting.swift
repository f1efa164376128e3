import Glibc

/// Time that a test waits for something that takes milliseconds on an idle machine. Only a failing test uses it up.
let patience = Duration.seconds(60)

/// Asks until it is so.
///
/// - Throws: `HarnessError` if it is still not so after `limit`.
func eventually(
    _ what: @autoclosure () -> String, within limit: Duration = patience, _ isSo: () throws -> Bool
) throws {
    let deadline = ContinuousClock.now + limit
    while try !isSo() {
        guard ContinuousClock.now < deadline else { throw HarnessError("after \(limit) still not: \(what())") }
        pause(.milliseconds(5))
    }
}

/// Blocks the thread. The tests are not asynchronous: so no more of them run at once than there are cores.
func pause(_ time: Duration) {
    usleep(UInt32(time / .microseconds(1)))
}

/// `seconds` and microseconds, as SO_RCVTIMEO takes them.
func timeValue(_ time: Duration) -> timeval {
    let (seconds, attoseconds) = time.components
    return timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
}

/// The error that the last failed system call left.
func systemError(_ operation: String) -> HarnessError {
    HarnessError("\(operation): \(String(cString: strerror(errno)))")
}
