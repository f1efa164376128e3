import Foundation
import PointStore
import Testing

/// Whatever fails under SQLite, and whenever: what a commit has acknowledged is there, once, with the values that it
/// would have without the failure; a commit is stored whole or not at all; what failed succeeds when it is tried again;
/// and detectors come back bit for bit.
///
/// Each run lets one fault strike, then cuts the power, at a random later operation or when everything is stored, and
/// goes on from what the disk has. `make crash` tries every operation, `make test` one of `step`.
@Suite struct FaultTests {
    private static let wish = ProcessInfo.processInfo.environment["ANOMALYD_FAULTS"]
    /// The faults that are tried: one with its name, such as `ANOMALYD_FAULTS=sync`, else all.
    static let faults = Fault.allCases.filter { "\($0)" == wish }.nonEmpty ?? Fault.allCases
    /// Every how many operations a fault is tried: at each one with `ANOMALYD_FAULTS=all`, or with a fault's name.
    static let step = wish == "all" || faults.count == 1 ? 1 : 67
    /// The one that it is tried at, with `ANOMALYD_FAULTS=NUMBER`: to see a violation again.
    static let only = wish.flatMap { Int($0) }
    static let workload = Workload()
    static let reference = Result { try Reference(workload) }

    @Test(arguments: faults) func nothingAcknowledgedIsLost(_ fault: Fault) throws {
        let sum = try run(fault, .full)
        #expect(sum.struck > 0 || Self.only != nil)
        #expect(sum.lost == 0)
    }

    /// With `synchronous = "normal"`, a power failure may take the newest commits, but whole ones, and nothing else does.
    @Test(arguments: [Fault.power, .death, .sync]) func withoutSyncsOnlyPowerFailuresTakeAnything(_ fault: Fault) throws
    {
        let sum = try run(fault, .normal)
        // After a failed sync the power is cut, too.
        #expect((sum.lost > 0) == (fault != .death))
    }

    /// Lets a fault strike at every operation, or at a sample of them.
    private func run(_ fault: Fault, _ synchronous: PointStore.Synchronous) throws -> Outcome {
        let reference = try Self.reference.get()
        #expect(reference.operations >= 1000)
        let kind = Fault.allCases.firstIndex(of: fault) ?? 0
        // Armed at the first operation, it finds something to strike, whatever its sort.
        let first = Self.step == 1 ? 2 : 2 + kind * 4
        let points =
            Self.only.map { [$0] } ?? [1] + Array(stride(from: first, through: reference.operations, by: Self.step))
        var sum = Outcome()
        for point in points {
            let outcome = Outcome(of: fault, at: point, synchronous, reference)
            sum.struck += min(1, outcome.struck)
            sum.failures += outcome.failures
            sum.lost += outcome.lost
            if let violation = outcome.violation {
                sum.violations += 1
                Issue.record("\(fault.testDescription) at operation \(point), \(synchronous): \(violation)")
            }
        }
        print(
            "faults: \(fault.testDescription), synchronous=\(synchronous): armed at \(points.count) of "
                + "\(reference.operations) I/O operations, struck in \(sum.struck) runs, \(sum.failures) calls failed "
                + "and were repeated, \(sum.lost) acknowledged commits lost, \(sum.violations) violations")
        return sum
    }

    /// How runs went.
    private struct Outcome {
        var struck = 0
        var failures = 0
        var lost = 0
        var violations = 0
        var violation: (any Error)?

        init() {}

        init(of fault: Fault, at point: Int, _ synchronous: PointStore.Synchronous, _ reference: Reference) {
            do {
                let disk = try FaultDisk()
                let rig = Rig(FaultTests.workload, on: disk, synchronous: synchronous, expecting: reference)
                defer { (failures, lost) = (rig.failures, rig.lost) }
                var random = SplitMix(state: UInt64(point) &* 64 &+ UInt64(Fault.allCases.firstIndex(of: fault) ?? 0))
                disk.arm(fault, at: point, times: 1 + Int(random.next() % 3), seed: random.next())
                let isEnd = fault == .power || fault == .death
                if !isEnd, random.next() % 2 == 0 { disk.armPower(at: point + Int(random.next() % 200)) }
                do {
                    try rig.run()
                    disk.cutPower()
                } catch is PowerFailure {}
                struck = disk.struck
                rig.die(withPower: fault != .death)
                if fault == .death { disk.restart() } else { try disk.reboot(seed: random.next()) }
                try rig.run()
                try rig.finish()
                let differences = try StoreContents(of: disk.database).differences(from: reference.contents)
                if !differences.isEmpty { throw Violation(differences.joined(separator: "; ")) }
            } catch {
                violation = error
            }
        }
    }
}

extension Array {
    fileprivate var nonEmpty: Self? { isEmpty ? nil : self }
}
