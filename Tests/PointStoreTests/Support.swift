import AnomalyDetection
import Foundation
import PointStore

/// A directory of its own for each test, with a database path in it; removed with the value.
final class Scratch: Sendable {
    let directory: String

    init() throws {
        directory = NSTemporaryDirectory() + "point-store-\(UUID().uuidString)"
        // Searchable by others, so that tests can look in as another user.
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    var path: String { directory + "/anomaly.db" }

    func bytes(_ suffix: String = "") -> Data? { FileManager.default.contents(atPath: path + suffix) }

    func mode(_ suffix: String = "") throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path + suffix)
        return (attributes[.posixPermissions] as? Int) ?? -1
    }
}

/// What a program said and how it ended.
struct Outcome {
    var output: String
    var errors: String
    var status: Int32
}

/// Runs a program to its end.
func run(_ arguments: [String]) throws -> Outcome {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    let (output, errors) = (Pipe(), Pipe())
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    let complaints = errors.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Outcome(
        output: String(decoding: text, as: UTF8.self), errors: String(decoding: complaints, as: UTF8.self),
        status: process.terminationStatus)
}

/// The rows that the plain sqlite3 shell prints, columns separated by `|`, NULL as `NULL`.
func sqlite(_ path: String, _ sql: String, prefix: [String] = []) throws -> [String] {
    let outcome = try run(prefix + ["sqlite3", "-batch", "-nullvalue", "NULL", path, sql])
    guard outcome.status == 0 else { throw ShellFailure(outcome: outcome) }
    return outcome.output.split(separator: "\n").map(String.init)
}

struct ShellFailure: Error, CustomStringConvertible {
    var outcome: Outcome
    var description: String { "exit \(outcome.status): \(outcome.errors)" }
}

/// A sqlite3 shell that stays open in a process of its own.
final class OpenShell {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    init(_ path: String) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["sqlite3", path]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    /// Sends statements and waits until they have been executed.
    func execute(_ sql: String) {
        input.fileHandleForWriting.write(Data("\(sql)\nSELECT 'done';\n".utf8))
        var seen = ""
        while !seen.contains("done") {
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { return }
            seen += String(decoding: data, as: UTF8.self)
        }
    }

    func quit() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}

let isRoot = getuid() == 0

/// One-channel rows, one second apart from `start`.
func rows(
    _ stream: Int32, _ sequences: ClosedRange<Int64>, start: Int64 = 1_700_000_000_000_000,
    score: (Int64) -> Double = { _ in 0.1 }, flags: (Int64) -> PointFlags = { _ in [] }
) -> [PointRow] {
    sequences.map { sequence in
        PointRow(
            stream: stream, channel: 0, sequence: sequence, time: start + sequence * 1_000_000,
            value: Double(sequence), prediction: Double(sequence) - 0.5, lower: Double(sequence) - 2,
            upper: Double(sequence) + 1, residual: 0.5, score: score(sequence), flags: flags(sequence))
    }
}

func stream(_ id: Int32, _ name: String? = nil, channels: Int = 1) -> StreamRecord {
    StreamRecord(id: id, name: name ?? "stream.\(id)", channels: channels, created: 1_700_000_000_000_000)
}

func anomaly(
    _ startSequence: Int64, start: Int64, end: Int64? = nil, score: Double = 0.6, isOpen: Bool = true
) -> Anomaly {
    Anomaly(
        startSequence: startSequence, start: start, end: end ?? start, peak: start, peakScore: score, peakChannel: 0,
        peakValue: 9, peakPrediction: 1, points: 1, isOpen: isOpen)
}

extension PointStore {
    /// Commits what is given, for tests that need no batch of their own.
    func store(
        streams: [StreamRecord] = [], points: [PointRow] = [], anomalies: [AnomalyRecord] = [],
        checkpoints: [CheckpointRecord] = []
    ) throws {
        var commit = Commit()
        commit.streams = streams
        commit.points = points
        commit.anomalies = anomalies
        commit.checkpoints = checkpoints
        try self.commit(&commit)
    }
}

extension StoreReader {
    func all(_ change: (inout PointQuery) -> Void = { _ in }) throws -> [StoredPoint] {
        var query = PointQuery()
        change(&query)
        let cursor = try points(query)
        var result: [StoredPoint] = []
        while let point = try cursor.next() { result.append(point) }
        return result
    }
}

/// SQL that gives each point of the hot table a row of its own, as versions before it had them, to be changed one by one.
let unpack = "INSERT OR IGNORE INTO point_row SELECT * FROM point; DELETE FROM hot;"

/// The ``StoreError`` that `body` throws.
func storeError(_ body: () throws -> Void) throws -> StoreError {
    do {
        try body()
    } catch let error as StoreError {
        return error
    }
    throw NothingThrown()
}

struct NothingThrown: Error {}
