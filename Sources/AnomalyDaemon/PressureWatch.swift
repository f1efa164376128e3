// With Hummingbird in the target, the compiler takes glibc's structures for libdispatch's.
import CDispatch
import Foundation

/// Waits for news that memory is short: from where systemd 254 and newer say (`$MEMORY_PRESSURE_WATCH`,
/// https://systemd.io/MEMORY_PRESSURE), else from the process's own control group. Belongs to one thread.
///
/// A service with `ProtectControlGroups=`, such as ours, sees its control group read-only, so that it can't have the
/// kernel wake it: then the group's figures are looked at after each wait.
package final class PressureWatch {
    /// Time in which processes wait for memory, within ``window``, that is pressure; both in microseconds. systemd's own.
    package static let threshold: Int64 = 200_000
    package static let window: Int64 = 2_000_000

    private enum Source {
        case none
        /// Ready for one of these events of poll(2) when memory is short.
        case descriptor(Int32, events: Int16)
        case figures
    }

    /// Where the news come from, for messages.
    package private(set) var name = "nowhere"
    private var source = Source.none
    private let group: ControlGroup?
    /// The group's figure at the last two looks.
    private var figures: [Int64] = []

    /// - Parameter environment: that of the process.
    /// - Throws: `PressureWatchError` if the service manager names something that can't be watched; ``init(group:)``
    ///   makes do without.
    package init(environment: [String: String], group: ControlGroup?) throws {
        self.group = group
        guard let path = environment["MEMORY_PRESSURE_WATCH"] else {
            watchGroup()
            return
        }
        // So it says that pressure is nobody's concern.
        if path == "/dev/null" { return }
        let order = environment["MEMORY_PRESSURE_WRITE"].flatMap { Data(base64Encoded: $0) } ?? Data()
        source = try Self.open(path, order)
        name = path
    }

    /// Watches the control group alone.
    package init(group: ControlGroup?) {
        self.group = group
        watchGroup()
    }

    deinit { if case .descriptor(let descriptor, _) = source { close(descriptor) } }

    private func watchGroup() {
        guard let group, let now = group.memoryPressure else { return }
        name = group.pressureFile
        figures = [now]
        // The kernel wants the zero, too.
        let order = Data("some \(Self.threshold) \(Self.window)\0".utf8)
        source = (try? Self.open(group.pressureFile, order)) ?? .figures
    }

    /// Waits for about as long as `seconds`.
    ///
    /// - Returns: whether memory is short.
    package func wait(seconds: Double) -> Bool {
        guard case .descriptor(let descriptor, let events) = source else {
            Thread.sleep(forTimeInterval: seconds)
            return figuresGrow()
        }
        var poller = pollfd(fd: descriptor, events: events, revents: 0)
        guard poll(&poller, 1, Int32(seconds * 1000)) > 0 else { return false }
        if poller.revents & events == 0 {
            // It has been taken away, as has the control group of a process that was moved.
            close(descriptor)
            source = .none
            return false
        }
        if events == Int16(POLLIN) {
            var bytes = [UInt8](repeating: 0, count: 4096)
            if read(descriptor, &bytes, bytes.count) == 0 {
                close(descriptor)
                source = .none
            }
        }
        return true
    }

    private func figuresGrow() -> Bool {
        guard case .figures = source, let now = group?.memoryPressure else { return false }
        defer { figures = figures.suffix(1) + [now] }
        guard let before = figures.first, now - before >= Self.threshold else { return false }
        // What was told is not told again.
        figures = []
        return true
    }

    private static func open(_ path: String, _ order: Data) throws -> Source {
        var info = stat()
        guard stat(path, &info) == 0 else { throw PressureWatchError(path: path, doing: "look at", code: errno) }
        let kind = info.st_mode & S_IFMT
        let descriptor: Int32
        if kind == S_IFSOCK {
            descriptor = try connected(to: path)
        } else {
            descriptor = Glibc.open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
            guard descriptor >= 0 else { throw PressureWatchError(path: path, doing: "open", code: errno) }
        }
        if !order.isEmpty, order.withUnsafeBytes({ write(descriptor, $0.baseAddress, $0.count) }) < 0 {
            let code = errno
            close(descriptor)
            throw PressureWatchError(path: path, doing: "write to", code: code)
        }
        return .descriptor(descriptor, events: Int16(kind == S_IFREG ? POLLPRI : POLLIN))
    }

    private static func connected(to path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw PressureWatchError(path: path, doing: "connect to", code: errno) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { room in
            guard path.utf8.count < room.count else { return false }
            room.copyBytes(from: path.utf8)
            return true
        }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard fits, result == 0 else {
            let code = fits ? errno : ENAMETOOLONG
            close(descriptor)
            throw PressureWatchError(path: path, doing: "connect to", code: code)
        }
        return descriptor
    }
}

/// What `$MEMORY_PRESSURE_WATCH` names can't be watched.
package struct PressureWatchError: Error, CustomStringConvertible {
    var path: String
    /// Such as "open".
    var doing: String
    var code: Int32

    package var description: String {
        "cannot \(doing) \(path), which MEMORY_PRESSURE_WATCH names: \(String(cString: strerror(code)))"
    }
}
