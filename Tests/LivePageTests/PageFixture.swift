import AnomalyDetection
import ControlProtocol
import Foundation
import HTTPTypes
import Hummingbird
import LivePage
import Logging
import NIOCore
import NIOEmbedded
import PointStore
import Synchronization
import WebServer

/// A page over a database of its own, which goes when the value goes.
final class PageFixture: Sendable {
    let folder: String
    let page: LivePage
    /// What was said over it.
    let said = Mutex<[FeedbackRequest]>([])
    private let responder: RouterResponder<WebContext>

    /// 2026-11-23 14:00:00 UTC
    static let start: Int64 = 1_795_442_400_000_000
    static let minute: Int64 = 60_000_000
    static let hostile = "</script>\u{202E}<img src=x>&stream=1"

    /// - Parameters:
    ///   - streams: ordinary ones, besides that with the anomaly.
    ///   - points: of each.
    init(streams: Int = 3, points: Int = 100, canChange: Bool = true) throws {
        folder = NSTemporaryDirectory() + "live-page-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Self.fill(folder + "/anomaly.db", streams: streams, points: points)
        let ends = Self.start + Int64(points) * Self.minute
        let box = Box()
        let feedback: @Sendable (FeedbackRequest, String, UInt32?) async -> ControlReply = { request, _, _ in
            box.take(request)
            return .feedback(FeedbackReply(points: 100))
        }
        let page = LivePage(
            LivePage.Surroundings(
                database: folder + "/anomaly.db", status: { Self.status }, commits: { 7 },
                whenCommitted: { after, committed in
                    if after != 7 { committed(7) }
                    return {}
                },
                model: { _ in ModelSettings() }, feedback: canChange ? feedback : nil, now: { ends }))
        self.page = page
        let router = Router(context: WebContext.self)
        page.add(to: router)
        responder = router.buildResponder()
        box.fixture = self
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// So that what the page was told can be handed out before there is a fixture.
    private final class Box: Sendable {
        private let owner = Mutex<Weak>(Weak())
        struct Weak: Sendable { weak var fixture: PageFixture? }
        var fixture: PageFixture? {
            get { owner.withLock { $0.fixture } }
            set { owner.withLock { $0.fixture = newValue } }
        }
        func take(_ request: FeedbackRequest) { fixture?.said.withLock { $0.append(request) } }
    }

    private static func fill(_ path: String, streams: Int, points: Int) throws {
        let store = try PointStore(path: path)
        var commit = Commit()
        let names = [hostile, "wide"] + (0..<streams).map { "web.\($0)" }
        for (place, name) in names.enumerated() {
            let id = Int32(place + 1)
            let channels = name == "wide" ? 2 : 1
            commit.streams.append(StreamRecord(id: id, name: name, channels: channels, created: start))
            for index in 0..<points {
                let isPeak = name == hostile && index == points - 10
                for channel in 0..<channels {
                    let value = isPeak ? 90 : Double(index % 10)
                    commit.points.append(
                        PointRow(
                            stream: id, channel: Int32(channel), sequence: Int64(index + 1),
                            time: start + Int64(index) * minute, value: value, prediction: 5, lower: 0, upper: 10,
                            residual: value - 5, score: isPeak ? 0.5 : Double(place % 7) / 100,
                            flags: isPeak ? [.anomaly, .unpredicted] : []))
                }
            }
        }
        let peak = start + Int64(points - 10) * minute
        commit.anomalies = [
            AnomalyRecord(
                stream: 1,
                anomaly: Anomaly(
                    startSequence: Int64(points - 9), start: peak, end: peak, peak: peak, peakScore: 0.5,
                    peakChannel: 0, peakValue: 90, peakPrediction: 5, evidence: .unpredicted, points: 1,
                    isOpen: false))
        ]
        try store.commit(&commit)
        try store.close()
    }

    private static let status = DaemonStatus(
        version: "1", pid: 1, state: .running, started: start, uptimeSeconds: 1, streams: 5, warmingStreams: 0,
        points: 500, pointsPerSecond: 1.25, rejectedLines: [:], duplicatePoints: 0, latePoints: 0, anomalies: 1,
        openAnomalies: 0, lastCommit: start, commits: 7, queues: DaemonStatus.Queues(shards: [0], writer: 0),
        connections: 0, listeners: [], database: DaemonStatus.Database(path: "x", bytes: 1), residentBytes: 1,
        watchdog: nil, checkpointAgeSeconds: nil)

    // MARK: Asking

    struct Answer {
        var status: Int
        var fields: HTTPFields
        var bytes: [UInt8]
        var text: String { String(decoding: bytes, as: UTF8.self) }
        func json() throws -> [String: Any] {
            try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] ?? [:]
        }
    }

    func get(_ path: String) async throws -> Answer { try await ask(.get, path) }

    /// - Parameter query: names and values, as they are.
    func get(_ path: String, _ query: [(String, String)]) async throws -> Answer {
        let allowed = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyz0123456789.-_")
        let text = query.map { "\($0)=\($1.addingPercentEncoding(withAllowedCharacters: allowed) ?? "")" }
        return try await get(path + "?" + text.joined(separator: "&"))
    }

    func ask(
        _ method: HTTPRequest.Method, _ path: String, body: String = "", _ fields: HTTPFields = [:]
    ) async throws -> Answer {
        let head = HTTPRequest(
            method: method, scheme: "http", authority: "localhost:1", path: path, headerFields: fields)
        let context = WebContext(
            source: ApplicationRequestContextSource(channel: EmbeddedChannel(), logger: Logger(label: "page")))
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer(string: body)))
        let response = try await responder.respond(to: request, context: context)
        let collected = Collected()
        try await response.body.write(Writer(collected: collected))
        return Answer(
            status: Int(response.status.code), fields: response.headers, bytes: collected.bytes.withLock { $0 })
    }

    /// Enough of what goes on to be answered for ever.
    func beginning(of path: String, bytes: Int) async throws -> String {
        let head = HTTPRequest(method: .get, scheme: "http", authority: "localhost:1", path: path)
        let context = WebContext(
            source: ApplicationRequestContextSource(channel: EmbeddedChannel(), logger: Logger(label: "page")))
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer()))
        let response = try await responder.respond(to: request, context: context)
        let collected = Collected()
        _ = try? await response.body.write(Writer(collected: collected, most: bytes))
        return String(decoding: collected.bytes.withLock { $0 }, as: UTF8.self)
    }

    private final class Collected: Sendable { let bytes = Mutex<[UInt8]>([]) }
    private struct Full: Error {}

    private struct Writer: ResponseBodyWriter {
        let collected: Collected
        var most = Int.max
        mutating func write(_ buffer: ByteBuffer) async throws {
            let count = collected.bytes.withLock { bytes in
                bytes += buffer.readableBytesView
                return bytes.count
            }
            if count >= most { throw Full() }
        }
        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}
