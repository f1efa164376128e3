/// The times of streams' newest points, as far as this process has written them: looking one up in two tables took as long
/// as writing a row.
struct NewestTimes {
    /// Streams beyond are looked up. Ids follow each other, but those of a damaged file may be any.
    private static let most = 1 << 22
    private static let unknown = Int64.min

    /// By id.
    private var times: [Int64] = []

    func time(of stream: Int32) -> Int64? {
        guard stream >= 0, Int(stream) < times.count, times[Int(stream)] != Self.unknown else { return nil }
        return times[Int(stream)]
    }

    mutating func note(_ time: Int64, of stream: Int32) {
        guard stream >= 0, Int(stream) < Self.most else { return }
        let more = Int(stream) + 1 - times.count
        if more > 0 {
            // By itself an array doubles.
            if times.count + more > times.capacity { times.reserveCapacity(times.count + times.count / 8 + more) }
            times.append(contentsOf: repeatElement(Self.unknown, count: more))
        }
        times[Int(stream)] = time
    }
}
