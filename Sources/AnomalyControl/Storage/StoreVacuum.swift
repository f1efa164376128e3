import AnomalyDetection
import ControlProtocol
import Glibc
import PointStore

/// Makes a database small while no daemon runs: deletes what has expired, and gives free pages back.
struct StoreVacuum: Sendable {
    /// What is being done, and how much of it is done, 0…1; nil where nobody knows.
    struct Step: Sendable {
        var text: String
        var share: Double?
    }

    let path: String
    let retention: Retention
    /// Whether the file is written anew.
    let isFull: Bool
    /// Microseconds since 1970.
    let now: Int64

    /// - Throws: `StoreError`, with the cause `locked` if a daemon writes to the database.
    func run(_ report: (Step) -> Void) throws -> VacuumReply {
        // Opening it for writing would make one that is missing.
        try StoreReader(path: path).close()
        var options = PointStore.Options()
        options.newestFormat = Int32(Detector.stateVersion)
        options.fit(retention)
        let store = try PointStore(path: path, options: options)
        let before = try store.fileBytes()
        var upkeep = StoreUpkeep(retention)
        upkeep.ask()
        while try upkeep.step(store, wall: now, steady: Self.steady) == nil {
            let (text, share) = upkeep.phase.progress
            report(Step(text: text, share: share))
        }
        if isFull {
            report(Step(text: "writing the file anew", share: nil))
            try store.rewrite()
        }
        let deleted = upkeep.takeDeleted()
        try store.close()
        return VacuumReply(
            isDone: true, share: 1, phase: "done", bytesBefore: before, bytes: try store.fileBytes(),
            points: deleted.points, rollups: deleted.rollups, anomalies: deleted.anomalies)
    }

    private static var steady: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
