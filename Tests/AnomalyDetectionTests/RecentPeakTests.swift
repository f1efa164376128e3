import AnomalyDetection
import RecurrentModel
import Testing

/// What is larger than each of the last numbers, against an array that keeps all of them.
@Suite struct RecentPeakTests {
    @Test(arguments: [0, 1, 2, 7, 100]) func itIsNews(capacity: Int) {
        var peak = RecentPeak(capacity: capacity)
        var all: [Double] = []
        var random = SeededGenerator(seed: 5)
        var level = 0.0
        for t in 0..<5000 {
            // Equal ones, zeros, what rises and what falls for long.
            switch t / 500 % 4 {
            case 0: level = Double(random.next() % 8) / 4
            case 1: level = abs(random.normal())
            case 2: level *= 0.99
            default: level += 0.01
            }
            let isNews = level > 0 && all.suffix(capacity).allSatisfy { Float($0) < Float(level) }
            #expect(peak.observe(level) == isNews, "number \(t)")
            all.append(level)
        }
    }
}
