import Glibc
import Synchronization

/// Whether Ctrl-C was pressed, for commands that have something worth keeping by then.
enum Interruption {
    private static let flag = Atomic(false)

    static var happened: Bool { flag.load(ordering: .relaxed) }

    /// From now on the first SIGINT or SIGTERM is only remembered. A second one ends the process as ever.
    static func watch() {
        flag.store(false, ordering: .relaxed)
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                Interruption.flag.store(true, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
        }
        // Whoever started us may have blocked them: threads of Dispatch, from which tests run programs, block all.
        var numbers = sigset_t()
        sigemptyset(&numbers)
        sigaddset(&numbers, SIGINT)
        sigaddset(&numbers, SIGTERM)
        pthread_sigmask(SIG_UNBLOCK, &numbers, nil)
    }
}
