import AnomalyDetection
import ControlProtocol
import PointStore

/// Something that somebody says of a stream, on its way to the stream's shard.
struct FeedbackOrder: Sendable {
    /// The shard puts in which point it comes behind.
    var record: FeedbackRecord
    /// Called on the shard's thread with the number of the stream's points so far, or with why the stream can't be told.
    var taken: @Sendable (Result<Int64, NotChanged>) -> Void
}

/// Takes requests to say something of a stream.
struct FeedbackIntake: Sendable {
    /// Longest message, in bytes.
    static let longestMessage = 1000
    /// Largest time on either side of 1970, in microseconds: no difference between two overflows.
    private static let latestTime: UInt64 = 1 << 60

    let pipeline: Pipeline

    /// - Parameters:
    ///   - user: who asks; nil if nobody knows.
    ///   - answer: called once, on any thread; when it is good news, what was said is on the disk.
    func take(_ request: FeedbackRequest, user: UInt32?, answer: @escaping @Sendable (ControlReply) -> Void) {
        do throws(ControlError) {
            try pipeline.statistics.requireStoring()
            guard let stream = pipeline.directory.entry(of: request.stream) else {
                throw ControlError(code: .unknownStream, message: "there is no stream \"\(request.stream)\"")
            }
            var record = try record(request, of: stream)
            record.user = user
            let outcomes = ChangeOutcomes()
            let order = FeedbackOrder(record: record) { outcomes.set(stream.id, $0) }
            _ = pipeline.shards[Int(stream.shard)].queue.pushWithoutWaiting(.feedback(order), weight: 0)
            pipeline.sync(confirmsPoints: false) {
                switch outcomes.of(stream.id) {
                case .success(let points): answer(.feedback(FeedbackReply(points: points)))
                case .failure(let error):
                    answer(
                        .error(
                            ControlError(
                                code: .failed,
                                message: "the stream \"\(request.stream)\" cannot be told: \(error.cause)")))
                }
            }
        } catch {
            answer(.error(error))
        }
    }

    private func record(
        _ request: FeedbackRequest, of stream: StreamDirectory.Entry
    ) throws(ControlError) -> FeedbackRecord {
        func fault(_ text: String) -> ControlError { ControlError(code: .badRequest, message: text) }
        guard let action = FeedbackRecord.Action(rawValue: request.action) else {
            let known = FeedbackRecord.Action.allCases.map(\.rawValue).joined(separator: ", ")
            throw fault("unknown action \"\(request.action)\", expected one of \(known)")
        }
        let isHarmless = request.message.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        guard request.message.utf8.count <= Self.longestMessage, isHarmless else {
            throw fault("expected a message of at most \(Self.longestMessage) bytes, without control characters")
        }
        var record = FeedbackRecord(
            stream: stream.id, sequence: 0, isSilent: false, time: WallClock.now, action: action,
            anomaly: request.anomaly, message: request.message)
        switch action {
        case .freeze, .thaw, .reset, .snapshot: break
        case .rollback:
            guard let snapshot = request.snapshot else { throw fault("expected the number of a snapshot") }
            record.snapshot = snapshot
        case .acknowledged:
            guard request.anomaly != nil else { throw fault("expected the number of an anomaly") }
        case .exclude, .include:
            (record.since, record.until) = (request.since, request.until)
            guard let range = record.range, max(range.since.magnitude, range.until.magnitude) <= Self.latestTime else {
                throw fault("expected a range of time, \"since\" before \"until\"")
            }
        case .mute, .unmute:
            (record.start, record.until) = (request.start, request.until)
            if request.anomaly == nil {
                guard action == .unmute || record.until.map({ $0.magnitude <= Self.latestTime }) == true else {
                    throw fault("expected the time until which the stream is to be mute")
                }
            } else if record.start == nil {
                throw fault("expected the number of the anomaly's first point")
            }
        case .rule:
            guard let rule = request.rule.flatMap({ ScoreRule($0) }) else {
                throw fault(
                    "unknown rule \"\(request.rule ?? "")\", expected one of "
                        + ScoreRule.keys.joined(separator: ", ") + " and its value")
            }
            record.rule = rule
        case .falsePositive, .truePositive:
            guard request.anomaly != nil, let label = request.label else {
                throw fault("expected an anomaly with its label")
            }
            guard let kind = AnomalyKind(rawValue: label.kind), (0...1).contains(label.score),
                (0..<Int(stream.channels)).contains(label.channel), label.start > 0,
                label.shape.isEmpty || label.shape.count == Feedback.shapePoints,
                label.shape.allSatisfy(\.isFinite)
            else {
                throw fault("expected a known kind, a score from 0 to 1, a channel of the stream, and a shape")
            }
            record.label = Feedback.Label(
                anomaly: label.start, kind: kind, score: label.score, isTrue: action == .truePositive,
                channel: label.channel, shape: label.shape)
        }
        return record
    }
}
