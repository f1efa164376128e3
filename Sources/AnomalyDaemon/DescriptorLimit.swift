import Foundation

/// How many files this process may have open at once (RLIMIT_NOFILE of getrlimit(2)).
enum DescriptorLimit {
    /// Descriptors that the daemon keeps for itself: standard streams, event loops, listening sockets, the database
    /// and its temporary files, /proc. It needs about 30 of them.
    static let reserved = 64

    /// Raises the limit as far as the process itself may: the low one that shells and systemd give is for programs that
    /// use select(2).
    ///
    /// - Returns: the limit now.
    static func raise() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        if limit.rlim_cur < limit.rlim_max {
            let low = limit.rlim_cur
            limit.rlim_cur = limit.rlim_max
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 { limit.rlim_cur = low }
        }
        return Int(clamping: limit.rlim_cur)
    }

    /// Feed connections that there are descriptors for beside so many others.
    static func feedConnections(limit: Int, others: Int) -> Int { max(1, limit - reserved - others) }
}
