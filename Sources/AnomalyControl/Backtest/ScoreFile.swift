import AnomalyDetection
import Glibc
import Presentation

/// The scores of one file as CSV, with the columns `timestamp,value,prediction,lower,upper,residual,score,anomaly`: a
/// row for each row of the input in its order, the timestamp as it stood there.
///
/// Of a multivariate row, value, prediction, lower, upper and residual hold one number for each channel, parted by
/// semicolons, as in `anomalyctl query -o csv`; score and anomaly are those of the point. A row that was dropped as
/// late or repeated has its value, the score 0 and nothing else.
final class ScoreFile {
    static let header = "timestamp,value,prediction,lower,upper,residual,score,anomaly\n"
    /// Bytes that are gathered before they are written.
    private static let capacity = 1 << 18

    private let path: String
    private let descriptor: Int32
    private var bytes: [UInt8] = []
    private var isFinished = false

    /// The name that the file has until it is complete, so that nobody takes a part of it for the whole.
    private var partialPath: String { path + ".partial" }

    /// Creates the file, and the folders above it that are missing.
    ///
    /// - Throws: `Failure` that names the file and the cause.
    init(path: String) throws(Failure) {
        try Self.createFolders(above: path)
        let descriptor = open(path + ".partial", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw FileBytes.failure("write", path) }
        self.path = path
        self.descriptor = descriptor
        bytes.reserveCapacity(Self.capacity + 4096)
        bytes += Self.header.utf8
    }

    deinit {
        close(descriptor)
        if !isFinished { unlink(partialPath) }
    }

    /// Adds the rows of the run's last block.
    func append(_ block: Range<Int>, of run: DetectorRun) throws(Failure) {
        let width = run.file.channels
        for (place, row) in block.enumerated() {
            bytes += run.file.timeText(ofRow: row)
            let verdicts = run.channels[place * width..<(place + 1) * width]
            if let point = run.points[place] {
                append(verdicts.lazy.map(\.value))
                append(verdicts.lazy.map(\.prediction))
                append(verdicts.lazy.map(\.lower))
                append(verdicts.lazy.map(\.upper))
                append(verdicts.lazy.map(\.residual))
                append(CollectionOfOne(point.score))
                bytes += (point.flags.contains(.anomaly) ? ",1\n" : ",0\n").utf8
            } else {
                append(run.file.values[row * width..<(row + 1) * width])
                bytes += ",,,,,0,0\n".utf8
            }
        }
        if bytes.count >= Self.capacity { try flush() }
    }

    /// Gives the file its name. Without this it is removed.
    func finish() throws(Failure) {
        try flush()
        guard rename(partialPath, path) == 0 else { throw FileBytes.failure("write", path) }
        isFinished = true
    }

    /// One field, with one number for each channel.
    private func append(_ numbers: some Collection<Double>) {
        var separator = UInt8(ascii: ",")
        for number in numbers {
            bytes.append(separator)
            separator = UInt8(ascii: ";")
            // SQLite keeps no sign of zero, so nobody else ever sees −0.0; adding 0.0 makes it 0.0.
            if number.isFinite { bytes += NumberText.shortest(number + 0.0).utf8 }
        }
    }

    private func flush() throws(Failure) {
        var start = 0
        while start < bytes.count {
            let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + start, $0.count - start) }
            if count > 0 {
                start += count
            } else if errno != EINTR {
                throw FileBytes.failure("write", path)
            }
        }
        bytes.removeAll(keepingCapacity: true)
    }

    private static func createFolders(above path: String) throws(Failure) {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
        let folder = String(path[..<slash])
        if mkdir(folder, 0o777) == 0 || errno == EEXIST { return }
        guard errno == ENOENT else { throw FileBytes.failure("create", folder) }
        try createFolders(above: folder)
        guard mkdir(folder, 0o777) == 0 || errno == EEXIST else { throw FileBytes.failure("create", folder) }
    }
}
