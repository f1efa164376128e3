import Foundation

/// A process that a test has started. It inherits hardly anything but what is given: of the environment only `inherited`,
/// not the signals that a thread of the test runner blocks, and no descriptors, so that no other test's sockets stay
/// open in it.
final class ChildProcess {
    enum Exit: Equatable {
        case code(Int32)
        case signal(Int32)
    }

    let id: pid_t
    let outputFile: String
    private let errorFile: String
    private var exit: Exit?

    /// - Parameters:
    ///   - command: the program, found by `PATH` unless it is a path, and its arguments.
    ///   - folder: takes the files that the output goes to.
    ///   - input: standard input; nil is /dev/null.
    ///   - passed: descriptors that become 3, 4 and so on.
    init(
        _ command: [String], in folder: TemporaryFolder, environment: [String: String] = [:], input: Int32? = nil,
        passed: [Int32] = []
    ) throws {
        outputFile = folder.fresh("stdout")
        errorFile = folder.fresh("stderr")
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Out of the way first: a descriptor may have the number that another one shall get.
        let moved = passed.map { fcntl($0, F_DUPFD_CLOEXEC, 200) }
        defer { moved.forEach { close($0) } }
        if let input {
            posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        } else {
            posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        }
        for (descriptor, file) in [(STDOUT_FILENO, outputFile), (STDERR_FILENO, errorFile)] {
            posix_spawn_file_actions_addopen(&actions, descriptor, file, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        }
        for (index, descriptor) in moved.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, 3 + Int32(index))
        }
        // Ours are all CLOEXEC; these are what the test runner has inherited. Closing what is not open is no error.
        for descriptor in 3 + Int32(moved.count)..<64 { posix_spawn_file_actions_addclose(&actions, descriptor) }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        let variables = environment.merging(Self.inherited) { given, _ in given }.map { "\($0)=\($1)" }
        var child: pid_t = 0
        let status = Self.withCStrings(command) { arguments in
            Self.withCStrings(variables) { posix_spawnp(&child, command[0], &actions, &attributes, arguments, $0) }
        }
        guard status == 0 else {
            throw HarnessError("cannot start \(command[0]): \(String(cString: strerror(status)))")
        }
        id = child
    }

    deinit {
        if exit == nil {
            kill(id, SIGKILL)
            waitpid(id, nil, 0)
        }
    }

    /// All that it inherits of the environment: where programs are, and what `make tsan` and `make asan` tell theirs.
    private static let inherited: [String: String] = {
        let names = [
            "PATH", "TSAN_OPTIONS", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "LD_PRELOAD", "SWIFT_BACKTRACE",
        ]
        let own = ProcessInfo.processInfo.environment.filter { names.contains($0.key) }
        return own.merging(["PATH": "/usr/bin:/bin"]) { own, _ in own }
    }()

    var output: String { contents(of: outputFile) }
    var errors: String { contents(of: errorFile) }

    func signal(_ number: Int32) { kill(id, number) }

    /// How it ended; nil while it runs.
    func poll() -> Exit? {
        if let exit { return exit }
        var status: Int32 = 0
        guard waitpid(id, &status, WNOHANG) == id else { return nil }
        // wait(2): the low seven bits are the signal, the next byte the exit code.
        exit = status & 0x7f == 0 ? .code(status >> 8 & 0xff) : .signal(status & 0x7f)
        return exit
    }

    /// Waits for its end.
    ///
    /// - Throws: `HarnessError` if it has not ended after `limit`.
    @discardableResult
    func wait(within limit: Duration = patience) throws -> Exit {
        try eventually("process \(id) has ended; its stderr:\n\(errors)", within: limit) { poll() != nil }
        return exit ?? .code(-1)
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let pointers = strings.map { strdup($0) }
        defer { pointers.forEach { free($0) } }
        return body(pointers + [nil])
    }
}
