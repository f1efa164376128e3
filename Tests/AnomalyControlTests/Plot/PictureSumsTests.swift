import AnomalyDetection
import PointStore
import Presentation
import Testing

/// Pictures of more points than are worth reading, and of such as have expired.
@Suite struct PictureSumsTests {
    private static let start = SampleStore.start - 86_400_000_000
    private static let points: Int64 = 8640
    private static let stream = StreamRecord(id: 1, name: "cpu", channels: 1, created: start)

    /// A day at a point every ten seconds, with a pause of four hours, a spike and a time without values.
    private func filled() throws -> SampleStore {
        let store = try SampleStore()
        var commit = Commit()
        commit.streams = [Self.stream]
        for number in 1...Self.points {
            let value = number == 5000 ? 9000 : (2000..<2100).contains(number) ? .nan : Double(number % 360)
            let time = Self.start + (number - 1) * 10_000_000 + (number > 6000 ? 14_400_000_000 : 0)
            commit.points.append(
                PointRow(
                    stream: 1, channel: 0, sequence: number, time: time, value: value, prediction: 180,
                    lower: 0, upper: 360, residual: value - 180, score: number == 5000 ? 0.75 : 0.125,
                    flags: number == 5000 ? .anomaly : []))
        }
        commit.checkpoints = [Self.points - 1, Self.points].map {
            CheckpointRecord(stream: 1, sequence: $0, state: [1, 2, 3])
        }
        try store.writer.commit(&commit)
        try store.writer.seal()
        try store.writer.close()
        return store
    }

    private func picture(
        _ path: String, _ query: PointQuery = PointQuery(), columns: Int = 200, mostPoints: Int64 = 1000
    ) throws -> Picture? {
        try PictureReader(
            store: StoreReader(path: path), zone: FixedZone.utc, columns: 4 * columns, drawn: columns,
            mostPoints: mostPoints
        ).picture(of: Self.stream, query, newest: nil, channels: [0])
    }

    /// The lowest and the highest value of each column, and of those beside it: a roll-up may lie across a border.
    private func ranges(_ picture: Picture, columns: Int, around: Int = 0) throws -> [Int: ClosedRange<Double>] {
        var ranges: [Int: ClosedRange<Double>] = [:]
        for column in try #require(picture.panels.first).series.merged(into: columns).columns {
            guard let value = column.value else { continue }
            for index in column.index - around...column.index + around {
                let known = ranges[index] ?? value.minimum...value.minimum
                ranges[index] = min(known.lowerBound, value.minimum)...max(known.upperBound, value.maximum)
            }
        }
        return ranges
    }

    @Test func theValuesAreThoseOfThePoints() throws {
        let store = try filled()
        let exact = try #require(try picture(store.path, mostPoints: .max))
        let summed = try #require(try picture(store.path))
        #expect(exact.summed == nil && summed.summed?.width == 300_000_000)
        #expect(exact.points == Self.points && summed.points == Self.points)
        #expect(abs(summed.time.start - exact.time.start) <= 150_000_000 && summed.time.end == exact.time.end)
        let (one, other) = (try ranges(exact, columns: 200), try ranges(summed, columns: 200))
        let (wideOne, wideOther) = (
            try ranges(exact, columns: 200, around: 1), try ranges(summed, columns: 200, around: 1)
        )
        for (index, range) in one {
            #expect(
                wideOther[index].map { $0.contains(range.lowerBound) && $0.contains(range.upperBound) } == true,
                "\(index)")
        }
        for (index, range) in other {
            #expect(
                wideOne[index].map { $0.contains(range.lowerBound) && $0.contains(range.upperBound) } == true,
                "\(index)")
        }
        #expect(summed.panels[0].series.columns.contains { $0.isFlagged && $0.value?.maximum == 9000 })
        #expect(summed.panels[0].valueRange == exact.panels[0].valueRange)
        #expect(summed.panels[0].series.runs(\.value).count == exact.panels[0].series.runs(\.value).count)
        // What was expected is known only behind the last whole chunk, in a tenth of the time at most.
        #expect(exact.panels[0].series.columns.allSatisfy { $0.prediction != nil })
        #expect(summed.panels[0].series.columns.count { $0.prediction != nil } <= 80)
    }

    @Test func pointsAreReadWhereTheyAreFewOrSumsTooCoarse() throws {
        let store = try filled()
        var query = PointQuery()
        query.since = Self.start + 7_201_000_000
        query.until = query.since.map { $0 + 5_000_000_000 }
        #expect(try picture(store.path, query)?.summed == nil, "500 points")
        #expect(try picture(store.path, query, mostPoints: 100)?.summed == nil, "a column has 25 s")
        let coarse = try #require(try picture(store.path, query, columns: 5, mostPoints: 100))
        #expect(coarse.summed?.width == 300_000_000)
        #expect(coarse.points == 500, "also those of the buckets that are cut off")
        #expect(coarse.time.start == Self.start + 7_210_000_000)
        #expect(try picture(store.path, columns: 10)?.summed?.width == 3_600_000_000)
    }

    @Test func whatHasExpiredIsSummedUp() throws {
        let store = try filled()
        let before = try #require(try picture(store.path, mostPoints: .max))
        _ = try InProcess(database: store.path).output("db", "vacuum", "--set", "retention.raw=6h")
        let reader = try StoreReader(path: store.path)
        let oldest = try #require(try reader.oldest(of: 1))
        #expect(oldest.sequence > 1)
        let after = try #require(try picture(store.path, mostPoints: .max))
        #expect(after.points == before.points && after.panels[0].valueRange == before.panels[0].valueRange)
        #expect(after.time.end == before.time.end && abs(after.time.start - before.time.start) <= 150_000_000)
        let expected = after.panels[0].series.columns.filter { $0.prediction != nil }
        #expect(!expected.isEmpty && expected.allSatisfy { $0.time >= oldest.time })
        // A short time, whatever its columns have.
        var query = PointQuery()
        query.since = Self.start + 600_000_000
        query.until = Self.start + 1_800_000_000
        let short = try #require(try picture(store.path, query))
        #expect(short.summed?.width == 300_000_000 && short.points == 120, "\(short.points)")
        query.since = oldest.time
        query.until = nil
        #expect(try picture(store.path, query, mostPoints: .max)?.summed == nil)
        // Without roll-ups, as for a terminal, it is as it was.
        let plain = try PictureReader(store: reader, zone: FixedZone.utc).picture(
            of: Self.stream, PointQuery(), newest: nil, channels: [0])
        #expect(plain?.points == Self.points - oldest.sequence + 1)
    }
}
