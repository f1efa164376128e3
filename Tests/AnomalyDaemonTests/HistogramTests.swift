import AnomalyDaemon
import ControlProtocol
import Testing

@Suite struct HistogramTests {
    @Test func boundsAreThreeInADecade() {
        #expect(Histogram(1...100).bounds == [1, 2, 5, 10, 20, 50, 100])
        #expect(Histogram(1000...1_000_000).bounds.count == 10)
    }

    @Test func aValueAtABoundIsBelowIt() {
        var histogram = Histogram(1...10)
        for value: Int64 in [0, 1, 2, 3, 5, 10, 11, 1_000_000_000, -5] { histogram.add(value) }
        #expect(histogram.counts == [3, 1, 2, 1, 2])
        #expect(histogram.sum == 1_000_000_032)
    }

    @Test func bucketsAreCumulative() {
        var histogram = Histogram(100_000...1_000_000)
        for value: Int64 in [50_000, 150_000, 3_000_000] { histogram.add(value) }
        let samples = histogram.samples([MetricFamily.Label("stage", "x")])
        #expect(samples.map(\.suffix) == Array(repeating: "_bucket", count: 5) + ["_count", "_sum"])
        #expect(samples.map(\.value) == [1, 2, 2, 2, 3, 3, 3.2])
        #expect(samples.prefix(5).map { $0.labels.last?.value } == ["0.1", "0.2", "0.5", "1", "+Inf"])
        #expect(samples.allSatisfy { $0.labels.first == MetricFamily.Label("stage", "x") })
    }

    @Test func whatIsTakenIsGone() {
        var (all, some) = (Histogram(1...10), Histogram(1...10))
        all.add(1)
        some.add(1)
        some.add(7)
        all.take(&some)
        all.take(&some)
        #expect(all.counts == [2, 0, 0, 1, 0] && all.sum == 9)
        #expect(some == Histogram(1...10))
    }
}
