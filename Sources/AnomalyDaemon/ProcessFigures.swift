import Foundation

/// What the kernel says of this process, by proc(5).
struct ProcessFigures: Sendable {
    /// In seconds.
    var processorTime = 0.0
    var virtualBytes: Int64 = 0
    var residentBytes: Int64 = 0
    var openFiles = 0
    var maxFiles = 0

    /// As of now; 0 is what can't be read.
    init() {
        // The name, which may hold anything, stands in parentheses: what follows the last one begins with field 3.
        let text = FileManager.default.contents(atPath: "/proc/self/stat").map { String(decoding: $0, as: UTF8.self) }
        let fields = text?.split(separator: ")").last?.split(separator: " ") ?? []
        func field(_ number: Int) -> Int64 { number - 3 < fields.count ? Int64(fields[number - 3]) ?? 0 : 0 }
        processorTime = Double(field(14) + field(15)) / Double(sysconf(Int32(_SC_CLK_TCK)))
        virtualBytes = field(23)
        residentBytes = ResidentMemory.all
        // One of them is the folder itself.
        openFiles = max(0, ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0) - 1)
        maxFiles = DescriptorLimit.current
    }
}
