import FeedProtocol
import Testing

@Suite struct StatsDAggregatorTests {
    /// Decodes lines and adds their samples; rejections are returned.
    @discardableResult
    private func add(_ text: String, to aggregator: inout StatsDAggregator) -> [FeedLineError.Reason] {
        var reasons: [FeedLineError.Reason] = []
        for call in decode(text, format: .statsd).calls {
            switch call {
            case .sample(let name, let sample):
                do throws(FeedLineError) {
                    try name.withUnsafeBufferPointer { name throws(FeedLineError) in
                        try aggregator.add(UnsafeRawBufferPointer(name), sample)
                    }
                } catch {
                    reasons.append(error.reason)
                }
            case .reject(let error, _, _): reasons.append(error.reason)
            case .point, .command: break
            }
        }
        return reasons
    }

    private func flush(_ aggregator: inout StatsDAggregator) -> [String] {
        var points: [String] = []
        aggregator.flush { name, value in points.append("\(String(decoding: name, as: UTF8.self)) \(value)") }
        return points
    }

    @Test func counters() {
        var aggregator = StatsDAggregator()
        add("a:1|c\nb:5|c\na:2|c|@0.1\na:-0.5|c\n", to: &aggregator)
        #expect(flush(&aggregator) == ["a 20.5", "b 5.0"])
        #expect(flush(&aggregator) == ["a 0.0", "b 0.0"], "nothing happened, which is worth knowing")
    }

    @Test func gauges() {
        var aggregator = StatsDAggregator()
        add("a:333|g\na:-10|g\na:+4|g\nnew:-3|g\n", to: &aggregator)
        #expect(flush(&aggregator) == ["a 327.0", "new -3.0"])
        #expect(flush(&aggregator) == [], "nobody has said anything")
        add("a:+3|g\n", to: &aggregator)
        #expect(flush(&aggregator) == ["a 330.0"])
        add("a:0|g\na:-5|g\n", to: &aggregator)
        #expect(flush(&aggregator) == ["a -5.0"])
    }

    @Test func timers() {
        var aggregator = StatsDAggregator()
        add((1...100).map { "t:\($0)|ms\n" }.joined() + "u:-4|h|@0.5|#k:v\n", to: &aggregator)
        #expect(
            flush(&aggregator) == [
                "t.count 100.0", "t.mean 50.5", "t.p95 95.0", "t.max 100.0", "u.count;k=v 2.0", "u.mean;k=v -4.0",
                "u.p95;k=v -4.0", "u.max;k=v -4.0",
            ])
        #expect(flush(&aggregator) == ["t.count 0.0", "u.count;k=v 0.0"])
    }

    @Test func sets() {
        var aggregator = StatsDAggregator()
        add("s:a|s\ns:b|s\ns:a|s\ns:c:d|s\n", to: &aggregator)
        #expect(flush(&aggregator) == ["s 4.0"])
        #expect(flush(&aggregator) == ["s 0.0"])
    }

    /// Of more values than are kept, a sample stands for all; and it is the same one each time.
    @Test func aBusyTimerKeepsASample() throws {
        var first = StatsDAggregator()
        var second = StatsDAggregator()
        var random = SeededGenerator(seed: 1)
        let text = (0..<20_000).map { _ in "t:\(Int.random(in: 0...999, using: &random))|ms\n" }.joined()
        add(text, to: &first)
        add(text, to: &second)
        let points = flush(&first)
        #expect(points == flush(&second))
        let percentile = try #require(points[2].split(separator: " ").last.flatMap { Double($0) })
        #expect((930...970).contains(percentile), "\(points)")
        #expect(points[0] == "t.count 20000.0")
    }

    @Test func whatIsHeldIsBounded() {
        var aggregator = StatsDAggregator(mostMetrics: 3, mostHeld: 10)
        #expect(add("a:1|c\nb:1|c\nc:1|c\nd:1|c\na:1|c\n", to: &aggregator) == [.maxStreams])
        #expect(aggregator.count == 3)
        var sets = StatsDAggregator(mostHeld: 10)
        let reasons = add((0..<20).map { "s:\($0)|s\n" }.joined() + "s:3|s\n", to: &sets)
        #expect(reasons == Array(repeating: .value, count: 10))
        #expect(flush(&sets) == ["s 10.0"])
        #expect(add("s:77|s\n", to: &sets) == [], "there is room again")
        var timers = StatsDAggregator(mostHeld: 10)
        #expect(add((1...50).map { "t:\($0)|ms\n" }.joined() + "u:1|ms\n", to: &timers) == [])
        let points = flush(&timers)
        #expect(points.contains("t.count 50.0") && points.contains("t.max 50.0") && points.contains("u.mean 1.0"))
        #expect(!points.contains { $0.hasPrefix("u.p95") }, "nothing was kept for it")
    }

    @Test func aMetricIsOfOneKind() {
        var aggregator = StatsDAggregator()
        #expect(add("a:1|c\na:1|g\na:1|ms\nb:1|ms\nb:1|h\n", to: &aggregator) == [.fields, .fields])
        #expect(flush(&aggregator).first == "a 1.0")
    }

    @Test func sumsStayFinite() {
        var aggregator = StatsDAggregator()
        #expect(add("a:1.7e308|c\na:1.7e308|c\na:1|c|@1e-309\ng:-1.7e308|g\n", to: &aggregator) == [.value, .value])
        #expect(flush(&aggregator) == ["a 1.7e+308", "g -1.7e+308"])
        add("a:-0|c\n", to: &aggregator)
        #expect(flush(&aggregator) == ["a 0.0"])
    }

    @Test func idleMetricsAreForgotten() {
        var aggregator = StatsDAggregator()
        add("a:1|c\nb:1|c\nc:1|g\n", to: &aggregator)
        _ = flush(&aggregator)
        for _ in 0..<(StatsDAggregator.patience - 1) { _ = flush(&aggregator) }
        add("b:2|c\n", to: &aggregator)
        #expect(flush(&aggregator) == ["a 0.0", "b 2.0"])
        #expect(aggregator.count == 1)
        #expect(flush(&aggregator) == ["b 0.0"])
        add("c:+1|g\na:1|c\n", to: &aggregator)
        #expect(flush(&aggregator) == ["b 0.0", "c 1.0", "a 1.0"])
    }

    @Test func namesLeaveRoomForWhatIsAppended() {
        var aggregator = StatsDAggregator()
        let name = String(repeating: "n", count: 250)
        #expect(add("\(name):1|ms\n", to: &aggregator) == [.name])
        #expect(add("\(name):1|c\n\(name.dropLast()):1|ms\n", to: &aggregator) == [])
        for point in flush(&aggregator) {
            let name = point.prefix { $0 != " " }
            withBytes(String(name)) { bytes in #expect(throws: Never.self) { try StreamName.check(bytes) } }
        }
    }

    /// Another one goes on as this one would have.
    @Test func stateIsAllThereIs() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<50 {
            var whole = StatsDAggregator(mostHeld: 3000)
            var turns = whole
            for _ in 0..<30 {
                let name = "m\(Int.random(in: 0..<40, using: &random))"
                let type = ["c", "g", "ms", "s"].randomElement(using: &random)!
                let text = (0..<Int.random(in: 1...80, using: &random)).map { _ in
                    "\(name)\(type):\(Int.random(in: -20...99, using: &random))|\(type)\n"
                }.joined()
                #expect(add(text, to: &whole) == add(text, to: &turns))
                turns = StatsDAggregator(mostHeld: 3000, state: turns.state)
                if Int.random(in: 0..<6, using: &random) == 0 { #expect(flush(&whole) == flush(&turns)) }
            }
            #expect(flush(&whole) == flush(&turns))
            #expect(whole.state == turns.state)
        }
    }

    @Test func manyNames() {
        var aggregator = StatsDAggregator()
        for round in 1...3 {
            for number in 0..<5000 {
                var name = "name.\(number)"
                name.withUTF8 { try? aggregator.add(UnsafeRawBufferPointer($0), StatsDSample(.count(Double(number)))) }
            }
            let points = flush(&aggregator)
            #expect(points.count == 5000 && points[4711] == "name.4711 4711.0", "round \(round)")
        }
    }
}
