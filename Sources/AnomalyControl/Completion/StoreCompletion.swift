import AnomalyConfiguration
import ArgumentParser
package import PointStore

/// What a shell offers after TAB that only the database knows: the names of streams and the numbers of anomalies.
///
/// A reader is opened for it, a bounded number of rows looked at, and nothing said if that fails: who presses TAB has not
/// asked for an error.
package struct StoreCompletion {
    /// What is offered of each kind at most. More than a screen helps nobody, and shells are slow with thousands.
    package static let most = 200
    /// Names, or anomalies, that are looked at for it at most: some milliseconds.
    private static let mostRows = 5000

    private let store: StoreReader
    /// What is typed of the word, without quotes.
    private let prefix: String

    package init(store: StoreReader, prefix: String) {
        self.store = store
        self.prefix = prefix
    }

    /// The names of streams that begin as the word does, in the order of their bytes.
    package func streams() throws -> [String] {
        var names: [String] = []
        var rows = 0
        try store.forEachStreamName(from: prefix) { name in
            rows += 1
            guard name.utf8.starts(with: prefix.utf8) else { return false }
            if Self.isPlain(name) { names.append(name) }
            return names.count < Self.most && rows < Self.mostRows
        }
        return names
    }

    /// The numbers of the newest anomalies that begin as the word does.
    package func anomalies() throws -> [String] {
        var query = AnomalyQuery()
        query.limit = Self.mostRows
        let anomalies = store.anomalies(query)
        var numbers: [String] = []
        while numbers.count < Self.most, let anomaly = try anomalies.next() {
            let number = String(anomaly.id)
            if number.hasPrefix(prefix) { numbers.append(number) }
        }
        return numbers
    }

    /// Whether no shell sees anything but a word in the name.
    ///
    /// Names come from whoever may feed, and bash evaluates what a completion offers (`compgen -W` expands its words), so
    /// that a stream named `$(reboot)` would do more than be listed. Names that need quotes are typed by hand.
    package static func isPlain(_ name: String) -> Bool {
        guard let first = name.unicodeScalars.first, first != "-", first != "=", first != "~" else { return false }
        return name.unicodeScalars.allSatisfy {
            $0.properties.isAlphabetic || $0.properties.numericType == .decimal
                || "._-+:@%/,=".unicodeScalars.contains($0)
        }
    }
}

extension CompletionKind {
    /// The names of stored streams.
    static let streams = store { try $0.streams() }
    /// The numbers of stored anomalies.
    static let anomalies = store { try $0.anomalies() }
    /// Both, as `explain` takes them.
    static let anomaliesAndStreams = store { try $0.anomalies() + $0.streams() }

    private static func store(_ answer: @escaping @Sendable (StoreCompletion) throws -> [String]) -> CompletionKind {
        .custom { words, _, prefix in
            let line = CompletionLine(words: words)
            let paths = DefaultPaths.currentForClient(line.instance.flatMap { InstanceName($0) })
            guard let store = try? StoreReader(path: line.database ?? ClientPlaces(paths: paths).database) else {
                return []
            }
            return (try? answer(StoreCompletion(store: store, prefix: CompletionLine.unquoted(prefix)))) ?? []
        }
    }

    /// The keys of the configuration, ready for a value.
    static let assignments = CompletionKind.list(ConfigurationKey.all.map { $0.path + "=" })
}
