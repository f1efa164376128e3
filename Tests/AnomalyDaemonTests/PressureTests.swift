import AnomalyDaemon
import Foundation
import Testing

/// What the kernel and the service manager say of memory, from files that are like theirs.
@Suite final class PressureTests {
    private let root = FileManager.default.temporaryDirectory.appending(path: "anomalyd-pressure.\(UUID().uuidString)")
    private let membership = "9:name=systemd:/\n0::/system.slice/anomalyd.service\n"
    private var own: URL { root.appending(path: "system.slice/anomalyd.service") }

    init() throws { try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: root) }

    private func write(_ text: String, to file: String) throws {
        try text.write(to: root.appending(path: file), atomically: false, encoding: .utf8)
    }

    private func setPressure(_ microseconds: Int64) throws {
        let text = "some avg10=0.00 avg60=0.00 avg300=0.00 total=\(microseconds)\nfull avg10=0.00 total=7\n"
        try write(text, to: "system.slice/anomalyd.service/memory.pressure")
    }

    private var group: ControlGroup? { ControlGroup(membership: membership, root: root.path) }

    @Test func theLeastLimitCounts() throws {
        #expect(group?.memoryLimit == nil, "no file")
        try write("max\n", to: "system.slice/anomalyd.service/memory.max")
        try write("max\n", to: "system.slice/anomalyd.service/memory.high")
        #expect(group?.memoryLimit == nil)
        try write("4000000\n", to: "system.slice/memory.max")
        #expect(group?.memoryLimit == 4_000_000, "of a group above")
        try write("3000000\n", to: "system.slice/anomalyd.service/memory.max")
        try write("2000000\n", to: "system.slice/anomalyd.service/memory.high")
        #expect(group?.memoryLimit == 2_000_000)
        #expect(ControlGroup(membership: "4:memory:/user\n", root: root.path) == nil, "no version 2")
    }

    @Test func theGroupsFiguresAreLookedAt() throws {
        try setPressure(1_000_000)
        // As ProtectControlGroups= has it.
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o444], ofItemAtPath: own.appending(path: "memory.pressure").path)
        let watch = PressureWatch(group: group)
        #expect(watch.name == own.appending(path: "memory.pressure").path)
        // Root may write to it all the same, and to a plain file so the kernel never answers.
        if geteuid() == 0 {
            #expect(!watch.wait(seconds: 0.01))
            return
        }
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o644], ofItemAtPath: own.appending(path: "memory.pressure").path)
        #expect(!watch.wait(seconds: 0.01))
        try setPressure(1_000_000 + PressureWatch.threshold - 1)
        #expect(!watch.wait(seconds: 0.01))
        try setPressure(1_000_000 + PressureWatch.threshold)
        #expect(watch.wait(seconds: 0.01))
        #expect(!watch.wait(seconds: 0.01), "it is told once")
    }

    @Test func theServiceManagersFIFO() throws {
        let fifo = root.appending(path: "pressure").path
        #expect(mkfifo(fifo, 0o600) == 0)
        let watch = try PressureWatch(environment: ["MEMORY_PRESSURE_WATCH": fifo], group: group)
        #expect(!watch.wait(seconds: 0.01))
        let writer = open(fifo, O_WRONLY)
        defer { close(writer) }
        #expect(Glibc.write(writer, "x", 1) == 1)
        #expect(watch.wait(seconds: 10))
        #expect(!watch.wait(seconds: 0.01))
    }

    @Test func theOrderIsWritten() throws {
        try write("", to: "watched")
        let file = root.appending(path: "watched").path
        let order = Data("some 200000 2000000\0".utf8)
        let environment = ["MEMORY_PRESSURE_WATCH": file, "MEMORY_PRESSURE_WRITE": order.base64EncodedString()]
        let watch = try PressureWatch(environment: environment, group: nil)
        #expect(try Data(contentsOf: root.appending(path: "watched")) == order)
        #expect(!watch.wait(seconds: 0.01))
    }

    @Test func whatCannotBeWatchedIsTold() throws {
        let file = root.appending(path: "none").path
        let error = #expect(throws: PressureWatchError.self) {
            try PressureWatch(environment: ["MEMORY_PRESSURE_WATCH": file], group: nil)
        }
        #expect(
            error?.description
                == "cannot look at \(file), which MEMORY_PRESSURE_WATCH names: No such file or directory")
        // That is how the service manager says that pressure is nobody's concern.
        try setPressure(0)
        let none = try PressureWatch(environment: ["MEMORY_PRESSURE_WATCH": "/dev/null"], group: group)
        try setPressure(1_000_000_000)
        #expect(!none.wait(seconds: 0.01))
    }
}
