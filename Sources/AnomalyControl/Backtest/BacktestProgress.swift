import Presentation
import Synchronization

/// How far a backtest is.
package struct BacktestProgress: Sendable, Equatable {
    package var files: Int
    package var filesDone: Int
    /// Bytes of all files, of which a file counts once for each cell; and how many of them have been stepped through.
    package var bytes: Int64
    package var bytesDone: Int64
    /// Rows done.
    package var points: Int64

    package init(files: Int, filesDone: Int, bytes: Int64, bytesDone: Int64, points: Int64) {
        self.files = files
        self.filesDone = filesDone
        self.bytes = bytes
        self.bytesDone = bytesDone
        self.points = points
    }

    /// 0…1
    package var share: Double {
        filesDone == files ? 1 : bytes > 0 ? min(1, Double(bytesDone) / Double(bytes)) : 0
    }

    /// One line for a terminal: share, a bar, files, rate, and the time that is left at this rate.
    ///
    /// - Parameters:
    ///   - seconds: since the start.
    ///   - columns: that the line may take at most.
    package func line(seconds: Double, columns: Int) -> String {
        let rate = seconds > 0 ? Int64((Double(points) / seconds).rounded()) : 0
        let files = "\(filesDone)/\(files) files"
        return Progress(
            share: share, texts: ["\(files), \(NumberText.grouped(rate)) points/s", files], seconds: seconds
        ).line(columns: columns)
    }
}

/// The progress, as threads add to it.
final class BacktestCounters: Sendable {
    private let files: Int
    private let bytes: Int64
    private let filesDone = Atomic<Int>(0)
    private let bytesDone = Atomic<Int64>(0)
    private let points = Atomic<Int64>(0)

    init(files: Int, bytes: Int64) {
        self.files = files
        self.bytes = bytes
    }

    func advance(points: Int, bytes: Int64) {
        self.points.wrappingAdd(Int64(points), ordering: .relaxed)
        bytesDone.wrappingAdd(bytes, ordering: .relaxed)
    }

    func finishFile() { filesDone.wrappingAdd(1, ordering: .relaxed) }

    var progress: BacktestProgress {
        BacktestProgress(
            files: files, filesDone: filesDone.load(ordering: .relaxed), bytes: bytes,
            bytesDone: bytesDone.load(ordering: .relaxed), points: points.load(ordering: .relaxed))
    }
}
