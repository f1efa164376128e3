package import AnomalyConfiguration
import AnomalyDetection
import Glibc
import ModelFiles
package import RecurrentModel
import Synchronization

/// Runs detectors over files, on several threads, each with a workbench of its own. No result but the times taken
/// depends on the threads.
package struct Backtest: Sendable {
    package let inputs: [BacktestInput]
    /// The cells to compare; empty for the configured one of each stream.
    package let cells: [CellKind]
    package let configuration: DaemonConfiguration
    /// Where score files go, if they are wanted.
    package let output: String?
    /// The season in rows, 1 or more; nil to look for it in each file.
    package let season: Int?
    package let threads: Int
    /// The files that `model.initial` names, by path.
    private let models: [String: ModelFile]

    /// - Throws: `Failure` if two files would write to one score file, a score file would be one of the inputs, or a file
    ///   of `model.initial` can't be used.
    package init(
        inputs: [BacktestInput], cells: [CellKind], configuration: DaemonConfiguration, output: String?, season: Int?,
        threads: Int
    ) throws(Failure) {
        self.inputs = inputs
        self.cells = cells
        self.configuration = configuration
        self.output = output
        self.season = season
        self.threads = threads
        var models: [String: ModelFile] = [:]
        for input in inputs {
            guard let path = configuration.settings(forStream: input.stream).initialModelFile, models[path] == nil
            else { continue }
            do throws(ModelFileError) {
                models[path] = try ModelFile.read(path, requiresHead: false)
            } catch {
                throw Failure(error)
            }
        }
        self.models = models
        try checkScoreFiles()
    }

    /// One file and one cell.
    private struct Job: Sendable {
        var input: BacktestInput
        var cell: CellKind?
        /// Place among the results.
        var place: Int
        var bytes: Int64
    }

    private struct Shared {
        var next = 0
        var results: [BacktestResult?]
        /// The first failure by the place of its job.
        var failure: (place: Int, failure: Failure)?
    }

    /// Does it all.
    ///
    /// - Parameter show: called on this thread, some ten times a second and at the end, with how far it is.
    /// - Returns: for each input, in order, one result for each cell, in order.
    /// - Throws: `Failure` of the first file that cannot be read or written.
    package func run(show: (BacktestProgress) -> Void) throws(Failure) -> [BacktestResult] {
        let cells: [CellKind?] = cells.isEmpty ? [nil] : cells
        var jobs: [Job] = []
        for input in inputs {
            let bytes = Self.size(of: input.path)
            for cell in cells { jobs.append(Job(input: input, cell: cell, place: jobs.count, bytes: bytes)) }
        }
        // The largest first, so that no thread is left alone with one at the end.
        let queue = jobs.sorted { ($1.bytes, $0.place) < ($0.bytes, $1.place) }
        let counters = BacktestCounters(files: jobs.count, bytes: jobs.reduce(0) { $0 + $1.bytes })
        let shared = Mutex(Shared(results: Array(repeating: nil, count: jobs.count)))
        WorkerThreads.run(min(threads, jobs.count)) {
            let workbench = Workbench()
            while let job = shared.withLock({ Self.take(from: queue, &$0) }) {
                do throws(Failure) {
                    let result = try run(job, workbench: workbench, counters: counters)
                    shared.withLock { $0.results[job.place] = result }
                } catch {
                    shared.withLock { shared in
                        if job.place < shared.failure?.place ?? .max { shared.failure = (job.place, error) }
                    }
                }
            }
        } meanwhile: {
            show(counters.progress)
        }
        let (results, failure) = shared.withLock { ($0.results, $0.failure?.failure) }
        if let failure { throw failure }
        return results.compactMap(\.self)
    }

    /// After a failure there is nothing more to do.
    private static func take(from queue: [Job], _ shared: inout Shared) -> Job? {
        guard shared.failure == nil, shared.next < queue.count else { return nil }
        defer { shared.next += 1 }
        return queue[shared.next]
    }

    // MARK: One file

    private func run(_ job: Job, workbench: Workbench, counters: BacktestCounters) throws(Failure) -> BacktestResult {
        let started = Self.seconds(CLOCK_MONOTONIC)
        let file = try SeriesFile(path: job.input.path)
        let streamSettings = configuration.settings(forStream: job.input.stream)
        var settings = streamSettings.detector
        if let cell = job.cell { settings.model.cell = cell }
        var result = BacktestResult(input: job.input, cell: settings.model.cell)
        let scores = try scorePath(of: job.input, cell: job.cell).map { path throws(Failure) in
            try ScoreFile(path: path)
        }
        var events =
            job.input.windows.map { EventTally(windows: $0, times: file.times) }
            ?? file.labels.map { EventTally(labels: $0) }
        var forecasts = Array(repeating: ForecastTally(), count: file.channels)
        var stepped: [Int] = []
        stepped.reserveCapacity(file.rows)

        var run = try DetectorRun(
            file, settings: settings, name: job.input.stream, model: models[streamSettings.initialModel],
            workbench: workbench)
        var before = Self.seconds(CLOCK_THREAD_CPUTIME_ID)
        while let block = run.next() {
            result.stepSeconds += Self.seconds(CLOCK_THREAD_CPUTIME_ID) - before
            for (place, row) in block.enumerated() {
                guard let point = run.points[place] else { continue }
                stepped.append(row)
                for channel in 0..<file.channels {
                    forecasts[channel].add(run.channels[place * file.channels + channel])
                }
                if point.change == .opened { result.alarms += 1 }
                events?.add(point, row: row)
            }
            try scores?.append(block, of: run)
            counters.advance(points: block.count, bytes: job.bytes * Int64(block.count) / Int64(file.rows))
            before = Self.seconds(CLOCK_THREAD_CPUTIME_ID)
        }
        try scores?.finish()
        result.points = stepped.count
        result.dropped = file.rows - stepped.count
        result.events = events.map(EventCounts.init)
        compare(forecasts, file, stepped, &result)
        result.seconds = Self.seconds(CLOCK_MONOTONIC) - started
        counters.finishFile()
        return result
    }

    private func compare(
        _ forecasts: [ForecastTally], _ file: SeriesFile, _ stepped: [Int], _ result: inout BacktestResult
    ) {
        var seasonal: [Double] = []
        for (channel, forecast) in forecasts.enumerated() {
            let values = stepped.map { file.values[$0 * file.channels + channel] }
            let season = season ?? Season.find(in: values) ?? 1
            if channel == 0 { result.season = season }
            if let error = forecast.scaledSeasonalError(of: values, season: season) { seasonal.append(error) }
            result.covered += forecast.coverage.covered
            result.banded += forecast.coverage.banded
        }
        result.scaledError = forecasts.compactMap(\.scaledError).mean
        result.seasonalError = seasonal.mean
    }

    // MARK: Score files

    private func scorePath(of input: BacktestInput, cell: CellKind?) -> String? {
        guard let output else { return nil }
        // One cell needs no folder of its own, which the scorers would not look into.
        let parts = [output, cells.count > 1 ? cell?.rawValue ?? "" : "", input.folder, input.stream + ".csv"]
        return parts.filter { !$0.isEmpty }.joined(separator: "/")
    }

    private func checkScoreFiles() throws(Failure) {
        let files = Dictionary(inputs.compactMap { input in Self.identity(of: input.path).map { ($0, input.path) } }) {
            first, _ in first
        }
        var owners: [String: String] = [:]
        for cell in cells.isEmpty ? [nil] : cells.map(Optional.some) {
            for input in inputs {
                guard let path = scorePath(of: input, cell: cell) else { return }
                if let other = owners.updateValue(input.path, forKey: path) {
                    throw Failure(
                        .usage, "the scores of \(other) and of \(input.path) would both be written to \(path)",
                        hint: "give files of different names or from folders of different names")
                }
                if let overwritten = Self.identity(of: path).flatMap({ files[$0] }) {
                    throw Failure(
                        .usage, "the scores of \(input.path) would be written over \(overwritten)",
                        hint: "give another folder with -o")
                }
            }
        }
    }

    /// What tells a file from all others, whatever its path.
    private struct FileIdentity: Hashable {
        var device: UInt
        var number: UInt
    }

    private static func identity(of path: String) -> FileIdentity? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return FileIdentity(device: UInt(status.st_dev), number: UInt(status.st_ino))
    }

    // MARK: The system

    private static func size(of path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

extension [Double] {
    /// nil for an empty array.
    var mean: Double? { isEmpty ? nil : reduce(0, +) / Double(count) }
}
