import AnomalyControl
import ControlProtocol
import Foundation
import Glibc
import PointStore
import Testing

/// What only the built program can show: exit statuses, terminals, pipes and the environment.
@Suite struct ProgramTests {
    @Test func versionAndHelpAreAnswers() throws {
        let version = try BuiltProgram().run("--version")
        #expect(version == BuiltProgram.Result(status: 0, output: ProgramVersion.current + "\n", errors: ""))
        let commands = [
            [], ["query"], ["streams"], ["anomalies"], ["anomalies", "list"], ["anomalies", "show"], ["explain"],
            ["plot"],
            ["status"], ["rescore"], ["backtest"], ["train"], ["model"],
            ["model", "show"], ["model", "export"], ["model", "import"], ["db"], ["db", "verify"], ["db", "salvage"],
        ]
        for command in commands {
            let arguments = command + ["--help"]
            let help = try BuiltProgram(environment: ["COLUMNS": "80"]).run(arguments)
            #expect(help.status == 0)
            #expect(help.output.contains("EXAMPLES:"))
            #expect(help.errors == "")
            for line in help.output.split(separator: "\n") where !line.hasPrefix("USAGE:") {
                #expect(line.count <= 80)
            }
        }
    }

    @Test(arguments: [
        ["query", "--bogus"], ["query", "-S", "soon"], ["query", "-f", "-r"], ["nonsense"], ["status", "-o", "csv"],
        ["query", "-S", "now", "-U", "-1h"],
    ])
    func usage(arguments: [String]) throws {
        let result = try BuiltProgram().run(arguments)
        #expect(result.status == 2)
        #expect(result.output == "")
        #expect(result.errors.isEmpty == false)
    }

    @Test func daemonNotRunning() throws {
        let result = try BuiltProgram().run("--socket", "/nonexistent/c.sock", "status")
        #expect(result.status == 3)
        #expect(
            result.errors == """
                anomalyctl: cannot connect to /nonexistent/c.sock: No such file or directory
                is the daemon running? try: systemctl start anomalyd

                """)
    }

    @Test func unknownStream() throws {
        let store = try SampleStore.filled()
        let result = try BuiltProgram().run("query", "nosuch", "--database", store.path)
        #expect(result.status == 4)
        #expect(
            result.errors == """
                anomalyctl: there is no stream "nosuch"
                to see the names, try: anomalyctl streams

                """)
        #expect(try BuiltProgram().run("streams", "no*", "--database", store.path).status == 4)
    }

    @Test func missingAndDamagedDatabases() throws {
        let missing = try BuiltProgram().run("query", "--database", "/nonexistent/anomaly.db")
        #expect(missing.status == 1)
        #expect(missing.errors.hasPrefix("anomalyctl: cannot open /nonexistent/anomaly.db: "))

        let store = try SampleStore.filled()
        let noise = store.folder + "/noise.db"
        try Data(repeating: 0x55, count: 100_000).write(to: URL(filePath: noise))
        #expect(try BuiltProgram().run("streams", "--database", noise).status == 6)

        try store.writer.close()
        let handle = try #require(FileHandle(forUpdatingAtPath: store.path))
        let size = try handle.seekToEnd()
        // Leaves the header and the schema as they are.
        try handle.seek(toOffset: min(32_768, size / 2))
        try handle.write(contentsOf: Data(repeating: 0xFF, count: Int(size - min(32_768, size / 2))))
        try handle.close()
        let damaged = try BuiltProgram().run("query", "--database", store.path)
        #expect(damaged.status == 6, "\(damaged)")
    }

    @Test(.enabled(if: geteuid() != 0 || access("/usr/bin/setpriv", X_OK) == 0))
    func notPermitted() throws {
        let store = try SampleStore.filled()
        chmod(store.folder, 0)
        defer { chmod(store.folder, 0o700) }
        var program = BuiltProgram()
        program.obeysFileModes = geteuid() == 0
        #expect(try program.run("query", "--database", store.path).status == 5)
        let status = try program.run("status", "--socket", store.folder + "/control.sock")
        #expect(status.status == 5)
        #expect(status.errors.contains("Permission denied\nare you in the group anomalyd?"))
    }

    @Test func globalOptionsMayStandBeforeOrAfterTheCommand() throws {
        let store = try SampleStore.filled()
        let expected = try BuiltProgram().run("--database", store.path, "query", "cpu.load", "-n1", "-ojson")
        #expect(expected.status == 0)
        #expect(expected.output.hasPrefix(#"{"stream":"cpu.load","time":"2026-11-23T14:00:04.000000Z""#))
        #expect(try BuiltProgram().run("query", "cpu.load", "-n1", "-ojson", "--database", store.path) == expected)
        #expect(try BuiltProgram().run("query", "--database=\(store.path)", "cpu.load", "-n1", "-o=json") == expected)
    }

    @Test func stateDirectoryNamesTheDatabase() throws {
        let store = try SampleStore.filled()
        let program = BuiltProgram(environment: ["STATE_DIRECTORY": store.folder])
        #expect(try program.run("streams", "--no-header", "silent").output.hasPrefix("silent  "))
    }

    @Test func timesAreInTheZoneOfTheEnvironment() throws {
        let store = try SampleStore.filled()
        // Forms that only tzset(3) knows, and one of the tz database.
        let hours = [("UTC", "14"), ("XYZ-05:00", "19"), ("EST5EDT,M3.2.0,M11.1.0", "09"), ("Asia/Tokyo", "23")]
        for (zone, hour) in hours {
            let program = BuiltProgram(environment: ["TZ": zone])
            let result = try program.run(
                "query", "cpu.load", "-n1", "--no-header", "--since", "2026-11-23 \(hour):00:04", "--database",
                store.path)
            #expect(result.output.hasPrefix("2026-11-23 \(hour):00:04.000  cpu.load"), "\(zone)")
        }
    }

    @Test func coloursOnATerminalOnly() throws {
        let store = try SampleStore.filled()
        let arguments = ["query", "--anomalies", "--no-header", "--utc", "--database", store.path]
        let plain = "2026-11-23 14:00:03.000  cpu.load            17.75       0.375  0.610  spike"
        let coloured = "␛[1;31m" + plain + "␛[0m\n"
        #expect(try BuiltProgram().runOnTerminal(columns: 80, arguments) == coloured)
        #expect(try BuiltProgram(environment: ["NO_COLOR": "1"]).runOnTerminal(columns: 80, arguments) == plain + "\n")
        #expect(try BuiltProgram(environment: ["TERM": "dumb"]).runOnTerminal(columns: 80, arguments) == plain + "\n")
        let piped = try BuiltProgram(environment: ["COLUMNS": "80"]).run(arguments)
        #expect(piped.output == plain + "\n")
        let wide = try BuiltProgram().runOnTerminal(columns: 120, arguments)
        #expect(wide.contains("       0.1           1      17.375  0.610  spike"))
    }

    @Test func aReaderThatLeavesIsNoError() throws {
        let store = try SampleStore()
        try store.fill(points: 20_000)
        let process = BuiltProgram().makeProcess(["query", "-o", "json", "--database", store.path])
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        _ = try output.fileHandleForReading.read(upToCount: 10)
        try output.fileHandleForReading.close()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == 0)
        #expect(try errors.fileHandleForReading.readToEnd() ?? Data() == Data())
    }

    @Test func aFullDiskIsAnError() throws {
        let store = try SampleStore.filled()
        let process = BuiltProgram().makeProcess(["streams", "--database", store.path])
        process.standardOutput = FileHandle(forWritingAtPath: "/dev/full")
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 1)
        let message = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        #expect(message == "anomalyctl: cannot write to standard output: No space left on device\n")
    }
}
