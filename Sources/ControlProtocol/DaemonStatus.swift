/// How the daemon does: the reply to `ControlRequest.status`, and what `anomalyctl status -o json` prints.
///
/// Times are microseconds since 1970, durations say their unit in their name, counts are since the daemon's start
/// unless they say otherwise. A field that is added later must be optional, so that clients can ask older daemons.
public struct DaemonStatus: Sendable, Equatable, Codable {
    /// The program's version, as `anomalyd --version` prints it.
    public var version: String
    public var pid: Int32
    public var state: State
    /// What the daemon last told systemd about itself, in a few words; nil when it has nothing to add to `state`.
    public var text: String?
    public var started: Int64
    public var uptimeSeconds: Double

    /// Streams known, and those among them that have not seen enough points for anything to be flagged.
    public var streams: Int
    public var warmingStreams: Int

    /// Points accepted, and the recent rate of them.
    public var points: Int64
    public var pointsPerSecond: Double
    /// Rejected lines by reason.
    public var rejectedLines: [String: Int64]
    /// Points dropped because there was one of their time, or because they came too late.
    public var duplicatePoints: Int64
    public var latePoints: Int64

    /// Anomalies opened since the start, and those that are open now.
    public var anomalies: Int64
    public var openAnomalies: Int

    /// Time of the newest commit; nil before the first one.
    public var lastCommit: Int64?
    public var commits: Int64
    public var queues: Queues

    /// Clients connected to the feed now, and the sockets that it is heard on.
    public var connections: Int
    public var listeners: [String]

    public var database: Database
    /// Resident memory of the process.
    public var residentBytes: Int64
    /// What of it the allocator has given out and not got back; nil from a daemon that does not say.
    public var allocatedBytes: Int64?
    /// nil when systemd's watchdog is not in use.
    public var watchdog: Watchdog?
    /// Age of the oldest checkpoint that a stream would have to replay from; nil before the first checkpoint.
    public var checkpointAgeSeconds: Double?
    /// How the training of the streams' models does; nil from a daemon that does not say.
    public var gradients: Gradients?
    /// How far the streams that were stored are in memory again; nil once all are, and from a daemon that does not say.
    public var restoring: Restoring?
    /// How many connections and streams there may be; nil from a daemon that does not say.
    public var maxConnections: Int?
    public var maxStreams: Int?
    /// Clients turned away or given up, by reason, the control socket's included; nil from a daemon that does not say.
    public var refusedConnections: [String: Int64]?
    /// Late points stored all the same, and points that wait in reorder windows now; nil from a daemon that knows
    /// neither.
    public var keptLatePoints: Int64?
    public var pendingPoints: Int64?
    /// Streams from which nothing has come for longer than usual; nil from a daemon that does not say.
    public var silentStreams: Int?
    /// Streams whose anomalies somebody does not want to hear of now; nil from a daemon that does not say.
    public var mutedStreams: Int?
    /// Streams whose state is in the database only, until their next point; nil from a daemon that does not say.
    public var asleepStreams: Int?
    /// What memory the process may have; nil if there is no limit, and from a daemon that does not say.
    public var memory: Memory?
    /// How storing does; nil from a daemon that does not say.
    public var storage: Storage?
    /// What somebody should see to, each a sentence; nil from a daemon that does not say.
    public var notes: [String]?
    /// Who is told of anomalies; nil from a daemon that does not say.
    public var sinks: [Sink]?

    public init(
        version: String, pid: Int32, state: State, text: String? = nil, started: Int64, uptimeSeconds: Double,
        streams: Int, warmingStreams: Int, points: Int64, pointsPerSecond: Double, rejectedLines: [String: Int64],
        duplicatePoints: Int64, latePoints: Int64, anomalies: Int64, openAnomalies: Int, lastCommit: Int64?,
        commits: Int64, queues: Queues, connections: Int, listeners: [String], database: Database,
        residentBytes: Int64, watchdog: Watchdog?, checkpointAgeSeconds: Double?,
        gradients: Gradients? = nil, restoring: Restoring? = nil, maxConnections: Int? = nil, maxStreams: Int? = nil,
        refusedConnections: [String: Int64]? = nil, keptLatePoints: Int64? = nil, pendingPoints: Int64? = nil,
        silentStreams: Int? = nil, mutedStreams: Int? = nil, allocatedBytes: Int64? = nil, asleepStreams: Int? = nil,
        memory: Memory? = nil,
        storage: Storage? = nil, notes: [String]? = nil, sinks: [Sink]? = nil
    ) {
        self.version = version
        self.pid = pid
        self.state = state
        self.text = text
        self.started = started
        self.uptimeSeconds = uptimeSeconds
        self.streams = streams
        self.warmingStreams = warmingStreams
        self.points = points
        self.pointsPerSecond = pointsPerSecond
        self.rejectedLines = rejectedLines
        self.duplicatePoints = duplicatePoints
        self.latePoints = latePoints
        self.anomalies = anomalies
        self.openAnomalies = openAnomalies
        self.lastCommit = lastCommit
        self.commits = commits
        self.queues = queues
        self.connections = connections
        self.listeners = listeners
        self.database = database
        self.residentBytes = residentBytes
        self.allocatedBytes = allocatedBytes
        self.watchdog = watchdog
        self.checkpointAgeSeconds = checkpointAgeSeconds
        self.gradients = gradients
        self.restoring = restoring
        self.maxConnections = maxConnections
        self.maxStreams = maxStreams
        self.refusedConnections = refusedConnections
        self.keptLatePoints = keptLatePoints
        self.pendingPoints = pendingPoints
        self.silentStreams = silentStreams
        self.mutedStreams = mutedStreams
        self.asleepStreams = asleepStreams
        self.memory = memory
        self.storage = storage
        self.notes = notes
        self.sinks = sinks
    }

    /// Somebody who is told of anomalies.
    public struct Sink: Sendable, Equatable, Codable {
        public var name: String
        /// "log", "socket", "exec" or "webhook".
        public var kind: String
        /// Anomalies that it knows as open.
        public var firing: Int
        /// News that it has not been told yet.
        public var waiting: Int
        /// Failures since it was told last, and what the last one was; nil while it works.
        public var failures: Int
        public var trouble: String?
        /// Anomalies of which it will never hear, as too many waited for it.
        public var dropped: Int64
        /// When it was told last; nil if it was not since the start.
        public var lastTold: Int64?
        /// Of the socket: who follows now, and how many were dropped as they did not read.
        public var followers: Int?
        public var droppedFollowers: Int64?

        public init(
            name: String, kind: String, firing: Int, waiting: Int, failures: Int, dropped: Int64, lastTold: Int64?,
            trouble: String?, followers: Int? = nil, droppedFollowers: Int64? = nil
        ) {
            self.name = name
            self.kind = kind
            self.firing = firing
            self.waiting = waiting
            self.failures = failures
            self.dropped = dropped
            self.lastTold = lastTold
            self.trouble = trouble
            self.followers = followers
            self.droppedFollowers = droppedFollowers
        }
    }

    /// Where the daemon is in its life, or what is wrong with it. A newer daemon may send other words.
    public struct State: RawRepresentable, Sendable, Hashable, Codable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let starting = State(rawValue: "starting")
        public static let running = State(rawValue: "running")
        public static let stopping = State(rawValue: "stopping")
        /// It runs, but something keeps it from its work, such as a disk that is full, or asks for somebody to see to
        /// it; `text` and `notes` say what.
        public static let degraded = State(rawValue: "degraded")
    }

    /// Points waiting in the queues between the stages.
    public struct Queues: Sendable, Equatable, Codable {
        /// One number for each shard.
        public var shards: [Int]
        public var writer: Int

        public init(shards: [Int], writer: Int) {
            self.shards = shards
            self.writer = writer
        }
    }

    /// The SQLite file.
    public struct Database: Sendable, Equatable, Codable {
        public var path: String
        /// Size of the file and its write-ahead log.
        public var bytes: Int64

        public init(path: String, bytes: Int64) {
            self.path = path
            self.bytes = bytes
        }
    }

    /// The limit of the process's memory.
    public struct Memory: Sendable, Equatable, Codable {
        /// Most bytes that it should have for itself, programs and files apart.
        public var limit: Int64
        /// Whether streams sleep because of it.
        public var isLimited: Bool

        public init(limit: Int64, isLimited: Bool) {
            self.limit = limit
            self.isLimited = isLimited
        }
    }

    /// What waits to be stored, and what is in its way.
    public struct Storage: Sendable, Equatable, Codable {
        /// Values (one for each channel of a point) that are scored and not committed yet, and raw points before the
        /// shards.
        public var waitingRows: Int
        public var waitingPoints: Int
        /// Whether so much waits that nothing more is read from some or all clients.
        public var isFull: Bool
        /// Size of the write-ahead log.
        public var walBytes: Int64
        /// Why nothing is stored, and since when; nil while commits succeed.
        public var trouble: String?
        public var troubleSince: Int64?
        /// Where a damaged database lies that was set aside since the start, as long as it lies there.
        public var setAside: String?

        public init(
            waitingRows: Int, waitingPoints: Int, isFull: Bool, walBytes: Int64, trouble: String? = nil,
            troubleSince: Int64? = nil, setAside: String? = nil
        ) {
            self.waitingRows = waitingRows
            self.waitingPoints = waitingPoints
            self.isFull = isFull
            self.walBytes = walBytes
            self.trouble = trouble
            self.troubleSince = troubleSince
            self.setAside = setAside
        }
    }

    /// Streams by what the gradients of their last update were like, as of some seconds ago.
    public struct Gradients: Sendable, Equatable, Codable {
        public var healthy: Int
        /// Nothing is learned from far back: errors do not reach the beginning of the window.
        public var vanishing: Int
        /// Errors grow on their way back until they outweigh all that is new.
        public var exploding: Int
        /// No update yet, or one in which there was nothing to learn.
        public var unknown: Int
        /// Updates left out because a gradient was not finite, in the lives of all models.
        public var skippedUpdates: Int64

        public init(healthy: Int, vanishing: Int, exploding: Int, unknown: Int, skippedUpdates: Int64) {
            self.healthy = healthy
            self.vanishing = vanishing
            self.exploding = exploding
            self.unknown = unknown
            self.skippedUpdates = skippedUpdates
        }
    }

    /// After its start the daemon brings each stored stream back: before the stream's next point, or when there is
    /// nothing else to do. Warming streams and gradients are counted among those that are back.
    public struct Restoring: Sendable, Equatable, Codable {
        public var restored: Int
        /// Streams that were stored when the daemon started.
        public var streams: Int

        public init(restored: Int, streams: Int) {
            self.restored = restored
            self.streams = streams
        }
    }

    /// systemd's watchdog.
    public struct Watchdog: Sendable, Equatable, Codable {
        /// Silence after which systemd kills the daemon.
        public var timeoutSeconds: Double
        /// Time of the last sign of life; nil before the first one.
        public var lastSent: Int64?

        public init(timeoutSeconds: Double, lastSent: Int64?) {
            self.timeoutSeconds = timeoutSeconds
            self.lastSent = lastSent
        }
    }
}
