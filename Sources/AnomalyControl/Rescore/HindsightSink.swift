import AnomalyDetection
import ControlProtocol
import Glibc
import PointStore

/// Where hindsight goes: a database has one writer, the daemon if it runs, else we.
enum HindsightSink {
    case store(PointStore)
    case daemon(ControlClient)

    /// How long the daemon may take to store a piece, in milliseconds: its writer may be busy with a large commit.
    private static let patience = 60_000

    /// - Parameters:
    ///   - database: the file, without symbolic links.
    ///   - client: asks whoever listens on the control socket.
    /// - Throws: `Failure`, or `StoreError` if the database can't be written to.
    static func open(database: String, client: ControlClient) throws -> HindsightSink {
        if let served = try served(by: client), isSame(served, database) {
            return .daemon(ControlClient(path: client.path, timeout: patience))
        }
        do {
            return .store(try PointStore(path: database))
        } catch let error as StoreError {
            guard case .locked = error.cause else { throw error }
            throw Failure(
                .failure, "cannot store hindsight in \(database): \(error.detail), and not at \(client.path)",
                hint: "if that is anomalyd, name its control socket with --socket PATH")
        }
    }

    /// The database of the daemon that listens there; nil if there is none, or none that may be asked: whether somebody
    /// else writes to the database, its lock will tell.
    private static func served(by client: ControlClient) throws(Failure) -> String? {
        do {
            return try client.status().database.path
        } catch {
            if error.status == .daemonNotRunning || error.status == .notPermitted { return nil }
            throw error
        }
    }

    /// Whether two names are of one file.
    private static func isSame(_ left: String, _ right: String) -> Bool {
        var (one, other) = (stat(), stat())
        return stat(left, &one) == 0 && stat(right, &other) == 0 && one.st_dev == other.st_dev
            && one.st_ino == other.st_ino
    }

    /// Stores what was found in a range, piece by piece, in place of what hindsight it had.
    ///
    /// - Returns: the number of the run.
    func store(
        _ found: HindsightVerdicts, of series: HindsightSeries, stream: StreamRecord, model: String, now: Int64
    ) throws -> Int64 {
        guard let first = series.times.first, let last = series.times.last else { return 0 }
        let size = max(1, HindsightRequest.mostNumbers / series.channels)
        var run = HindsightPiece.Run.new(
            HindsightRun(made: now, first: first, last: last, threshold: found.threshold, model: model))
        var number: Int64 = 0
        for start in stride(from: 0, to: series.count, by: size) {
            let points = start..<min(start + size, series.count)
            var piece = HindsightPiece(
                stream: stream.id, run: run,
                // Without gaps, so that no earlier hindsight stays between two pieces.
                from: start == 0 ? first : series.times[start - 1] + 1, to: series.times[points.upperBound - 1])
            piece.times = Array(series.times[points])
            piece.scores = Array(found.scores[points])
            piece.anomalies = Array(found.anomalies[points])
            let channels = series.channels
            piece.verdicts = Array(found.verdicts[(points.lowerBound * channels)..<(points.upperBound * channels)])
            number = try store(piece, of: stream)
            run = .begun(number)
        }
        return number
    }

    private func store(_ piece: HindsightPiece, of stream: StreamRecord) throws -> Int64 {
        switch self {
        case .store(let store): return try store.store(piece)
        case .daemon(let client): return try client.store(HindsightRequest(piece, stream: stream.name))
        }
    }

    func close() throws {
        if case .store(let store) = self { try store.close() }
    }
}

extension HindsightRequest {
    init(_ piece: HindsightPiece, stream: String) {
        func numbers(_ value: (ChannelVerdict) -> Double) -> [Double?] {
            piece.verdicts.map { value($0).isNaN ? nil : value($0) }
        }
        switch piece.run {
        case .new(let run):
            self.init(
                stream: stream, run: nil,
                begin: Begin(first: run.first, last: run.last, threshold: run.threshold, model: run.model),
                from: piece.from, to: piece.to)
        case .begun(let number): self.init(stream: stream, run: number, begin: nil, from: piece.from, to: piece.to)
        }
        times = piece.times
        scores = piece.scores.map { $0.isNaN ? nil : $0 }
        anomalies = piece.anomalies
        predictions = numbers(\.prediction)
        lowers = numbers(\.lower)
        uppers = numbers(\.upper)
        residuals = numbers(\.residual)
    }
}
