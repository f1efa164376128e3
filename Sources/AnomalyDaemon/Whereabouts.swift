import AnomalyDetection
import Kernels

/// Where in memory a shard's streams lie that have networks of their own. Few points of each come at a time: what a stream
/// needs has left the caches when its next point comes, and is asked for while those before it are stepped.
struct Whereabouts: ~Copyable {
    /// Points of a stream between two looks at where it lies.
    private static let interval: Int64 = 64

    private var maps: [MemoryMap?] = []

    deinit { for map in maps { map?.deallocate() } }

    private func map(_ place: Int32) -> MemoryMap? { Int(place) < maps.count ? maps[Int(place)] : nil }

    /// Whether it is known where the stream lies: of none that shares its network.
    func knows(_ place: Int32) -> Bool { map(place) != nil }

    /// Asks for the memory of a stream.
    func prefetch(_ place: Int32) { map(place)?.prefetch() }

    /// A point of the stream has been stepped.
    mutating func look(at state: StreamState) {
        let detector = state.detector
        guard detector.sequence % Self.interval == 0, !detector.sharesNetwork else { return }
        let place = Int(state.place)
        while maps.count <= place { maps.appendSlowly(nil) }
        let map = map(state.place) ?? MemoryMap()
        map.removeAll()
        map.add(state)
        detector.locate(in: map)
        maps[place] = map
    }

    /// The stream falls asleep.
    mutating func forget(_ place: Int32) {
        guard let map = map(place) else { return }
        map.deallocate()
        maps[Int(place)] = nil
    }
}
