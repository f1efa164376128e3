import AnomalyDetection
import PointStore

/// The part of the daemon that stores, without its threads: it steps detectors, commits, tries again what failed,
/// restarts in the middle, and checks after each start what it finds.
final class Rig {
    /// Attempts at one call before its failing is no passing trouble any more; above what any fault strikes.
    private static let attempts = 8

    private static let roundsASeal = 3

    let disk: FaultDisk
    private let workload: Workload
    private let synchronous: PointStore.Synchronous
    /// What an undisturbed run has done; nil in that run itself.
    private let expected: Reference?
    private let workbench = Workbench()
    private var store: PointStore?
    private var detectors: [Detector] = []
    /// Rounds that are stored for certain: their commits have returned.
    private var acknowledged = 0
    /// Whether a power failure may take acknowledged rounds, if it takes whole ones from the end.
    private var mayLose = false
    /// Rounds that the detectors have seen.
    private var round = 0
    /// The states of all detectors after each round.
    private(set) var states: [Int: [[UInt8]]] = [:]
    /// Calls that failed and were tried again.
    private(set) var failures = 0
    /// Acknowledged rounds that a power failure took, which may be unless every commit is synced.
    private(set) var lost = 0

    init(
        _ workload: Workload, on disk: FaultDisk, synchronous: PointStore.Synchronous = .full,
        expecting expected: Reference?
    ) {
        self.workload = workload
        self.synchronous = synchronous
        self.disk = disk
        self.expected = expected
    }

    /// Stores all rounds that are missing. With a restart half-way, unless the first half is stored already.
    ///
    /// - throws: ``PowerFailure`` as soon as a call has failed for want of power, or a ``Violation``.
    func run() throws {
        try start()
        while round < Workload.rounds {
            var commit = workload.step(round, detectors)
            try persist("commit") { try store?.commit(&commit) }
            round += 1
            acknowledged = round
            // Also in the middle of a chunk that is there already.
            try persist("seal") {
                if round % Self.roundsASeal == 0 { try store?.seal() } else { try store?.sealSome() }
            }
            if expected == nil { states[round] = detectors.map { $0.savedState() } }
            if round == Workload.rounds / 2 {
                try stop()
                try start()
            }
        }
    }

    /// Checkpoints everything, and closes.
    func finish() throws {
        var commit = Commit()
        commit.checkpoints = zip(workload.streams, detectors).map { Workload.checkpoint(of: $0, $1) }
        try persist("commit the checkpoints") { try store?.commit(&commit) }
        try stop()
    }

    /// The end of a process that had no chance to do anything; `withPower`: of the whole machine.
    func die(withPower: Bool) {
        mayLose = withPower && synchronous == .normal
        try? store?.close()
        store = nil
        detectors = []
    }

    private func stop() throws {
        try persist("close") { try store?.close() }
        store = nil
    }

    /// Opens the store, brings the detectors back, and checks that they are those of a round that is stored.
    private func start() throws {
        try persist("open") {
            var options = PointStore.Options()
            // Small, so that the WAL is often copied into the database and begun anew.
            options.checkpointPages = 40
            // A sixteenth of it, when all streams have points: less than a round.
            options.hotValues = 800
            options.busyTimeout = .seconds(1)
            options.synchronous = synchronous
            store = try PointStore(path: disk.database, options: options)
        }
        try persist("restore") { try restore() }
        let founded = detectors.count { $0.sequence > 0 }
        round = founded == 0 ? 0 : Int(detectors[0].sequence) / Workload.pointsARound
        guard round >= acknowledged || mayLose else {
            throw Violation("of \(acknowledged) rounds that were acknowledged, only \(round) are stored")
        }
        lost += max(0, acknowledged - round)
        mayLose = false
        for (number, detector) in detectors.enumerated() {
            let points = workload.points(of: number, after: round)
            guard detector.sequence == Int64(points) else {
                throw Violation(
                    "half a commit: stream \(number) has \(detector.sequence) points where round \(round) has \(points)"
                )
            }
        }
        acknowledged = round
        guard let expected, round > 0 else { return }
        guard detectors.map({ $0.savedState() }) == expected.states[round] else {
            throw Violation("restored after round \(round), detectors are not what they were")
        }
    }

    /// The newest checkpoint and the points after it, as the daemon does at its start.
    private func restore() throws {
        guard let store else { return }
        let records = try store.streams()
        detectors = try workload.streams.indices.map { number in
            let detector = workload.detector(of: number, workbench)
            guard let record = records.first(where: { $0.id == workload.streams[number].record.id }) else {
                return detector
            }
            var damage: StoreError?
            if let checkpoint = try store.checkpoint(of: record.id, onDamage: { damage = $0 }) {
                _ = try detector.restore(checkpoint.state)
            }
            if let damage { throw Violation("a damaged checkpoint: \(damage)") }
            try store.replay(of: record.id, after: detector.sequence) { sequence, time, values, _ in
                guard sequence == detector.sequence + 1 else {
                    throw Violation("stream \(number) has point \(sequence) after point \(detector.sequence)")
                }
                Workload.step(detector, time, values)
            }
            return detector
        }
    }

    /// Tries a call until it succeeds, as the daemon's writer does (and systemd, if the daemon can't start).
    private func persist(_ what: String, _ body: () throws -> Void) throws {
        var last: (any Error)?
        for _ in 0..<Self.attempts {
            do {
                return try body()
            } catch let error as StoreError {
                if disk.isOff { throw PowerFailure() }
                failures += 1
                last = error
                let isPassing = error.isTransient || error.cause == .notPermitted
                guard isPassing else { throw Violation("cannot \(what), and not for a time: \(error)") }
            } catch let error where disk.isOff && !(error is Violation) {
                throw PowerFailure()
            }
        }
        throw Violation("cannot \(what), after \(Self.attempts) attempts: \(last.map { "\($0)" } ?? "no error")")
    }
}

/// The power is off; what follows is a reboot.
struct PowerFailure: Error {}

/// What an undisturbed run has done.
struct Reference: Sendable {
    var operations: Int
    /// The states of all detectors after each round.
    var states: [Int: [[UInt8]]]
    var contents: StoreContents

    init(_ workload: Workload) throws {
        let disk = try FaultDisk()
        let rig = Rig(workload, on: disk, expecting: nil)
        try rig.run()
        try rig.finish()
        operations = disk.operations
        states = rig.states
        contents = try StoreContents(of: disk.database)
    }
}
