import Foundation

/// Memory that the process has from the kernel now, by /proc/self/statm (proc(5)).
enum ResidentMemory {
    /// All of it, in bytes; 0 if that can't be read.
    static var all: Int64 { pages.resident * pageSize }

    /// What it has for itself alone, in bytes: without programs and files, which the kernel can take back.
    static var own: Int64 {
        let pages = pages
        return (pages.resident - pages.shared) * pageSize
    }

    private static let pageSize = Int64(sysconf(Int32(_SC_PAGESIZE)))

    /// Without Foundation's strings: this is asked often.
    private static var pages: (resident: Int64, shared: Int64) {
        let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        if file < 0 { return (0, 0) }
        defer { close(file) }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 128) { buffer in
            let count = read(file, buffer.baseAddress, buffer.count)
            // The second and the third number of the line.
            var (field, resident, shared): (Int, Int64, Int64) = (0, 0, 0)
            for byte in buffer[..<max(0, count)] {
                switch (byte, field) {
                case (UInt8(ascii: " "), _): field += 1
                case (UInt8(ascii: "0")...UInt8(ascii: "9"), 1): resident = resident * 10 + Int64(byte) - 48
                case (UInt8(ascii: "0")...UInt8(ascii: "9"), 2): shared = shared * 10 + Int64(byte) - 48
                default: break
                }
            }
            return (resident, shared)
        }
    }
}
