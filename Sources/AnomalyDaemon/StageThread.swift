import Foundation

/// Threads with names that `top -H` and `perf` show.
enum StageThread {
    /// Starts a thread. The kernel keeps the first 15 bytes of its name.
    static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        Thread {
            setName(name)
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
