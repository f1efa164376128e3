/// How far streams have been read, to go on from there: what `--cursor-file` keeps.
///
/// One time would not do: a stream whose clients are slow stores points that are older than those of its neighbours,
/// and they would be lost. So each stream has its own.
package struct ReadPositions: Sendable, Equatable {
    /// For each stream the time of the last point that was read, in microseconds since 1970.
    package var times: [Int32: Int64]

    private static let mark = "anomalyd-cursor-1"

    package init(_ times: [Int32: Int64]) {
        self.times = times
    }

    /// Such as `anomalyd-cursor-1;1=1795442404000000;2=1795442401500000`, by the numbers of the streams.
    package var text: String {
        ([Self.mark] + times.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }).joined(separator: ";")
    }

    /// Nil unless it is what `text` makes.
    package init?(text: String) {
        let parts = text.split(whereSeparator: { $0 == ";" || $0.isWhitespace })
        guard parts.first.map(String.init) == Self.mark else { return nil }
        var times: [Int32: Int64] = [:]
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", omittingEmptySubsequences: false)
            guard pair.count == 2, let stream = Int32(pair[0]), let time = Int64(pair[1]), times[stream] == nil else {
                return nil
            }
            times[stream] = time
        }
        self.times = times
    }

    /// What a file keeps; nil if there is none yet.
    ///
    /// - Throws: `Failure` if it can't be read or holds something else.
    static func read(_ path: String) throws(Failure) -> ReadPositions? {
        guard FileBytes.exists(path) else { return nil }
        let bytes = try FileBytes.read(path)
        if bytes.isEmpty { return nil }
        guard let positions = ReadPositions(text: String(decoding: bytes, as: UTF8.self)) else {
            throw Failure(
                .failure, "cannot use the cursor in \(path): it is none, expected \"\(mark);…\"",
                hint: "name another file, or remove this one to begin anew")
        }
        return positions
    }

    /// The file has the old positions or the new ones, whatever happens.
    func write(_ path: String) throws(Failure) {
        try FileBytes.replace(path, with: Array((text + "\n").utf8))
    }

    /// These and newer ones, which win.
    func merging(_ newer: [Int32: Int64]) -> ReadPositions {
        ReadPositions(times.merging(newer) { max($0, $1) })
    }
}
