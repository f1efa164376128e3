import Foundation

/// What the kernel says of the control group that the process is in (cgroup v2, as systemd sets it up).
package struct ControlGroup: Sendable {
    /// Of the process's own group, and of those above it.
    private let folders: [String]

    /// - Parameters:
    ///   - membership: what /proc/self/cgroup says (cgroups(7)).
    ///   - root: where the tree of groups is mounted.
    package init?(
        membership: String? = try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8),
        root: String = "/sys/fs/cgroup"
    ) {
        let line = membership?.split(separator: "\n").first { $0.hasPrefix("0::/") }
        guard let path = line?.dropFirst(3) else { return nil }
        var folders = [root]
        for part in path.split(separator: "/") { folders.append("\(folders[folders.count - 1])/\(part)") }
        self.folders = folders.reversed()
    }

    /// The least of MemoryMax= and MemoryHigh= of the group and of those above it, in bytes; nil if there is none.
    package var memoryLimit: Int64? {
        folders.flatMap { ["\($0)/memory.max", "\($0)/memory.high"] }
            .compactMap { Self.text($0).flatMap { Int64($0) } }.min()
    }

    /// The file that says how long processes of the group have waited for memory.
    package var pressureFile: String { "\(folders[0])/memory.pressure" }

    /// Time in which some process of the group waited for memory, since the group was made, in microseconds; nil if the
    /// kernel does not say (https://docs.kernel.org/accounting/psi.html).
    package var memoryPressure: Int64? {
        let some = Self.text(pressureFile)?.split(separator: "\n").first { $0.hasPrefix("some ") }
        let total = some?.split(separator: " ").first { $0.hasPrefix("total=") }
        return total.flatMap { Int64($0.dropFirst(6)) }
    }

    private static func text(_ file: String) -> String? {
        (try? String(contentsOfFile: file, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
