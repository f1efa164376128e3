package import PointStore

/// Prints points as they are committed, until nobody reads them any more.
package struct Follower {
    /// How often the database is asked whether something was committed. SQLite answers from the header of the
    /// write-ahead log, without reading a page.
    private static let interval: Int32 = 250

    package let store: StoreReader
    package let selection: StreamSelection
    /// What to print; its streams and positions are replaced at each look.
    package let query: PointQuery

    package init(store: StoreReader, selection: StreamSelection, query: PointQuery) {
        self.store = store
        self.selection = selection
        self.query = query
    }

    /// Does not return.
    ///
    /// - Parameters:
    ///   - positions: how far each stream has been printed.
    ///   - version: the store's data version from before those points were read.
    /// - Throws: `OutputClosed` when the reader has gone.
    package func run(
        from positions: [Int32: StreamPosition], version: Int64, printer: inout PointPrinter
    ) throws -> Never {
        var printed = positions.mapValues(\.time)
        var seen = version
        while true {
            try printer.output.flush()
            try printer.output.sleep(milliseconds: Self.interval)
            let version = try store.dataVersion()
            guard version != seen else { continue }
            seen = version
            // Streams that are new since the last look are followed as well.
            let streams = selection.streams(in: try store.streams())
            printer.add(streams)
            var query = query
            query.streams = Set(streams.map(\.id))
            query.after = printed
            let cursor = try store.points(query)
            while let point = try cursor.next() { try printer.print(point) }
            printed.merge(cursor.positions.mapValues(\.time)) { _, new in new }
        }
    }
}
