package import AnomalyDetection
package import ControlProtocol
import HTTPTypes
package import Hummingbird
import NIOCore
import PointStore
import Presentation
package import WebServer

/// The live page, and what it asks for: streams by their worst scores, charts, anomalies in words, health. It reads
/// the database as everybody may, and says something only for who has the server's token.
///
/// | path | answer |
/// |---|---|
/// | `/`, `/assets/…` | the page; it fetches nothing from elsewhere |
/// | `/api/v1/status` | the daemon's status |
/// | `/api/v1/streams` | streams, the worst first: `search`, `sort`, `offset`, `limit` |
/// | `/api/v1/points` | a stream's chart: `stream`, `since` and `until`, `span` or `newest`, `columns`, `channel`, `zone` |
/// | `/api/v1/anomalies` | anomalies, the newest first: `stream`, `open`, `since`, `until`, `limit` |
/// | `/api/v1/anomalies/NUMBER` | one of them in words: `zone` |
/// | `/api/v1/events` | an event for each commit, four a second at most |
/// | `POST /api/v1/feedback` | says something of an anomaly or a stream |
package struct LivePage: WebRoutes {
    /// What the page wants to know of the daemon around it.
    package struct Surroundings: Sendable {
        /// The database's path.
        package var database: String
        package var status: @Sendable () -> DaemonStatus
        /// How many commits there have been.
        package var commits: @Sendable () -> Int64
        /// Calls back once when there has been another commit than the given number of them; returns what cancels it.
        package var whenCommitted:
            @Sendable (_ after: Int64?, _ committed: @escaping @Sendable (Int64) -> Void) -> @Sendable () -> Void
        /// How a stream's model learns.
        package var model: @Sendable (_ stream: String) -> ModelSettings
        /// Says something of a stream, for a user if it is known which; nil if nobody may.
        package var feedback: (@Sendable (FeedbackRequest, _ peer: String, _ user: UInt32?) async -> ControlReply)?
        /// Microseconds since 1970.
        package var now: @Sendable () -> Int64

        package init(
            database: String, status: @escaping @Sendable () -> DaemonStatus,
            commits: @escaping @Sendable () -> Int64,
            whenCommitted:
                @escaping @Sendable (Int64?, @escaping @Sendable (Int64) -> Void) -> @Sendable () -> Void,
            model: @escaping @Sendable (String) -> ModelSettings,
            feedback: (@Sendable (FeedbackRequest, _ peer: String, _ user: UInt32?) async -> ControlReply)?,
            now: @escaping @Sendable () -> Int64
        ) {
            self.database = database
            self.status = status
            self.commits = commits
            self.whenCommitted = whenCommitted
            self.model = model
            self.feedback = feedback
            self.now = now
        }
    }

    let daemon: Surroundings
    let pool: StorePool
    /// For the board alone: what making it leaves behind is used for the next one, and no other request waits for it.
    private let boardPool: StorePool
    let keeper: BoardKeeper
    let events: LiveEvents

    package init(_ daemon: Surroundings) {
        self.daemon = daemon
        pool = StorePool(path: daemon.database, workers: 2)
        let boardPool = StorePool(path: daemon.database, workers: 1)
        self.boardPool = boardPool
        keeper = BoardKeeper(commits: daemon.commits) {
            try await boardPool.read { store, _ in try StreamBoard(store, now: daemon.now()) }
        }
        events = LiveEvents(wait: daemon.whenCommitted)
    }

    /// Ends the events of all pages, and refuses to read more: to be called before the server stops.
    package func close() async {
        events.close()
        await pool.close()
        await boardPool.close()
    }

    package func add(to router: Router<WebContext>) {
        PageAssets.add(to: router)
        let api = router.group("api/v1")
        api.get("status") { request, _ in
            await Self.answering {
                _ = try PageParameters(request, known: [])
                return try ControlLine.encode(status)
            }
        }
        api.get("streams") { request, _ in await Self.answering { try await streams(request) } }
        api.get("points") { request, _ in await Self.answering { try await points(request) } }
        api.get("anomalies") { request, _ in await Self.answering { try await anomalies(request) } }
        api.get("anomalies/:id") { request, context in
            await Self.answering { try await anomaly(request, context.parameters.get("id") ?? "") }
        }
        api.get("events") { _, _ in eventStream() }
        api.post("feedback") { request, context in
            await Self.answering { try await say(request, context) }
        }
    }

    /// A response with JSON, or with why there is none.
    private static func answering(_ body: () async throws -> [UInt8]) async -> Response {
        do {
            return response(try await body(), .ok)
        } catch let error as PageError {
            return response(error.message, error.status)
        } catch let error as StoreError {
            // That of another version, or a locked one, may be readable later.
            return response("cannot \(error.operation) the database: \(error.detail)", .serviceUnavailable)
        } catch {
            return response("the request failed: \(error)", .internalServerError)
        }
    }

    static func response(_ error: String, _ status: HTTPResponse.Status) -> Response {
        response((try? ControlLine.encode(ErrorAnswer(error: error))) ?? [], status)
    }

    private static func response(_ json: [UInt8], _ status: HTTPResponse.Status) -> Response {
        var response = Response(
            status: status, headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: json)))
        if status == .serviceUnavailable { response.headers[.retryAfter] = "1" }
        return response
    }

    private var status: StatusAnswer {
        StatusAnswer(
            canChange: daemon.feedback != nil, pages: events.count, now: daemon.now(), status: daemon.status())
    }
}
