import Glibc
import Systemd
import Testing

@Suite struct WatchdogTests {
    @Test func theIntervalIsTheManagers() async {
        await #expect(processExitsWith: .success) {
            setenv("WATCHDOG_USEC", "30000000", 1)
            unsetenv("WATCHDOG_PID")
            let ofAnyProcess = try Watchdog.interval
            #expect(ofAnyProcess == .seconds(30))
            setenv("WATCHDOG_PID", "\(getpid())", 1)
            let ofThisProcess = try Watchdog.interval
            #expect(ofThisProcess == .seconds(30))
        }
    }

    @Test func noneIsSetOrNotForUs() async {
        await #expect(processExitsWith: .success) {
            unsetenv("WATCHDOG_USEC")
            let unset = try Watchdog.interval
            #expect(unset == nil)
            setenv("WATCHDOG_USEC", "30000000", 1)
            setenv("WATCHDOG_PID", "1", 1)
            let ofAnotherProcess = try Watchdog.interval
            #expect(ofAnotherProcess == nil)
        }
    }

    @Test func nonsenseIsAnError() async {
        await #expect(processExitsWith: .success) {
            unsetenv("WATCHDOG_PID")
            setenv("WATCHDOG_USEC", "soon", 1)
            #expect(throws: SystemdError.self) { try Watchdog.interval }
        }
    }
}
