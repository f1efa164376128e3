/// Finds the word that somebody may have meant.
package enum Suggestion {
    /// The nearest of the candidates, or nil if none is near: more than half of the letters would have to change.
    /// Upper and lower case, `-` and `_` count as equal.
    package static func nearest(to word: String, among candidates: [String]) -> String? {
        let word = folded(word)
        guard !word.isEmpty, word.count <= 64 else { return nil }
        let ranked = candidates.map { (candidate: $0, distance: distance(word, folded($0), limit: word.count / 2)) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }), best.distance <= word.count / 2 else {
            return nil
        }
        return best.candidate
    }

    /// The key nearest to a dotted path. A key of the same name in another section is near as well, since forgetting
    /// or confusing the section is as common as a typing error.
    static func nearestKey(to path: String, among keys: [ConfigurationKey]) -> String? {
        let whole = folded(path)
        let parts = path.split(separator: ".", omittingEmptySubsequences: false)
        let name = folded(parts.last ?? "")
        guard !name.isEmpty, whole.count <= 64 else { return nil }
        var best: (path: String, distance: Int)?
        let section = (parts.dropLast().last ?? "") + "."
        for key in keys {
            // A longer name can be wrong in more places; another section costs one more.
            let isSameSection = key.path.hasPrefix(section)
            let extra = isSameSection ? 0 : 1
            let limit = min(name.count / 2 + extra, (best?.distance ?? .max) - 1)
            let byName = distance(name, key.foldedName, limit: limit - extra) + extra
            let cost = min(byName, distance(whole, key.foldedPath, limit: limit))
            if cost <= limit { best = (key.path, cost) }
        }
        return best?.path
    }

    static func folded(_ text: some StringProtocol) -> [UInt8] {
        text.lowercased().utf8.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0 }
    }

    /// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other; some number
    /// above the limit if there are more than that.
    private static func distance(_ from: [UInt8], _ to: [UInt8], limit: Int) -> Int {
        if abs(from.count - to.count) > limit { return limit + 1 }
        var beforeLast: [Int] = []
        var last = Array(0...to.count)
        for (row, byte) in from.enumerated() {
            var current = [row + 1]
            current.reserveCapacity(to.count + 1)
            for (column, other) in to.enumerated() {
                var cost = min(last[column + 1] + 1, current[column] + 1, last[column] + (byte == other ? 0 : 1))
                if row > 0, column > 0, byte == to[column - 1], from[row - 1] == other {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current.append(cost)
            }
            beforeLast = last
            last = current
        }
        return last[to.count]
    }
}
