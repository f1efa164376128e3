import AnomalyDetection
import PointStore
import Presentation
import RecurrentModel

/// Reads one stream's range again in hindsight.
struct Rescore {
    /// What the network shall look like, and how it learns.
    var settings: HindsightSettings
    /// A model that has learned already; nil trains one on the range.
    var file: HindsightFile?
    var threads: Int
    /// Whether to train a model that can be kept, for other ranges.
    var keepsModel = false

    /// What was done, in a few words, and how far that is: 0…1.
    typealias Progress = (_ task: String, _ share: Double) throws -> Void

    /// Reads the points of a range.
    ///
    /// - Parameter query: of one stream.
    static func read(_ query: PointQuery, of stream: StreamRecord, in store: StoreReader) throws -> StoredRange {
        var range = StoredRange(stream: stream, series: HindsightSeries(channels: stream.channels))
        let cursor = try store.points(query)
        while let point = try cursor.next() {
            range.series.append(time: point.time, values: point.channels.map(\.value))
            range.scores.append(point.score)
            range.anomalies.append(point.isAnomaly)
        }
        return range
    }

    /// Points with a value that a range needs.
    var fewestPoints: Int { file.map { $0.model.window } ?? settings.fewestPoints }

    /// Why a range can't be read: too few points, or a model of another width; nil if it can.
    func refusal(of range: StoredRange) -> Failure? {
        let present = range.series.present
        if present < fewestPoints {
            return Failure(
                .failure,
                "cannot rescore \"\(range.stream.name)\": its range has \(NumberText.grouped(Int64(present))) points "
                    + "with a value, expected at least \(NumberText.grouped(Int64(fewestPoints)))",
                hint: "give it a longer range with --since and --until"
                    + (file == nil ? ", a smaller --window, or a model with --model" : ""))
        }
        guard let file, file.model.channels != range.series.channels else { return nil }
        return Failure(
            .failure,
            "cannot rescore \"\(range.stream.name)\": it has \(range.series.channels) values a point, the model is for "
                + "streams of \(file.model.channels)")
    }

    /// - Precondition: there is no `refusal`.
    /// - Throws: what `progress` throws.
    func run(_ range: StoredRange, progress: Progress) throws -> RescoreResult {
        let pool = SliceThreads(threads)
        let started = ContinuousClock.now
        let readers: [HindsightReader]
        let description: String
        var kept: HindsightModel?
        if let file {
            // Its weights know its own stream in the units that it was trained with, and others in theirs.
            let model = file.stream == range.stream.name ? file.model : file.model.scaled(to: range.series)
            readers = [HindsightReader(model, reads: .all)]
            description = "\(model.summary), learned before\(file.stream.map { " from \($0)" } ?? "")"
        } else {
            let folds: [HindsightFold] = [.even, .odd] + (keepsModel ? [.all] : [])
            var models: [HindsightModel] = []
            var epochs = 0
            for (place, fold) in folds.enumerated() {
                var training = HindsightTraining(
                    settings, of: range.series, name: range.stream.name.utf8, fold: fold,
                    parallel: { pool.run($0, $1) })
                epochs = training.epochs
                models.append(
                    try training.run { epoch, loss in
                        try progress(
                            "learning, \(place + 1) of \(folds.count), epoch \(epoch) of \(epochs), "
                                + "loss \(NumberText.compact(loss))",
                            (Double(place) + Double(epoch) / Double(epochs)) / Double(folds.count))
                    })
            }
            readers = [HindsightReader(models[0], reads: .odd), HindsightReader(models[1], reads: .even)]
            if keepsModel { kept = models[2] }
            description =
                "\(models[0].summary), learned from each half of the range for the other in \(epochs) epochs"
        }
        try progress("reading in hindsight", 1)
        let found = HindsightVerdicts(
            range.series, readers: readers, score: settings.score, parallel: { pool.run($0, $1) })
        return RescoreResult(
            range: range, kept: kept, description: description, found: found,
            quietPoints: settings.score.quietPoints, seconds: (ContinuousClock.now - started) / .seconds(1))
    }
}

/// The points of a range, and what was said of them online.
struct StoredRange {
    var stream: StreamRecord
    var series: HindsightSeries
    /// One for each point.
    var scores: [Double] = []
    var anomalies: [Bool] = []
}

/// What a range looks like in hindsight, beside what was said online.
struct RescoreResult {
    var range: StoredRange
    /// A model for other ranges, if one was wanted.
    var kept: HindsightModel?
    /// Of the model, in a few words.
    var description: String
    var found: HindsightVerdicts
    var comparison: HindsightComparison
    /// Time taken, without reading and storing.
    var seconds: Double
    /// Number under which it is stored; nil if it is not.
    var run: Int64?

    init(
        range: StoredRange, kept: HindsightModel?, description: String, found: HindsightVerdicts, quietPoints: Int,
        seconds: Double
    ) {
        self.range = range
        self.kept = kept
        // A name of a stream can be long, and a description that is stored can't.
        self.description = String(decoding: description.utf8.prefix(HindsightRun.longestModel), as: UTF8.self)
        self.found = found
        self.seconds = seconds
        comparison = HindsightComparison(
            onlineScores: range.scores, online: range.anomalies, hindsightScores: found.scores,
            hindsight: found.anomalies, quietPoints: quietPoints)
    }
}

extension HindsightModel {
    /// In a few words.
    fileprivate var summary: String {
        "\(cell.rawValue) both ways, \(layers) \(layers == 1 ? "layer" : "layers") of 2 × \(hidden) units, "
            + "windows of \(window) points"
    }
}
