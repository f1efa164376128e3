import PointStore
import Synchronization

/// Where the databases lie that streams are brought back from. The one at the path is the newest; those that were found
/// damaged in this run and set aside before it are numbered from 0, in the order of time. Kept by the writer, asked by
/// all shards.
final class HistoryPath: Sendable {
    private struct Places {
        let path: String
        var aside: [String] = []
    }

    private let places: Mutex<Places>

    init(_ path: String) { places = Mutex(Places(path: path)) }

    /// Number of the newest database.
    var newest: Int { places.withLock { $0.aside.count } }

    /// A reader of the database with this number. None is opened while a file is being set aside.
    ///
    /// - Throws: `StoreError`.
    func open(_ number: Int) throws -> StoreReader {
        try places.withLock { places in
            try StoreReader(path: number < places.aside.count ? places.aside[number] : places.path)
        }
    }

    /// Runs `setAside`, which returns where the newest database lies from then on.
    func move(_ setAside: () throws -> String) throws -> String {
        try places.withLock { places in
            let aside = try setAside()
            places.aside.append(aside)
            return aside
        }
    }

    /// Damage was met in the database with this number: tells `store`, unless that has another file by now.
    func note(_ damage: StoreError, in number: Int, to store: PointStore) {
        places.withLock { if $0.aside.count == number { store.note(damage) } }
    }
}
