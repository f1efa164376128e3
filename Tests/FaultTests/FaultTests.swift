import Foundation
import Testing

/// Whatever fails under SQLite, and whenever: what a commit has acknowledged is there, once, with the values that it
/// would have without the failure; a commit is stored whole or not at all; what failed succeeds when it is tried again;
/// and detectors come back bit for bit.
///
/// Each run lets one fault strike, then cuts the power, at a random later operation or when everything is stored, and
/// goes on from what the disk has.
@Suite struct FaultTests {
    /// Every how many operations a fault is tried: at each one with `ANOMALYD_FAULTS=all`.
    static let step = ProcessInfo.processInfo.environment["ANOMALYD_FAULTS"] == "all" ? 1 : 67
    static let workload = Workload()
    static let reference = Result { try Reference(workload) }

    @Test(arguments: Fault.allCases) func nothingAcknowledgedIsLost(_ fault: Fault) throws {
        let reference = try Self.reference.get()
        #expect(reference.operations >= 1000)
        let kind = Fault.allCases.firstIndex(of: fault) ?? 0
        // Armed at the first operation, it finds something to strike, whatever its sort.
        let points =
            [1] + Array(stride(from: 2 + (Self.step == 1 ? 0 : kind * 4), through: reference.operations, by: Self.step))
        var struck = 0
        var failures = 0
        for point in points {
            let outcome = Outcome(of: fault, at: point, reference)
            struck += outcome.struck > 0 ? 1 : 0
            failures += outcome.failures
            if let violation = outcome.violation {
                Issue.record("\(fault.testDescription) at operation \(point): \(violation)")
            }
        }
        #expect(struck > 0)
        print(
            "faults: \(fault.testDescription), armed at \(points.count) of \(reference.operations) I/O operations, struck in \(struck) "
                + "runs, \(failures) calls failed and were repeated")
    }

    /// How one run went.
    private struct Outcome {
        var struck = 0
        var failures = 0
        var violation: (any Error)?

        init(of fault: Fault, at point: Int, _ reference: Reference) {
            do {
                let disk = try FaultDisk()
                let rig = Rig(FaultTests.workload, on: disk, expecting: reference)
                defer { failures = rig.failures }
                var random = SplitMix(state: UInt64(point) &* 64 &+ UInt64(Fault.allCases.firstIndex(of: fault) ?? 0))
                disk.arm(fault, at: point, times: 1 + Int(random.next() % 3), seed: random.next())
                if fault != .power, random.next() % 2 == 0 { disk.armPower(at: point + Int(random.next() % 200)) }
                do {
                    try rig.run()
                    disk.cutPower()
                } catch is PowerFailure {}
                struck = disk.struck
                rig.die()
                try disk.reboot(seed: random.next())
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
