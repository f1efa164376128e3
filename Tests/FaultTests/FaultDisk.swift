import CFaultVFS
import Foundation
import Testing

/// A kind of failure that can be armed.
enum Fault: CaseIterable, CustomTestStringConvertible {
    case write, shortWrite, noSpace, sync, truncate, read, size, open, delete, access, lock, busy, map, power, death

    var testDescription: String {
        switch self {
        case .write: "write error"
        case .shortWrite: "short write"
        case .noSpace: "no space left"
        case .sync: "failed fsync"
        case .truncate: "failed truncation"
        case .read: "read error"
        case .size: "failed fstat"
        case .open: "failed open"
        case .delete: "failed unlink"
        case .access: "failed access"
        case .lock: "lock error"
        case .busy: "lock held"
        case .map: "failed mapping"
        case .power: "power failure"
        case .death: "death of the process"
        }
    }

    fileprivate var kind: fault_kind {
        switch self {
        case .write: FAULT_WRITE
        case .shortWrite: FAULT_SHORT_WRITE
        case .noSpace: FAULT_NO_SPACE
        case .sync: FAULT_SYNC
        case .truncate: FAULT_TRUNCATE
        case .read: FAULT_READ
        case .size: FAULT_SIZE
        case .open: FAULT_OPEN
        case .delete: FAULT_DELETE
        case .access: FAULT_ACCESS
        case .lock: FAULT_LOCK
        case .busy: FAULT_BUSY
        case .map: FAULT_MAP
        case .power, .death: FAULT_POWER
        }
    }
}

/// A folder whose files SQLite reaches through a disk that fails on demand; removed with the value.
final class FaultDisk {
    let folder: String
    private let disk: OpaquePointer

    init() throws {
        fault_vfs_install()
        var template = Array("/tmp/anomalyd-fault.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Violation("mkdtemp: \(String(cString: strerror(errno)))") }
        folder = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        guard let disk = fault_disk_create(folder) else { throw Violation("no memory for a disk") }
        self.disk = disk
    }

    deinit {
        fault_disk_destroy(disk)
        try? FileManager.default.removeItem(atPath: folder)
    }

    var database: String { folder + "/anomaly.db" }
    /// Operations so far; the next one has the number after it.
    var operations: Int { Int(fault_disk_operations(disk)) }
    /// How often what is armed has struck.
    var struck: Int { Int(fault_disk_struck(disk)) }
    /// True from a power failure, or the death of the process, to the reboot or restart.
    var isOff: Bool { fault_disk_is_off(disk) != 0 }

    /// From operation `point` on, the fault strikes the first `times` operations of its sort.
    func arm(_ fault: Fault, at point: Int, times: Int, seed: UInt64) {
        fault_disk_arm(disk, fault.kind, Int64(point), Int64(times), seed)
    }

    /// The power fails in operation `point`, besides what is armed.
    func armPower(at point: Int) { fault_disk_arm_power(disk, Int64(point)) }

    /// The power fails now.
    func cutPower() { fault_disk_cut(disk) }

    /// The process comes back, with nothing armed, and finds the files as they were.
    func restart() { fault_disk_restart(disk) }

    /// The machine comes back, with nothing armed, and with what the disk has of the files; they must be closed.
    func reboot(seed: UInt64) throws {
        guard fault_disk_reboot(disk, seed) == 0 else { throw Violation("reboot: \(String(cString: strerror(errno)))") }
    }
}

/// A promise that was not kept, or a disk that could not be played.
struct Violation: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
