import Foundation

/// An ext4 file system in a file, that the kernel makes read-only on demand as it does after an error of the disk:
/// under the feet of whoever has files open there. Takes root and a loop device.
final class FailingDisk {
    let folder: TemporaryFolder
    let mountPoint: String
    private var image: String

    init(in folder: TemporaryFolder) throws {
        self.folder = folder
        mountPoint = folder("state")
        image = folder("disk.img")
        try FileManager.default.createDirectory(atPath: mountPoint, withIntermediateDirectories: false)
        try run("truncate -s 32M '\(image)' && mkfs.ext4 -q '\(image)'")
        try mount()
    }

    deinit { try? run("umount -l '\(mountPoint)'") }

    static let isPossible: Bool = {
        guard getuid() == 0, let folder = try? TemporaryFolder(), let disk = try? FailingDisk(in: folder) else {
            return false
        }
        return (try? disk.trigger()).map { access($0, W_OK) == 0 } ?? false
    }()

    func fail() throws { try Data("1".utf8).write(to: URL(filePath: trigger())) }

    /// As an operator does it who has a good disk again: what is on the old one is copied. The old one may still be mounted,
    /// read-only as it is: in the mount namespaces of other tests that began meanwhile.
    func repair() throws {
        let copy = folder("copy.img")
        try run("umount '\(mountPoint)' && sync && cp '\(image)' '\(copy)'")
        try run("e2fsck -fy '\(copy)' >/dev/null 2>&1; test $? -lt 4")
        image = copy
        try mount()
    }

    private func mount() throws { try run("mount -o loop,errors=remount-ro '\(image)' '\(mountPoint)'") }

    private func trigger() throws -> String {
        let process = try ChildProcess(["findmnt", "-n", "-o", "SOURCE", mountPoint], in: folder)
        try process.wait()
        let device = process.output.split(separator: "\n").first?.split(separator: "/").last ?? ""
        return "/sys/fs/ext4/\(device)/trigger_fs_error"
    }

    private func run(_ script: String) throws {
        let process = try ChildProcess(["sh", "-c", script], in: folder)
        guard try process.wait() == .code(0) else { throw HarnessError("\(script): \(process.errors)") }
    }
}
