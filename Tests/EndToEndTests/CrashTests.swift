import Foundation
import Testing

/// SIGKILL at random moments, under load from several connections: what was acknowledged is there, once, and at the end
/// the whole database is the same as that of a daemon that was left alone, value by value.
///
/// `ANOMALYD_KILLS` says how many daemons are killed (20 if it is not set; `make crash` kills 200), and
/// `ANOMALYD_CRASH_SEED` what the runs of twenty begin with, so that one which failed can be repeated. Where in its
/// work a daemon is met depends on the machine, too; the feed does not.
@Suite struct CrashTests {
    /// Kills in one run, from an empty database to the comparison.
    private static let killsARun = 20

    @Test func killedDaemonsLoseNothing() throws {
        let environment = ProcessInfo.processInfo.environment
        var left = environment["ANOMALYD_KILLS"].flatMap { Int($0) } ?? Self.killsARun
        var seed = environment["ANOMALYD_CRASH_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...1_000_000)
        var sum = CrashRun.Tally()
        while left > 0 {
            let run = try CrashRun(seed: seed)
            do {
                try run.run(kills: min(left, Self.killsARun))
            } catch {
                Issue.record("ANOMALYD_CRASH_SEED=\(seed), kill \(run.tally.kills + 1): \(error)")
            }
            for violation in run.violations { Issue.record("ANOMALYD_CRASH_SEED=\(seed): \(violation)") }
            sum += run.tally
            left -= Self.killsARun
            seed += 1
        }
        let kinds = CrashRun.Kill.allCases.map { "\(sum.kinds[$0, default: 0]) \($0.rawValue)" }
        print(
            "crash: \(sum.kills) kills (\(kinds.joined(separator: ", "))), \(sum.points) points, \(sum.acknowledged) "
                + "acknowledged, \(sum.lost) lost, \(sum.doubled) doubled, \(sum.different) different; the last seed was "
                + "\(seed - 1)")
        #expect(sum.kills > 0 && sum.points > 0)
    }
}
