import Glibc

/// A command whose output may be longer than a screen.
protocol PagedCommand: ReportingCommand {
    /// Whether the command line leaves room for a pager.
    var allowsPager: Bool { get }
}

/// A pager that reads what a command prints, by the rules of journalctl.
package final class Pager {
    /// Where the command writes.
    let descriptor: Int32
    private let process: pid_t

    /// The command line of the pager that `environment` asks for; nil for none.
    ///
    /// The first of `$ANOMALYCTL_PAGER`, `$SYSTEMD_PAGER` and `$PAGER` that is set decides; if it is empty or "cat",
    /// there is no pager. Without any it is less. A dumb terminal gets none.
    package static func command(in environment: [String: String]) -> String? {
        guard let terminal = environment["TERM"], terminal != "dumb" else { return nil }
        let names = ["ANOMALYCTL_PAGER", "SYSTEMD_PAGER", "PAGER"]
        let command = names.lazy.compactMap { environment[$0] }.first ?? "less"
        return command.isEmpty || command == "cat" ? nil : command
    }

    /// What is added to the pager's environment: how less behaves, unless `$ANOMALYCTL_LESS` or `$SYSTEMD_LESS` says
    /// otherwise, and under sudo that it starts no shell.
    package static func additions(to environment: [String: String]) -> [String: String] {
        var additions = ["LESS": environment["ANOMALYCTL_LESS"] ?? environment["SYSTEMD_LESS"] ?? "FRSXMK"]
        if environment["LESSCHARSET"] == nil { additions["LESSCHARSET"] = "utf-8" }
        if environment["SUDO_UID"] != nil { additions["LESSSECURE"] = "1" }
        return additions
    }

    /// Starts the pager; nil if there is none, and then the command writes to standard output itself.
    static func open() -> Pager? {
        let environment = Self.environment
        guard let command = command(in: environment), isThere(command, path: environment["PATH"]) else { return nil }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO)
        // The pager dies of a closed pipe as programs do, though we don't.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
        let all = environment.merging(additions(to: environment)) { _, added in added }
        var variables = all.map { strdup("\($0.key)=\($0.value)") } + [nil]
        let words: [String] = ["sh", "-c", command]
        var arguments = words.map { strdup($0) } + [nil]
        defer { for text in variables + arguments { free(text) } }
        var process: pid_t = 0
        let error = posix_spawn(&process, "/bin/sh", &actions, &attributes, &arguments, &variables)
        Glibc.close(ends[0])
        guard error == 0 else {
            Glibc.close(ends[1])
            return nil
        }
        // ^C is for the pager, unless it leaves with it (K), and we then, too.
        if all["LESS"]?.contains("K") != true { signal(SIGINT, SIG_IGN) }
        return Pager(descriptor: ends[1], process: process)
    }

    private init(descriptor: Int32, process: pid_t) {
        self.descriptor = descriptor
        self.process = process
    }

    /// Ends its input, and waits until the reader has seen enough.
    func close() {
        Glibc.close(descriptor)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
    }

    /// Whether the program is installed; one with a path or with options is believed.
    private static func isThere(_ command: String, path: String?) -> Bool {
        guard !command.contains(where: { $0 == "/" || $0 == " " }) else { return true }
        let folders = (path ?? "/usr/bin:/bin").split(separator: ":")
        return folders.contains { access("\($0)/\(command)", X_OK) == 0 }
    }

    private static var environment: [String: String] {
        var result: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let pair = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { result[String(pair[0])] = String(pair[1]) }
            entry += 1
        }
        return result
    }
}
