/// A binary heap of the sources of a merge, the earliest on top.
struct MergeHeap {
    struct Entry {
        /// Not after the time of the next point of the source.
        var time: Int64
        /// Decides between equal times.
        var stream: Int32
        /// Place in the list of sources.
        var source: Int

        static func < (left: Entry, right: Entry) -> Bool {
            left.time != right.time ? left.time < right.time : left.stream < right.stream
        }
    }

    private var entries: [Entry] = []

    var first: Entry? { entries.first }

    mutating func insert(_ entry: Entry) {
        entries.append(entry)
        var index = entries.count - 1
        while index > 0, entry < entries[(index - 1) / 2] {
            entries[index] = entries[(index - 1) / 2]
            index = (index - 1) / 2
        }
        entries[index] = entry
    }

    /// Puts `entry` in the place of the first one. The heap must not be empty.
    mutating func replaceFirst(with entry: Entry) {
        var index = 0
        while true {
            var child = 2 * index + 1
            if child >= entries.count { break }
            if child + 1 < entries.count, entries[child + 1] < entries[child] { child += 1 }
            if !(entries[child] < entry) { break }
            entries[index] = entries[child]
            index = child
        }
        entries[index] = entry
    }

    /// Removes the first entry. The heap must not be empty.
    mutating func removeFirst() {
        let last = entries.removeLast()
        if !entries.isEmpty { replaceFirst(with: last) }
    }
}
