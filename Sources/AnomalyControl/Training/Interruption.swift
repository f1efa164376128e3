import Glibc
import Synchronization

/// Whether Ctrl-C was pressed, for commands that have something worth keeping by then.
enum Interruption {
    private static let flag = Atomic(false)

    static var happened: Bool { flag.load(ordering: .relaxed) }

    /// From now on the first SIGINT or SIGTERM is only remembered. A second one ends the process as ever.
    static func watch() {
        flag.store(false, ordering: .relaxed)
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGINT, SIGTERM] {
            sigaddset(&signals, number)
            signal(number) { number in
                Interruption.flag.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
        }
        // Some programs block signals and pass that on to those that they start.
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }
}
