import CSystemd

/// The service manager's watchdog over this process (sd_watchdog_enabled(3)).
public enum Watchdog {
    /// The longest time between two ``Notifier/watchdog()`` that the manager accepts before it kills this process; nil
    /// when no watchdog is set, or when it is set for another process. Notify at half of it.
    ///
    /// - Throws: ``SystemdError`` when `$WATCHDOG_USEC` or `$WATCHDOG_PID` cannot be read as a number.
    public static var interval: Duration? {
        get throws(SystemdError) {
            var microseconds: UInt64 = 0
            let result = sd_watchdog_enabled(0, &microseconds)
            guard result >= 0 else {
                throw SystemdError(
                    operation: "read the watchdog's interval", object: "$WATCHDOG_USEC, $WATCHDOG_PID",
                    code: -result, expected: "a number of microseconds and this process's id")
            }
            return result == 0 ? nil : .microseconds(Int64(clamping: microseconds))
        }
    }
}
