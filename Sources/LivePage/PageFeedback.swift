import AnomalyDetection
import ControlProtocol
import FoundationEssentials
import HTTPTypes
import PointStore
import Presentation

/// The body of `POST /api/v1/feedback`: what somebody says of an anomaly, or of a stream.
struct PageFeedback: Decodable {
    var action: String
    /// Number of an anomaly; or else the name of a stream, which can be mute and unmute.
    var anomaly: Int64?
    var stream: String?
    /// How long a stream is mute, in seconds.
    var seconds: Int64?
    var message: String?

    private static let anomalyActions = ["ack", "false-positive", "true", "mute", "unmute"]
    /// As long as somebody is away.
    private static let longestMute: Int64 = 366 * 86_400

    /// - Throws: ``PageError`` if it is none.
    init(_ bytes: [UInt8]) throws(PageError) {
        do {
            self = try JSONDecoder().decode(PageFeedback.self, from: Data(bytes))
        } catch {
            throw PageError(
                .badRequest, "expected a JSON object such as {\"anomaly\":17,\"action\":\"ack\",\"message\":\"\"}")
        }
    }

    /// What the daemon is asked.
    ///
    /// - Parameter now: microseconds since 1970.
    /// - Throws: ``PageError``, `StoreError`.
    func request(in store: StoreReader, now: Int64) throws -> FeedbackRequest {
        var request = try anomaly.map { try self.request(of: $0, in: store) } ?? requestOfStream(now: now)
        request.message = message ?? ""
        return request
    }

    private func request(of id: Int64, in store: StoreReader) throws -> FeedbackRequest {
        guard stream == nil, seconds == nil else {
            throw PageError(.badRequest, "expected \"anomaly\" or \"stream\", and \"seconds\" of a stream only")
        }
        guard Self.anomalyActions.contains(action) else {
            let known = Self.anomalyActions.joined(separator: ", ")
            throw PageError(.badRequest, "unknown action \"\(action.prefix(40))\", expected one of \(known)")
        }
        guard let stored = try store.anomaly(id) else { throw PageError(.notFound, "there is no anomaly \(id)") }
        let details = try AnomalyDetails(stored, in: store, of: [])
        if action == "false-positive" || action == "true" {
            do {
                return try FeedbackRequest(labelling: details, isTrue: action == "true", in: store)
            } catch let error as NotLabelled {
                throw PageError(.conflict, error.cause)
            }
        }
        var request = FeedbackRequest(stream: details.stream.name, action: action, anomaly: id)
        if action != "ack" { request.start = stored.anomaly.startSequence }
        return request
    }

    private func requestOfStream(now: Int64) throws -> FeedbackRequest {
        guard let stream else { throw PageError(.badRequest, "expected \"anomaly\" or \"stream\"") }
        guard action == "mute" || action == "unmute" else {
            throw PageError(.badRequest, "unknown action \"\(action.prefix(40))\" of a stream, expected mute or unmute")
        }
        var request = FeedbackRequest(stream: stream, action: action)
        if action == "mute" {
            guard let seconds, (1...Self.longestMute).contains(seconds) else {
                throw PageError(.badRequest, "expected \"seconds\" from 1 to \(Self.longestMute)")
            }
            request.until = now + seconds * 1_000_000
        }
        return request
    }
}
