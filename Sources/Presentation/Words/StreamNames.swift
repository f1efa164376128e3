import PointStore

extension [StreamRecord] {
    /// The names by the streams' numbers.
    package var names: [Int32: String] {
        Dictionary(map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
    }
}
