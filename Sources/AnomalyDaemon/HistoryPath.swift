import PointStore
import Synchronization

/// Where the database lies that streams of earlier runs are restored from: at its path, or where it was set aside when it
/// was found damaged. Kept by the writer, asked by all shards.
final class HistoryPath: Sendable {
    private struct Place {
        var path: String
        var isAside = false
    }

    private let place: Mutex<Place>

    init(_ path: String) { place = Mutex(Place(path: path)) }

    /// A reader of it. None is opened while the file is being set aside.
    ///
    /// - Throws: `StoreError`.
    func open() throws -> StoreReader { try place.withLock { try StoreReader(path: $0.path) } }

    /// Runs `setAside`, which returns where the database lies from then on.
    func move(_ setAside: () throws -> String) throws -> String {
        try place.withLock { place in
            let aside = try setAside()
            // When another one follows, what is not restored yet is still in the first.
            if !place.isAside { place = Place(path: aside, isAside: true) }
            return aside
        }
    }

    /// Damage was met in it: tells `store`, unless that has another file by now.
    func note(_ damage: StoreError, to store: PointStore) {
        place.withLock { if !$0.isAside { store.note(damage) } }
    }
}
