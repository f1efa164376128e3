import Foundation

/// Threads with names that `top -H` and `perf` show.
enum StageThread {
    /// Starts a thread. The kernel keeps the first 15 bytes of its name.
    ///
    /// - Parameter niceness: how much it stands back behind threads that want the processor as well: 0 not at all, 19 most.
    static func start(_ name: String, niceness: Int32 = 0, _ body: @escaping @Sendable () -> Void) {
        Thread {
            setName(name)
            // On Linux it is that of the calling thread alone. Where it is not allowed, all are equal.
            if niceness > 0 { _ = setpriority(.init(PRIO_PROCESS.rawValue), 0, niceness) }
            body()
        }.start()
    }

    /// `Thread.name` reaches only Foundation, and Swift's Glibc module does not show pthread_setname_np(3), so as that
    /// function does it: by proc(5).
    private static func setName(_ name: String) {
        let file = open("/proc/thread-self/comm", O_WRONLY)
        if file < 0 { return }
        defer { close(file) }
        let bytes = Array(name.utf8.prefix(15))
        _ = write(file, bytes, bytes.count)
    }
}
