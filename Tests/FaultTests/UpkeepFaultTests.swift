import AnomalyDetection
import Foundation
import PointStore
import Testing

/// Whatever fails while points are summed up, expire and free pages are given back, and whenever: each point is in the
/// roll-ups once, what a restart needs is there, and the file is sound.
@Suite struct UpkeepFaultTests {
    @Test(arguments: FaultTests.faults) func eachPointIsCountedOnce(_ fault: Fault) throws {
        let operations = try Self.reference.get()
        #expect(operations > 500)
        var struck = 0
        for point in stride(from: 1, through: operations, by: FaultTests.step) {
            do {
                let disk = try FaultDisk()
                let kind = Fault.allCases.firstIndex(of: fault) ?? 0
                var random = SplitMix(state: UInt64(point) &* 64 &+ UInt64(kind))
                disk.arm(fault, at: point, times: 1 + Int(random.next() % 3), seed: random.next())
                if fault != .power, fault != .death, random.next() % 2 == 0 {
                    disk.armPower(at: point + Int(random.next() % 100))
                }
                let rig = UpkeepRig(on: disk)
                do {
                    try rig.run()
                    disk.cutPower()
                } catch is PowerFailure {}
                struck += min(1, disk.struck)
                rig.die()
                if fault == .death { disk.restart() } else { try disk.reboot(seed: random.next()) }
                try rig.run()
                rig.die()
                try UpkeepRig.check(disk.database)
            } catch {
                Issue.record("\(fault.testDescription) at operation \(point): \(error)")
            }
        }
        // Files are deleted, and memory is mapped, at the very beginning only.
        #expect(struck > 0 || fault == .delete || fault == .map)
    }

    /// What upkeep has written is synced with the next commit; when that fails, the kernel may give up on both.
    @Test(arguments: [1, 2, 3] as [Int64], 0..<4 as Range<UInt64>)
    func aFailedSyncTakesNothingWithIt(_ rounds: Int64, _ manner: UInt64) throws {
        let disk = try FaultDisk()
        let rig = UpkeepRig(on: disk)
        try rig.run(rounds: rounds)
        // Which of what was written arrives depends on the lowest bits.
        disk.arm(.sync, at: disk.operations + 1, times: 1, seed: manner)
        try rig.commit(rounds)
        #expect(disk.struck == 1)
        disk.cutPower()
        rig.die()
        try disk.reboot(seed: manner)
        #expect(try rig.stored() == (rounds + 1) * UpkeepRig.points)
        rig.die()
        var verification = try StoreVerification(path: disk.database)
        let report = try verification.run()
        #expect(report.isSound, "\(report.findings)")
    }

    private static let reference = Result {
        let disk = try FaultDisk()
        let rig = UpkeepRig(on: disk)
        try rig.run()
        rig.die()
        try UpkeepRig.check(disk.database)
        return disk.operations
    }
}

/// Stores rounds of points of two streams, with upkeep in between, and tries again what failed.
private final class UpkeepRig {
    private static let rounds: Int64 = 8
    static let points: Int64 = 300
    private static let start: Int64 = 1_700_000_000_000_000
    private static let second: Int64 = 1_000_000
    private static let attempts = 8

    private let disk: FaultDisk
    private var store: PointStore?

    init(on disk: FaultDisk) { self.disk = disk }

    func run() throws {
        try open()
        guard let store else { return }
        var upkeep = Self.upkeep()
        try run(rounds: Self.rounds, store, &upkeep)
        upkeep.ask()
        try keep(&upkeep, store, Self.rounds * Self.points)
        try persist { try store.close() }
    }

    /// Goes on until so many rounds are stored, and stays open.
    func run(rounds: Int64) throws {
        if store == nil { try open() }
        guard let store else { return }
        var upkeep = Self.upkeep()
        try run(rounds: rounds, store, &upkeep)
    }

    func commit(_ round: Int64) throws {
        try persist {
            var commit = Self.commit(round)
            try store?.commit(&commit)
        }
    }

    /// The newest point's number.
    func stored() throws -> Int64 {
        if store == nil { try open() }
        var stored: Int64 = 0
        try persist { stored = try store?.newest(of: 1)?.sequence ?? 0 }
        return stored
    }

    private func open() throws {
        try persist {
            var options = PointStore.Options()
            options.checkpointPages = 40
            options.busyTimeout = .seconds(1)
            store = try PointStore(path: disk.database, options: options)
        }
    }

    private static func upkeep() -> StoreUpkeep {
        var retention = Retention.Ages()
        (retention.raw, retention.fiveMinutes) = (600 * Self.second, 1200 * Self.second)
        var upkeep = StoreUpkeep(Retention(retention))
        upkeep.rollInterval = 0
        return upkeep
    }

    private func run(rounds: Int64, _ store: PointStore, _ upkeep: inout StoreUpkeep) throws {
        for round in try stored() / Self.points..<rounds {
            try commit(round)
            if round % 3 == 1 { try persist { try store.seal() } }
            try keep(&upkeep, store, (round + 1) * Self.points)
        }
    }

    func die() {
        try? store?.close()
        store = nil
    }

    private func keep(_ upkeep: inout StoreUpkeep, _ store: PointStore, _ newest: Int64) throws {
        var isDone = false
        while !isDone {
            var next = upkeep
            try persist {
                let wall = Self.start + newest * Self.second
                isDone = try next.step(store, wall: wall, steady: newest << 30) != nil
            }
            upkeep = next
        }
    }

    private static func commit(_ round: Int64) -> Commit {
        var commit = Commit()
        for id in 1...2 as ClosedRange<Int32> {
            if round == 0 {
                commit.streams.append(StreamRecord(id: id, name: "stream.\(id)", channels: 1, created: start))
            }
            for sequence in round * points + 1...(round + 1) * points {
                commit.points.append(
                    PointRow(
                        stream: id, channel: 0, sequence: sequence, time: start + sequence * second,
                        value: Double(sequence), prediction: .nan, lower: .nan, upper: .nan, residual: .nan,
                        score: 0.25, flags: []))
            }
            commit.checkpoints.append(
                CheckpointRecord(
                    stream: id, sequence: (round + 1) * points, state: [UInt8](repeating: UInt8(round), count: 6000)))
        }
        return commit
    }

    /// What must hold at the end, whatever has happened.
    static func check(_ path: String) throws {
        var verification = try StoreVerification(path: path)
        let report = try verification.run()
        guard report.isSound else { throw Violation("\(report.findings)") }
        let reader = try StoreReader(path: path)
        let newest = rounds * points
        for stream in try reader.streams() {
            let cursor = reader.rollups([RollupPart(stream: stream, tier: .oneHour, times: .min ..< .max)])
            var (count, sum): (Int64, Double) = (0, 0)
            while let rollup = try cursor.next() {
                count += rollup.channels[0].count
                sum += rollup.channels[0].mean * Double(rollup.channels[0].count)
            }
            guard count == newest, (sum - Double(newest * (newest + 1) / 2)).magnitude < 1e-3 else {
                throw Violation("the roll-ups of \(stream.name) have \(count) points, not \(newest)")
            }
            let oldest = try reader.oldest(of: stream.id)?.sequence ?? newest + 1
            guard oldest > 1, oldest <= newest - points + 1 else {
                throw Violation("points of \(stream.name) begin at \(oldest)")
            }
            guard try reader.newest(of: stream.id)?.sequence == newest else { throw Violation("no newest point") }
        }
        try reader.close()
    }

    /// Tries a call until it succeeds.
    private func persist(_ body: () throws -> Void) throws {
        var last: (any Error)?
        for _ in 0..<Self.attempts {
            do {
                return try body()
            } catch let error as StoreError {
                if disk.isOff { throw PowerFailure() }
                guard error.isTransient || error.cause == .notPermitted else { throw Violation("\(error)") }
                last = error
            } catch  where disk.isOff {
                throw PowerFailure()
            }
        }
        throw Violation("after \(Self.attempts) attempts: \(last.map { "\($0)" } ?? "no error")")
    }
}
