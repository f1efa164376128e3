import AnomalyDetection
import CPoints
import GRDB

/// Points of one stream that lie together in one row of `hot` or `chunk`, or in one of each channel.
struct PackedPoints {
    /// Sequence number of the first one; those of the others follow it.
    var firstSequence: Int64
    /// Of each channel, as many as there are points.
    var channels: [[anomalyd_point]]

    var count: Int { channels[0].count }

    func time(at index: Int) -> Int64 { channels[0][index].time }

    /// The first point whose time is not before `time`; `count` if there is none.
    func firstIndex(notBefore time: Int64) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if channels[0][middle].time < time { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func flags(at index: Int) -> PointFlags { PointFlags(rawValue: channels[0][index].flags) }

    func point(at index: Int, of stream: Int32) -> StoredPoint {
        StoredPoint(
            stream: stream, sequence: firstSequence + Int64(index), time: time(at: index),
            score: channels[0][index].score, flags: flags(at: index),
            channels: channels.map { points in
                let it = points[index]
                return ChannelVerdict(
                    value: it.value, prediction: it.prediction, lower: it.lower, upper: it.upper, residual: it.residual)
            })
    }
}

/// Reads and writes the points of a row.
enum PointPacking {
    /// Points of a chunk; see ``chunkEnd(of:)``.
    static let chunkPoints = Int(ANOMALYD_CHUNK_POINTS)

    /// The last sequence number that is in the same chunk as `sequence`.
    static func chunkEnd(of sequence: Int64) -> Int64 {
        let size = Int64(chunkPoints)
        return (sequence - 1) / size * size + size
    }

    /// - Returns: nil if the text is damaged.
    static func points(
        ofHot text: UnsafeRawBufferPointer, count: Int64, firstTime: Int64, step: Double
    ) -> [anomalyd_point]? {
        read(count: count, most: HotRow.mostPoints) { points in
            anomalyd_hot_decode(
                text.bindMemory(to: CChar.self).baseAddress, text.count, firstTime, step, points, Int(count))
        }
    }

    /// - Returns: nil if the bytes are damaged.
    static func points(
        ofChunk bytes: UnsafeRawBufferPointer, count: Int64, checksum: Int64
    ) -> [anomalyd_point]? {
        let start = bytes.bindMemory(to: UInt8.self).baseAddress
        guard anomalyd_checksum(start, bytes.count) == UInt64(bitPattern: checksum) else { return nil }
        return read(count: count, most: chunkPoints) { anomalyd_chunk_decode(start, bytes.count, $0, Int(count)) }
    }

    private static func read(
        count: Int64, most: Int, _ decode: (UnsafeMutablePointer<anomalyd_point>?) -> Int32
    ) -> [anomalyd_point]? {
        guard (1...Int64(most)).contains(count) else { return nil }
        var result: Int32 = -1
        let points = Array<anomalyd_point>(unsafeUninitializedCapacity: Int(count)) { buffer, initialized in
            result = decode(buffer.baseAddress)
            initialized = result == 0 ? Int(count) : 0
        }
        return result == 0 ? points : nil
    }

    /// The bytes of a chunk of at most ``chunkPoints`` points, and their checksum.
    static func chunk(of points: ArraySlice<anomalyd_point>) -> (bytes: [UInt8], checksum: Int64) {
        points.withUnsafeBufferPointer { points in
            let bytes = [UInt8](unsafeUninitializedCapacity: anomalyd_chunk_bound(points.count)) { buffer, count in
                count = anomalyd_chunk_encode(points.baseAddress, points.count, buffer.baseAddress)
            }
            return (bytes, Int64(bitPattern: anomalyd_checksum(bytes, bytes.count)))
        }
    }

    /// What is thrown of a row that is damaged.
    static func damaged(_ table: String, of stream: Int32, at time: Int64) -> DatabaseError {
        DatabaseError(
            resultCode: .SQLITE_CORRUPT,
            message: "the points of stream \(stream) from time \(time) on, in the table \(table), are damaged")
    }
}
