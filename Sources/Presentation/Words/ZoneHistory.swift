/// What a zone's clocks were set to over a range of time, for scripts that know no zones.
package struct ZoneHistory {
    /// From when on, in seconds since 1970, and how many seconds east of UTC.
    package private(set) var offsets: [(from: Int, offset: Int, name: String)] = []

    /// - Parameter range: microseconds since 1970.
    package init(of zone: any Zone, in range: ClosedRange<Int64>) {
        let (first, last) = (Int(range.lowerBound / 1_000_000), Int(range.upperBound / 1_000_000))
        offsets.append((first, zone.offset(at: first), zone.abbreviation(at: first)))
        // No zone changes twice within a week. A range of more than some thousand years has steps of more than that.
        let step = max(7 * 86_400, (last - first) / 200_000)
        var at = first
        while at < last {
            let next = min(last, at + step)
            if zone.offset(at: next) != zone.offset(at: at) {
                // The first second of the new offset.
                var (old, new) = (at, next)
                while new - old > 1 {
                    let middle = old + (new - old) / 2
                    if zone.offset(at: middle) == zone.offset(at: at) { old = middle } else { new = middle }
                }
                offsets.append((new, zone.offset(at: new), zone.abbreviation(at: new)))
            }
            at = next
        }
    }
}
