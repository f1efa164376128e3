package import AnomalyConfiguration
import Glibc
package import Presentation

/// All that a command may know of the world besides its options.
package struct Surroundings: Sendable {
    /// This moment, in microseconds since 1970.
    package var now: @Sendable () -> Int64
    /// The zone of people's times.
    package var zone: any Zone
    /// Where standard output goes.
    package var terminal: Terminal
    /// Where standard error goes, if that is a terminal: progress is shown there.
    package var progress: Terminal?
    /// Where the files are unless an option says otherwise.
    package var paths: DefaultPaths

    package init(
        now: @escaping @Sendable () -> Int64, zone: any Zone, terminal: Terminal, progress: Terminal? = nil,
        paths: DefaultPaths
    ) {
        self.now = now
        self.zone = zone
        self.terminal = terminal
        self.progress = progress
        self.paths = paths
    }

    /// Where the files of one of several daemons are; of the one without a name, if there is no `instance`.
    func paths(of instance: InstanceName?) -> DefaultPaths {
        instance.map { .currentForClient($0) } ?? paths
    }

    /// The zone of people's times, or UTC where that is asked for.
    func zone(utc: Bool) -> any Zone { utc ? FixedZone.utc : zone }

    /// Those of this process.
    static func current() -> Surroundings {
        Surroundings(
            now: {
                var time = timespec()
                clock_gettime(CLOCK_REALTIME, &time)
                return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
            },
            zone: LocalZone(),
            terminal: Terminal(descriptor: STDOUT_FILENO, environment: environment),
            progress: isatty(STDERR_FILENO) == 1
                ? Terminal(descriptor: STDERR_FILENO, environment: environment) : nil,
            paths: .currentForClient())
    }

    private static var environment: [String: String] {
        var result: [String: String] = [:]
        for name in Terminal.variables { result[name] = getenv(name).map { String(cString: $0) } }
        return result
    }
}
