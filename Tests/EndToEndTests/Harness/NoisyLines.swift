/// Lines of a feed with noise that is the same in every run.
enum NoisyLines {
    /// One point a minute, from 1970 on.
    ///
    /// - Parameters:
    ///   - spikes: what is added at some points.
    ///   - plus: what is added to all.
    static func text(
        _ points: ClosedRange<Int>, spikes: [Int: Double] = [:], plus: Double = 0, stream: String = "disk"
    ) -> String {
        points.map { t in
            var random = SplitMix(seed: UInt64(t))
            let noise = Double(random.next() % 1000) / 1000
            return "\(stream) \(noise + plus + (spikes[t] ?? 0)) \(t * 60)\n"
        }.joined()
    }
}
