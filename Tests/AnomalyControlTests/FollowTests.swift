import Foundation
import Testing

@Suite struct FollowTests {
    /// A following process whose lines are read one by one.
    private final class Following {
        let process: Process
        private let pipe = Pipe()
        private var rest: [UInt8] = []

        init(_ arguments: [String], environment: [String: String] = [:]) throws {
            process = BuiltProgram(environment: environment).makeProcess(arguments)
            process.standardOutput = pipe
            // Were one left over, whoever reads what the test runner prints would wait for it.
            process.standardError = FileHandle.nullDevice
            try process.run()
        }

        /// Not SIGTERM, which is blocked where the thread that has started it blocks it. And not by closing the pipe alone:
        /// a follower that was started meanwhile may hold its other end, too.
        deinit {
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
            process.waitUntilExit()
        }

        /// The first two fields of a CSV line and the value; nil at the end.
        func next() throws -> String? {
            while true {
                if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    let fields = String(decoding: rest[..<end], as: UTF8.self).split(separator: ",")
                    rest.removeSubrange(...end)
                    return "\(fields[0]) \(fields[2])"
                }
                let more = pipe.fileHandleForReading.availableData
                if more.isEmpty {
                    process.waitUntilExit()
                    let ending = process.terminationReason == .exit ? "status" : "signal"
                    Issue.record("the follower has ended with \(ending) \(process.terminationStatus)")
                    return nil
                }
                rest += more
            }
        }

        func leave() throws {
            try pipe.fileHandleForReading.close()
            process.waitUntilExit()
        }
    }

    private static let csv = ["query", "-f", "-o", "csv", "--no-header", "--database"]

    @Test(.timeLimit(.minutes(1))) func followsOldAndNewStreams() throws {
        let store = try SampleStore()
        let start = SampleStore.start
        try store.append(stream: 1, sequence: 1, time: start, value: 1, newStream: "a")
        for sequence in 2...15 {
            let time = start + Int64(sequence)
            try store.append(stream: 1, sequence: Int64(sequence), time: time, value: Double(sequence))
        }
        let following = try Following(Self.csv + [store.path])
        // The last ten first.
        for value in 6...15 { #expect(try following.next() == "a \(value)") }
        try store.append(stream: 1, sequence: 16, time: start + 16, value: 16)
        #expect(try following.next() == "a 16")
        // A new stream, whose time lies before what has been printed.
        try store.append(stream: 2, sequence: 1, time: start - 5, value: 7, newStream: "b")
        #expect(try following.next() == "b 7")
        try store.append(stream: 2, sequence: 2, time: start + 99, value: 8)
        #expect(try following.next() == "b 8")
        try store.append(stream: 1, sequence: 17, time: start + 17, value: 17)
        #expect(try following.next() == "a 17")
        // Nothing is written after this, and still the follower leaves when its reader has.
        try following.leave()
        #expect(following.process.terminationReason == .exit)
        #expect(following.process.terminationStatus == 0)
    }

    @Test(.timeLimit(.minutes(1))) func followsOnlyWhatMatches() throws {
        let store = try SampleStore()
        let start = SampleStore.start
        try store.append(stream: 1, sequence: 1, time: start, value: 1, newStream: "web.a")
        try store.append(stream: 2, sequence: 1, time: start, value: 2, newStream: "db.a")
        let following = try Following(Self.csv + [store.path, "-n", "0", "web.*"])
        // Wait until it follows: whatever it prints, it prints after its first look.
        Thread.sleep(forTimeInterval: 0.7)
        try store.append(stream: 2, sequence: 2, time: start + 1, value: 3)
        try store.append(stream: 3, sequence: 1, time: start + 2, value: 4, newStream: "db.b")
        try store.append(stream: 4, sequence: 1, time: start + 3, value: 5, newStream: "web.b")
        // The store is removed with its value: not before the follower has read it.
        defer { withExtendedLifetime(store) {} }
        #expect(try following.next() == "web.b 5")
        try store.append(stream: 1, sequence: 2, time: start + 4, value: 6)
        #expect(try following.next() == "web.a 6")
    }

    @Test(.timeLimit(.minutes(1))) func sinceMeansAllSince() throws {
        let store = try SampleStore()
        try store.fill(points: 30)
        let following = try Following(Self.csv + [store.path, "--since", "@0"])
        // The store is removed with its value: not before the follower has read it.
        defer { withExtendedLifetime(store) {} }
        for value in 0..<30 { #expect(try following.next() == "filled \(value)") }
    }
}
