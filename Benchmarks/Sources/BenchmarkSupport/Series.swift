import Glibc

/// One stream of the load: a sine with noise, of its own level, amplitude, period and phase, as gauges of machines
/// often look. Every value is above 1 and has three decimals: 5 to 7 significant digits.
public struct Series {
    /// Time of the first point of every stream, in Unix seconds (2023-11-14 22:13:20 UTC), and between two points.
    public static let start: Int64 = 1_700_000_000
    public static let interval: Int64 = 10

    private var generator: SeededGenerator
    private let level: Double
    private let amplitude: Double
    private let noise: Double
    private let step: Double
    private var phase: Double

    /// - Parameter stream: number of the stream, from 0.
    public init(stream: Int, seed: UInt64) {
        generator = SeededGenerator(seed: seed &* 0x1_0000_0001 &+ UInt64(stream))
        // Levels spread evenly over the orders of magnitude from 25 to 5,000.
        level = 25 * pow(200, generator.uniform())
        amplitude = level * (0.05 + 0.35 * generator.uniform())
        noise = amplitude * (0.02 + 0.08 * generator.uniform())
        // 24 to 300 points a period.
        step = 2 * .pi / (24 * pow(12.5, generator.uniform()))
        phase = 2 * .pi * generator.uniform()
    }

    /// Name of a stream, such as `bench.host0042.metric7`: ten metrics a host.
    public static func name(stream: Int) -> String {
        let host = String(stream / 10)
        return "bench.host" + String(repeating: "0", count: max(0, 4 - host.count)) + host + ".metric\(stream % 10)"
    }

    /// The next value, in thousandths.
    public mutating func next() -> Int {
        phase += step
        return Int(((level + amplitude * sin(phase) + noise * generator.noise()) * 1000).rounded())
    }
}
