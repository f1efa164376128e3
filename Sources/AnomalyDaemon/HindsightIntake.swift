import AnomalyDetection
import ControlProtocol
import PointStore

/// Hindsight on its way to the writer.
struct HindsightOrder: Sendable {
    var piece: HindsightPiece
    /// Called once on the writer's thread: with the number of the run once the piece is durable, or with why it is not
    /// stored.
    var answer: @Sendable (Result<Int64, any Error>) -> Void
}

/// Takes requests to store hindsight. What it can't see the faults of, the store looks at before it writes.
struct HindsightIntake: Sendable {
    let directory: StreamDirectory
    let writer: BoundedQueue<WriterMessage>
    let statistics: Statistics

    /// - Parameter answer: called once, on any thread.
    func take(_ request: HindsightRequest, answer: @escaping @Sendable (ControlReply) -> Void) {
        do throws(ControlError) {
            try statistics.requireStoring()
            let piece = try piece(request)
            let order = HindsightOrder(piece: piece) { result in
                switch result {
                case .success(let run): answer(.hindsight(HindsightReply(run: run)))
                case .failure(let error): answer(.error(Self.refusal(error)))
                }
            }
            // One piece waits for each connection at most, so that the queue can't grow much by it.
            _ = writer.pushWithoutWaiting(.hindsight(order), weight: piece.verdicts.count)
        } catch {
            answer(.error(error))
        }
    }

    private func piece(_ request: HindsightRequest) throws(ControlError) -> HindsightPiece {
        func fault(_ text: String) -> ControlError {
            ControlError(code: .badRequest, message: "cannot store hindsight of \"\(request.stream)\": \(text)")
        }
        guard let stream = directory.entry(of: request.stream) else { throw fault("there is no such stream") }
        let numbers = request.predictions.count
        guard numbers <= HindsightRequest.mostNumbers else {
            throw fault("it has \(numbers) predictions, expected at most \(HindsightRequest.mostNumbers)")
        }
        guard [request.lowers, request.uppers, request.residuals].allSatisfy({ $0.count == numbers }) else {
            throw fault("expected as many lowers, uppers and residuals as predictions, \(numbers)")
        }
        let run: HindsightPiece.Run
        switch (request.run, request.begin) {
        case (let number?, nil): run = .begun(number)
        case (nil, let begin?):
            run = .new(
                HindsightRun(
                    made: WallClock.now, first: begin.first, last: begin.last, threshold: begin.threshold,
                    model: begin.model))
        default: throw fault("expected either \"run\" or \"begin\"")
        }
        var piece = HindsightPiece(stream: stream.id, run: run, from: request.from, to: request.to)
        piece.times = request.times
        piece.scores = request.scores.map { $0 ?? .nan }
        piece.anomalies = request.anomalies
        piece.verdicts = (0..<numbers).map { i in
            ChannelVerdict(
                value: .nan, prediction: request.predictions[i] ?? .nan, lower: request.lowers[i] ?? .nan,
                upper: request.uppers[i] ?? .nan, residual: request.residuals[i] ?? .nan)
        }
        return piece
    }

    private static func refusal(_ error: any Error) -> ControlError {
        switch error {
        case let error as ControlError: error
        case let error as StoreError where error.cause == .conflict:
            ControlError(code: .badRequest, message: "\(error)")
        default: ControlError(code: .failed, message: "\(error)")
        }
    }
}
