import CPoints

extension FuzzTarget {
    /// Points as a file has them. The first byte says in which table they would lie, the next two how many they are. Bytes
    /// that can be read are the same points after these were written and read, and a part of them is a part.
    static let points = FuzzTarget(name: "points", longest: 16_384, seeds: pointRows) { bytes in
        guard bytes.count >= 3 else { return }
        let count = Int(bytes[1]) << 8 | Int(bytes[2])
        // Of just that size, so that a look beyond its end is seen.
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count - 3)
        defer { copy.deallocate() }
        _ = copy.initialize(from: bytes[3...])
        let rest = UnsafeBufferPointer(copy)
        if bytes[0] % 2 == 1 {
            _ = readHot(rest, count: min(count, chunkPoints))
            return
        }
        guard let points = readChunk(rest, count: count) else { return }
        for depth in [ANOMALYD_TIMES, ANOMALYD_VALUES] {
            guard let part = readChunk(rest, count: count, depth: depth) else {
                throw FuzzFinding(description: "what can be read whole can be read in part")
            }
            let isSame = zip(part, points).allSatisfy { part, point in
                part.time == point.time && (depth == ANOMALYD_TIMES || same(part.value, point.value))
            }
            try expect(isSame, "a part of a point is that part of the whole one")
        }
        let again = write(points).withUnsafeBufferPointer { readChunk($0, count: count) }
        try expect(
            again.map { zip($0, points).allSatisfy(same) } == true,
            "points are the same after they were written and read"
        )
    }

    private static let chunkPoints = Int(ANOMALYD_CHUNK_POINTS)

    private static func readChunk(
        _ bytes: UnsafeBufferPointer<UInt8>, count: Int, depth: anomalyd_depth = ANOMALYD_EVERYTHING
    ) -> [anomalyd_point]? {
        var points = [anomalyd_point](repeating: anomalyd_point(), count: min(count, chunkPoints))
        guard let start = bytes.baseAddress,
            anomalyd_chunk_decode_to(start, bytes.count, &points, count, depth) == 0
        else { return nil }
        return points
    }

    private static func readHot(_ bytes: UnsafeBufferPointer<UInt8>, count: Int) -> [anomalyd_point]? {
        var points = [anomalyd_point](repeating: anomalyd_point(), count: count)
        let result = bytes.withMemoryRebound(to: CChar.self) { text in
            text.baseAddress.map { anomalyd_hot_decode($0, text.count, 0, 0.125, &points, count) }
        }
        return result == 0 ? points : nil
    }

    private static func write(_ points: [anomalyd_point]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: anomalyd_chunk_bound(points.count)) { buffer, size in
            size = anomalyd_chunk_encode(points, points.count, buffer.baseAddress)
        }
    }

    /// In every bit; all NaN are one.
    private static func same(_ one: Double, _ other: Double) -> Bool {
        one.bitPattern == other.bitPattern || one.isNaN && other.isNaN
    }

    private static func same(_ one: anomalyd_point, _ other: anomalyd_point) -> Bool {
        one.time == other.time && one.flags == other.flags && same(one.value, other.value)
            && same(one.prediction, other.prediction) && same(one.lower, other.lower) && same(one.upper, other.upper)
            && same(one.residual, other.residual) && same(one.score, other.score)
    }

    /// Ordinary points, points of which something is missing, and points with every bit in use.
    private static func pointRows() -> [[UInt8]] {
        var scatter = Scatter(state: 1)
        let chunks = [1, 2, 33, 100, chunkPoints].flatMap { count in
            (0..<3).map { kind in
                let points = (0..<count).map { index in
                    let bits = scatter.next()
                    let value = kind == 2 ? Double(bits >> 1) * .pi : Double(bits % 1000) / 10
                    let residual = kind == 1 && index % 5 == 0 ? Double.nan : Double(bits % 64) / 32
                    return anomalyd_point(
                        time: 1_700_000_000_000_000 + Int64(index) * 1_000_000,
                        value: kind == 1 && index % 3 == 0 ? .nan : value, prediction: value - residual,
                        lower: value - residual - 2, upper: value - residual + (kind == 2 ? .pi : 2),
                        residual: residual,
                        score: Double(bits % 4096) / 4096, flags: UInt16(bits % 7 == 0 ? 4 : 0))
                }
                return [0, UInt8(count >> 8), UInt8(count & 255)] + write(points)
            }
        }
        let texts = [
            "[[0,21.5,3,4,5,100,0]]", "[[0,null,null,null,null,null,1],[1000000,-1.25e-9,-7,12,12,4096,4]]",
            "[[0,1,null,null,null,null,0,0.1,0.2,0.3,0.4,0.5]]",
        ]
        return chunks + texts.enumerated().map { [1, 0, $0.offset == 1 ? 2 : 1] + Array($0.element.utf8) }
    }
}
