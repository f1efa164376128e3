import AnomalyControl
import Foundation
import Presentation
import RecurrentModel
import Testing

/// The axes of pictures.
@Suite struct AxisTests {
    @Test func roundNumbers() {
        func labels(_ range: ClosedRange<Double>, _ count: Int = 6) -> [String] {
            ValueAxis(range).ticks(atMost: count).map(\.label)
        }
        #expect(labels(0...1) == ["0", "0.2", "0.4", "0.6", "0.8", "1.0"])
        #expect(labels(0...39_000) == ["0", "10k", "20k", "30k"])
        #expect(labels(0...2500) == ["0", "500", "1000", "1500", "2000", "2500"])
        #expect(labels(-3.2...1) == ["-3", "-2", "-1", "0", "1"])
        #expect(labels(1_000_000.1...1_000_000.5, 3) == ["1000000.2", "1000000.4"])
        #expect(labels(0...3e-9, 4) == ["0", "1e-09", "2e-09", "3e-09"])
        #expect(labels(0...2.5e12, 3) == ["0", "1T", "2T"])
        #expect(labels(1e20...5e20, 3) == ["2e+20", "4e+20"])
    }

    /// Whatever the range: ticks are inside, in order, as many as asked for at most, and no two read the same.
    @Test(arguments: 0..<400) func ticksOfAnyRange(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let magnitude = Double.random(in: -300...300, using: &random)
        let centre = Double.random(in: -1...1, using: &random) * pow(10, Double.random(in: -12...12, using: &random))
        let length = pow(10, magnitude / (seed.isMultiple(of: 2) ? 1 : 20))
        let axis = ValueAxis(centre - length / 2...centre + length / 2)
        let count = Int.random(in: 2...12, using: &random)
        let ticks = axis.ticks(atMost: count)
        #expect(axis.minimum < axis.maximum)
        #expect(ticks.count <= count)
        #expect(ticks.allSatisfy { (-1e-9...1 + 1e-9).contains($0.position) })
        #expect(zip(ticks, ticks.dropFirst()).allSatisfy { $0.position < $1.position })
        #expect(Set(ticks.map(\.label)).count == ticks.count, "\(ticks.map(\.label)) of \(axis)")
    }

    @Test(arguments: [0, 7, -1e-5, 1e18, 5e-324, .greatestFiniteMagnitude, -.greatestFiniteMagnitude])
    func aSingleNumberIsInTheMiddle(number: Double) {
        let axis = ValueAxis(number...number)
        #expect(axis.minimum < axis.maximum)
        #expect((0...1).contains(axis.position(number)))
        if abs(number) < 1e300 { #expect(abs(axis.position(number) - 0.5) < 1e-6) }
    }

    @Test func theLargestRange() {
        let axis = ValueAxis(-Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude, below: 0.1, above: 0.1)
        #expect(axis.position(0) == 0.5)
        #expect((0...1).contains(axis.position(.greatestFiniteMagnitude)))
    }

    @Test func roomAtTheEnds() {
        let axis = ValueAxis(0...10, below: 0.25, above: 0.25)
        #expect(abs(axis.position(0) - 0.25) < 1e-9)
        #expect(abs(axis.position(10) - 0.75) < 1e-9)
    }

    // MARK: Time

    private func ticks(
        _ start: String, _ length: Double, _ count: Int, _ zone: any Zone = FixedZone.utc
    ) throws -> [String] {
        let begin = try TimeExpression(start).resolve(now: 0, zone: zone)
        let axis = TimeAxis(begin...begin + Int64(length * 1e6))
        return axis.ticks(atMost: count, in: zone).map { $0.context.isEmpty ? $0.label : "\($0.label)|\($0.context)" }
    }

    @Test func roundTimes() throws {
        #expect(
            try ticks("2026-11-23 22:10", 3 * 3600, 4)
                == ["23:00|Mon Nov 23", "00:00|Tue Nov 24", "01:00"])
        #expect(try ticks("2026-11-23 14:00:01", 10, 3) == ["14:00:05|Mon Nov 23", "14:00:10"])
        #expect(
            try ticks("2026-11-23 14:00:00.1", 0.5, 3)
                == ["14:00:00.200|Mon Nov 23", "14:00:00.400", "14:00:00.600"])
        #expect(
            try ticks("2026-11-23 14:00", 2e-6, 3) == [
                "14:00:00.000000|Mon Nov 23", "14:00:00.000001", "14:00:00.000002",
            ])
        // Weeks begin on Mondays.
        #expect(try ticks("2026-11-20", 21 * 86_400, 4) == ["Nov 23|2026", "Nov 30", "Dec 7"])
        #expect(try ticks("2026-10-15", 120 * 86_400, 5) == ["Nov|2026", "Dec", "Jan|2027", "Feb"])
        #expect(try ticks("2019-06-01", 5 * 365.25 * 86_400, 5) == ["2020", "2021", "2022", "2023", "2024"])
    }

    @Test func wallClocksThatAreTurned() throws {
        let berlin = try #require(NamedZone("Europe/Berlin"))
        // 02:00 to 03:00 does not exist; then it exists twice.
        #expect(
            try ticks("2026-03-29 00:00", 5 * 3600, 5, berlin)
                == ["00:00|Sun Mar 29", "01:00", "03:00", "04:00", "05:00", "06:00"].prefix(6).map { $0 })
        let days = try ticks("2026-10-24 00:00", 3 * 86_400, 4, berlin)
        #expect(days == ["Oct 24|2026", "Oct 25", "Oct 26"])
    }

    @Test(arguments: 0..<200) func timesOfAnyRange(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let zone: any Zone = seed.isMultiple(of: 2) ? FixedZone.utc : try #require(NamedZone("America/New_York"))
        let start = Int64.random(in: -2_000_000_000_000_000...4_000_000_000_000_000, using: &random)
        let axis = TimeAxis(start...start + Int64(pow(10, Double.random(in: 0...15, using: &random))))
        let count = Int.random(in: 2...20, using: &random)
        let ticks = axis.ticks(atMost: count, in: zone)
        // One more where both ends are round.
        #expect(ticks.count <= count + 1)
        #expect(ticks.allSatisfy { (0...1).contains($0.position) })
        #expect(zip(ticks, ticks.dropFirst()).allSatisfy { $0.position < $1.position })
    }
}
