import Foundation
import Testing

/// `anomalyctl backtest` and the daemon say the same of the same points.
@Suite struct BacktestTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func anomalyctl(_ arguments: String...) throws -> String {
        let process = try ChildProcess(
            [Programs.path("anomalyctl")] + arguments, in: folder, environment: DaemonProcess.environment(folder))
        let exit = try process.wait()
        guard exit == .code(0) else { throw HarnessError("anomalyctl \(arguments): \(exit), \(process.errors)") }
        return process.output
    }

    /// Real values with all that a file can have: repeated and late rows, missing values, one or more channels.
    private func rows(channels: Int) throws -> [String] {
        var generator = SplitMix(seed: 5)
        let points = try Series.load().points.prefix(6000)
        var rows = points.enumerated().map { index, point -> String in
            var values = (0..<channels).map { points[max(0, index - 48 * $0)].value }
            if Int.random(in: 0..<40, using: &generator) == 0 {
                values[Int.random(in: 0..<channels, using: &generator)] = ""
            }
            return "\(point.time)," + values.joined(separator: ",")
        }
        for place in [100, 101, 2500, 5999] { rows.insert(rows[place - 1], at: place) }
        rows.insert(rows[1000], at: 3000)
        // Far beyond anything, so that something is flagged.
        rows[5000] =
            rows[5000].split(separator: ",")[0] + "," + Array(repeating: "1e7", count: channels).joined(separator: ",")
        return rows
    }

    @Test(arguments: [1, 3]) func scoresAreThoseThatTheDaemonStores(channels: Int) throws {
        let rows = try rows(channels: channels)
        let header = "timestamp," + (0..<channels).map { "value\($0)" }.joined(separator: ",")
        let path = try folder.write(([header] + rows).joined(separator: "\n") + "\n", to: "some.stream.csv")
        let input = open(path, O_RDONLY | O_CLOEXEC)
        defer { close(input) }
        let settings = ["--set", "model.hidden=12", "--set", "score.false_alarm_probability=1e-3"]
        let run = try DaemonProcess.run(
            in: folder, ["--stdin", "--format", "csv", "--stream", "some.stream"] + settings, input: input)
        #expect(run.exit == .code(0), "\(run.errors)")
        // stream,time and then the very columns of a score file, and at the end some that are not in it; a double's
        // shortest text has all of its bits.
        let stored = try anomalyctl("query", "some.stream", "-n", "all", "-o", "csv", "--no-header")
            .split(separator: "\n")
            .map { $0.split(separator: ",", omittingEmptySubsequences: false)[2..<9].joined(separator: ",") }

        _ = try anomalyctl("backtest", path, "-o", folder("out"), settings[0], settings[1], settings[2], settings[3])
        let parent = URL(filePath: folder.path).lastPathComponent
        let scores = contents(of: folder("out") + "/\(parent)/some.stream.csv").split(separator: "\n").dropFirst()
            .map { $0.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false) }
        #expect(scores.map { String($0[0]) } == rows.map { String($0.split(separator: ",")[0]) })
        var newest = Int.min
        var kept: [Substring] = []
        for score in scores {
            guard let time = Int(score[0]), time > newest else {
                #expect(score[1].hasSuffix(",,,,,0,0"))
                continue
            }
            newest = time
            kept.append(score[1])
        }
        #expect(kept.count == rows.count - 5)
        #expect(stored.count == kept.count)
        for (mine, theirs) in zip(kept, stored) where mine != theirs {
            Issue.record("the daemon stored \(theirs), backtest says \(mine)")
            break
        }
        #expect(kept.contains { $0.hasSuffix(",1") })
    }
}
