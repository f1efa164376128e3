import AnomalyDetection
import GRDB

/// What can look at the database on one snapshot after the other: the writer's connection, and a reader's. Both bring
/// streams back in the same way.
protocol HistoryReading {
    var path: String { get }
    /// What there is beside points, and in which tables those are.
    var parts: StoreSchema.Parts { get }

    /// Runs `body` on one snapshot of the database.
    ///
    /// - throws: A ``StoreError`` that says which `operation` failed; what `body` throws itself passes unchanged.
    func read<T>(_ operation: String, _ body: (Database) throws -> T) throws -> T
}

extension HistoryReading {
    func position(of stream: Int32) throws -> StreamPosition? {
        try read("read the newest point of") {
            try StreamQueries.newest($0, of: stream, parts: parts) ?? RollupQueries.newest($0, of: stream, parts: parts)
        }
    }

    /// The oldest point of a stream that has a number; nil if there is none.
    func oldestPosition(of stream: Int32) throws -> StreamPosition? {
        try read("read the oldest point of") { try StreamQueries.oldest($0, of: stream, parts: parts) }
    }

    func goodCheckpoint(
        of stream: Int32, before sequence: Int64, onDamage: (StoreError) -> Void
    ) throws -> CheckpointRecord? {
        let slots = try read("read the checkpoints of") {
            try CheckpointQueries.slots($0, of: stream, before: sequence)
        }
        for slot in slots {
            let object = "the checkpoint of stream \(stream) at point \(slot.sequence)"
            do {
                let record = try read("read \(object) from") { try CheckpointQueries.record($0, of: stream, in: slot) }
                if let record { return record }
                onDamage(
                    StoreError(
                        operation: "use \(object) from", path: path, cause: .damaged, detail: "its checksum is wrong"))
            } catch let error as StoreError where error.cause == .damaged {
                onDamage(error)
            }
        }
        return nil
    }

    func eachPoint(
        of stream: Int32, after sequence: Int64,
        _ body: (_ sequence: Int64, _ time: Int64, _ values: [Double], _ flags: PointFlags) throws -> Void
    ) throws {
        var page = try replayPage { try ReplayPage($0, of: stream, after: sequence, parts: parts) }
        while !page.isEmpty {
            try page.forEach(body)
            page = try replayPage { try page.next($0) }
        }
    }

    private func replayPage(_ load: (Database) throws -> ReplayPage) throws -> ReplayPage {
        var loaded: ReplayPage?
        do {
            return try read("replay") {
                let page = try load($0)
                loaded = page
                return page
            }
        } catch {
            // SQLite can't end a transaction well in which damage was met: what was read before it is good.
            if let loaded, loaded.endsAtDamage { return loaded }
            throw error
        }
    }
}
