/// Counts things, and keeps the few with the smallest distances, nearest first.
package struct Nearest<Element> {
    private let capacity: Int
    private var entries: [(distance: Double, element: Element)] = []
    package private(set) var count = 0

    init(_ capacity: Int) { self.capacity = capacity }

    package var elements: [Element] { entries.map(\.element) }

    /// Of equal distances, the one that was added first stays.
    mutating func add(_ element: Element, distance: Double) {
        count += 1
        let place = entries.firstIndex { $0.distance > distance } ?? entries.count
        guard place < capacity else { return }
        entries.insert((distance, element), at: place)
        if entries.count > capacity { entries.removeLast() }
    }
}
