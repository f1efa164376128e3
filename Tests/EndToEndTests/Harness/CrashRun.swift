import Foundation

/// A daemon that is killed again and again while it is fed, and what came of it.
final class CrashRun {
    /// What there was, and what should not have been.
    struct Tally {
        var kills = 0
        /// Points stored at the end, and points that clients were told are stored.
        var points = 0
        var acknowledged = 0
        /// Acknowledged points that were not there after a kill.
        var lost = 0
        /// Points that are there more than once.
        var doubled = 0
        /// Rows that are not those of an undisturbed run.
        var different = 0
        var kinds: [Kill: Int] = [:]

        static func += (left: inout Tally, right: Tally) {
            left.kills += right.kills
            left.points += right.points
            left.acknowledged += right.acknowledged
            left.lost += right.lost
            left.doubled += right.doubled
            left.different += right.different
            left.kinds.merge(right.kinds, uniquingKeysWith: +)
        }
    }

    /// When a daemon is killed.
    enum Kill: String, CaseIterable {
        /// Before it is ready, or just then: while it opens the database and brings streams back.
        case starting
        /// Under load, at any time.
        case working
        /// Right after a `!synced`: while the next commit is on its way.
        case committing
        /// While the WAL is copied into the database.
        case copying
        /// Some time after SIGTERM.
        case stopping
    }

    /// Lines that a connection sends in one life at most, which bounds the whole; a life mostly ends before.
    private static let linesALife = 12_000

    let seed: UInt64
    private let folder: TemporaryFolder
    private let configuration: String
    private let connections: [CrashConnection]
    private let feed: CrashFeed
    private var random: SplitMix
    private(set) var tally = Tally()
    /// What went wrong, in words.
    private(set) var violations: [String] = []
    /// What the last start took.
    private var startTime = Duration.milliseconds(50)

    init(seed: UInt64) throws {
        self.seed = seed
        folder = try TemporaryFolder()
        configuration = try folder.write(CrashFeed.configuration, to: "anomalyd.toml")
        let feed = CrashFeed(seed: seed)
        self.feed = feed
        connections = (0..<CrashFeed.connections).map { CrashConnection($0, of: feed) }
        random = SplitMix(seed: seed)
    }

    /// Kills so many daemons, lets one live and end, and compares its database with that of an undisturbed daemon.
    func run(kills: Int) throws {
        // The first two meet a database that is being made; then all kinds come equally often, in any order.
        var next: [Kill] = [.starting, .starting]
        for _ in 0..<kills {
            if next.isEmpty { next = Kill.allCases.shuffled(using: &random) }
            let kill = next.removeFirst()
            try live(until: kill)
            tally.kills += 1
            tally.kinds[kill, default: 0] += 1
            try check(wholly: random.next() % 4 == 0)
        }
        let lines = connections.map { max($0.sent, 2 * CrashFeed.streamsEach) }
        try feedRest(connections, lines, to: start(in: folder))
        try check(wholly: true)
        tally.acknowledged = connections.reduce(0) { $0 + $1.confirmed }

        let quiet = try TemporaryFolder()
        try quiet.write(CrashFeed.configuration, to: "anomalyd.toml")
        let others = connections.map { CrashConnection($0.number, of: feed) }
        try feedRest(others, lines, to: start(in: quiet))
        let differences = try StoreComparison.differences(folder("anomaly.db"), quiet("anomaly.db"))
        tally.different = differences.count
        violations += differences
        tally.points = Int(try query("SELECT sum(count) FROM \(StoredRows.all) WHERE channel = 0")[0]) ?? 0
    }

    // MARK: One life

    private func live(until kill: Kill) throws {
        if kill == .starting {
            let daemon = try make(in: folder)
            // A little beyond the last start's length, so that any moment of it can be met.
            pause(startTime * (Double(random.next() % 1000) / 800))
            return try end(daemon)
        }
        let daemon = try start(in: folder)
        for connection in connections { try connection.start(to: daemon, lines: Self.linesALife, using: &random) }
        let some = Duration.microseconds(Int(random.next() % 400_000))
        switch kill {
        case .starting: break
        case .working: pause(some)
        case .committing:
            pause(some / 4)
            let client = try daemon.client()
            for _ in 0..<1 + random.next() % 3 { try client.sync() }
            pause(some / 200)
        case .copying: awaitCopying()
        case .stopping:
            pause(some / 4)
            daemon.process.signal(SIGTERM)
            pause(some / 8)
        }
        try end(daemon)
        for connection in connections { try connection.finish() }
    }

    private func end(_ daemon: DaemonProcess) throws {
        try daemon.kill()
        let log = daemon.process.errors
        if log.contains("cannot be used") { violations.append("a checkpoint did not survive: \(log)") }
    }

    /// Waits until the database file itself is written to, which happens only then.
    private func awaitCopying() {
        let before = lastWrite()
        let deadline = ContinuousClock.now + .seconds(2)
        while lastWrite() == before, ContinuousClock.now < deadline { usleep(200) }
        usleep(UInt32(random.next() % 20_000))
    }

    private func lastWrite() -> Int {
        var status = stat()
        return stat(folder("anomaly.db"), &status) == 0
            ? status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec : 0
    }

    private func make(in folder: TemporaryFolder) throws -> DaemonProcess {
        try DaemonProcess(in: folder, ["--config", folder("anomalyd.toml")])
    }

    private func start(in folder: TemporaryFolder) throws -> DaemonProcess {
        let begin = ContinuousClock.now
        let daemon = try make(in: folder)
        try daemon.waitUntilReady()
        startTime = ContinuousClock.now - begin
        return daemon
    }

    /// Sends what is missing of the first `lines` of each connection, all at once, and stops the daemon.
    private func feedRest(_ connections: [CrashConnection], _ lines: [Int], to daemon: DaemonProcess) throws {
        // Asked before any starts: a connection's thread changes it.
        let unfinished = zip(connections, lines).filter { $1 > $0.confirmed }
        for (connection, lines) in unfinished {
            try connection.start(to: daemon, lines: lines - connection.confirmed, using: &random)
        }
        for (connection, lines) in unfinished {
            try connection.finish()
            guard connection.confirmed == lines else {
                throw HarnessError("the daemon ended by itself: \(daemon.process.errors)")
            }
        }
        // A stream that is not in memory yet gets no checkpoint at the end, and they are compared.
        try daemon.waitUntilRestored()
        try daemon.stop()
    }

    // MARK: Checks

    /// Every acknowledged point is there; `wholly`: once, without gaps in the numbers, and SQLite finds no fault.
    private func check(wholly: Bool) throws {
        guard FileManager.default.fileExists(atPath: folder("anomaly.db")) else { return }
        var newest: [String: Int] = [:]
        // A daemon that was killed before it had made the tables has acknowledged nothing. Each migration is a transaction
        // of its own, so that it may have made some: all, once the newest is noted.
        if try !query("SELECT 1 FROM sqlite_schema WHERE name = 'alert'").isEmpty {
            let rows = try query(
                """
                SELECT name, ifnull((SELECT max(sequence) FROM \(StoredRows.all) WHERE stream_id = id), 0) FROM stream
                """)
            for row in rows {
                let fields = row.split(separator: "|")
                newest[String(fields[0])] = Int(fields[1])
            }
        }
        for connection in connections {
            for (place, stream) in CrashFeed.streams(of: connection.number).enumerated() {
                let acknowledged = CrashFeed.points(of: place, in: connection.confirmed)
                let lost = acknowledged - newest[stream.name, default: 0]
                if lost > 0 {
                    tally.lost += lost
                    violations.append("\(stream.name): \(lost) of \(acknowledged) acknowledged points are lost")
                }
            }
        }
        if !wholly || newest.isEmpty { return }
        let integrity = try query("PRAGMA integrity_check")
        if integrity != ["ok"] { violations += integrity }
        let odd = try query(
            """
            SELECT name, sum(count) / channels - max(sequence) AS doubled
            FROM \(StoredRows.all) JOIN stream ON id = stream_id
            GROUP BY stream_id HAVING sum(count) <> max(sequence) * channels OR min(sequence - count + 1) <> 1
            """)
        for row in odd {
            tally.doubled += abs(Int(row.split(separator: "|").last ?? "") ?? 1)
            violations.append("points more or less than once (stream|how many more): \(row)")
        }
    }

    private func query(_ sql: String) throws -> [String] { try SQLiteShell.run(sql, on: folder("anomaly.db")) }
}
