extension Array {
    /// Appends an element of which there is one for each stream. A full array grows by an eighth; by itself it would
    /// double, and leave half of its memory unused in the worst case.
    mutating func appendSlowly(_ element: Element) {
        makeRoom(for: 1)
        append(element)
    }

    /// Makes room for so many more elements, in the same way.
    mutating func makeRoom(for more: Int) {
        if count + more > capacity { reserveCapacity(count + Swift.max(more, count / 8 + 16)) }
    }
}
