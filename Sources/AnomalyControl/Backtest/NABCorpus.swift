import FeedProtocol
import FoundationEssentials

/// The corpus of the Numenta Anomaly Benchmark as its repository lays it out: `data/CATEGORY/FILE.csv` and
/// `labels/combined_windows.json`, which names every file and the windows in it.
package enum NABCorpus {
    /// The files of the corpus, sorted by name.
    ///
    /// - Parameter folder: the one with `data` and `labels`.
    /// - Throws: `Failure` if the labels cannot be read or make no sense.
    package static func inputs(in folder: String) throws(Failure) -> [BacktestInput] {
        let path = folder + "/labels/combined_windows.json"
        let bytes: [UInt8]
        do {
            bytes = try FileBytes.read(path)
        } catch {
            throw Failure(
                error.status, error.message, hint: "--nab expects a folder with data/ and labels/combined_windows.json")
        }
        guard let windows = try? JSONDecoder().decode([String: [[String]]].self, from: Data(bytes)) else {
            throw Failure(
                .failure, #"cannot read \#(path): expected {"CATEGORY/FILE.csv": [["FIRST TIME", "LAST TIME"], …], …}"#)
        }
        var inputs: [BacktestInput] = []
        for (file, windows) in windows.sorted(by: { $0.key < $1.key }) {
            var ranges: [ClosedRange<Int64>] = []
            for window in windows {
                guard let range = range(window) else {
                    throw Failure(
                        .failure,
                        "cannot read \(path): \(file): expected windows of a first and a later last time, "
                            + "found \(window)")
                }
                ranges.append(range)
            }
            inputs.append(BacktestInput(path: "\(folder)/data/\(file)", windows: ranges))
        }
        return inputs
    }

    private static func range(_ window: [String]) -> ClosedRange<Int64>? {
        let times = window.compactMap { text in Array(text.utf8).withUnsafeBytes { try? FeedTime.parse($0) } }
        guard window.count == 2, times.count == 2, times[0] <= times[1] else { return nil }
        return times[0]...times[1]
    }
}
