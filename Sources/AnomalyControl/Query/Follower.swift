package import PointStore

/// Prints points as they are committed, until nobody reads them any more.
package struct Follower {
    /// Opens the database.
    package let open: () throws -> StoreReader
    package let selection: StreamSelection
    /// What to print; its streams and positions are replaced at each look.
    package let query: PointQuery
    /// Points of the streams, if only those that match a pattern are wanted.
    package let pattern: PointPattern?
    /// Told how far each stream has been printed, whenever that has reached the reader.
    package let remember: (([Int32: Int64]) throws -> Void)?
    /// Says when it is time to look again.
    package let waiter: CommitWaiter

    package init(
        selection: StreamSelection, query: PointQuery, waiter: CommitWaiter, pattern: PointPattern? = nil,
        remember: (([Int32: Int64]) throws -> Void)? = nil, open: @escaping () throws -> StoreReader
    ) {
        self.waiter = waiter
        self.pattern = pattern
        self.remember = remember
        self.open = open
        self.selection = selection
        self.query = query
    }

    /// Does not return.
    ///
    /// - Parameters:
    ///   - positions: how far each stream has been printed.
    ///   - store: the open database.
    ///   - version: its data version from before those points were read.
    /// - Throws: `OutputClosed` when the reader has gone.
    package func run(
        from positions: [Int32: StreamPosition], in store: StoreReader, version: Int64, printer: inout PointPrinter
    ) throws -> Never {
        var store = store
        var printed = positions.mapValues(\.time)
        var seen: Int64? = version
        var remembered: [Int32: Int64] = [:]
        while true {
            try printer.output.flush()
            if let remember, printed != remembered {
                try remember(printed)
                remembered = printed
            }
            try waiter.wait(for: printer.output)
            do {
                if store.isReplaced {
                    // What was committed to it last, before the new one, in which streams go on as they were.
                    try? printNew(in: store, after: &printed, printer: &printer)
                    store = try open()
                    seen = nil
                }
                let version = try store.dataVersion()
                guard version != seen else { continue }
                try printNew(in: store, after: &printed, printer: &printer)
                seen = version
            } catch let error as StoreError where error.cause == .busy {
                // A file that nobody wrote to when we came is read without locks. Now somebody does: begin anew.
                store = try open()
                seen = nil
            } catch let error as StoreError where store.isReplaced && error.isOfANewFile {
                // The new one is not ready yet.
            }
        }
    }

    private func printNew(
        in store: StoreReader, after printed: inout [Int32: Int64], printer: inout PointPrinter
    ) throws {
        // Streams that are new since the last look are followed as well.
        let streams = selection.streams(in: try store.streams())
        printer.add(streams)
        var query = query
        query.streams = Set(streams.map(\.id))
        query.after = printed
        query.filter = pattern?.filter(of: streams)
        let cursor = try store.points(query)
        while let point = try cursor.next() {
            try printer.print(point)
            // Point by point, so that an error in the middle repeats none.
            printed[point.stream] = point.time
        }
        printed.merge(cursor.positions.mapValues(\.time)) { _, new in new }
    }
}

extension StoreError {
    /// Whether a file that is just being made may be the cause.
    fileprivate var isOfANewFile: Bool {
        switch cause {
        case .missing, .outdated, .damaged, .foreign: true
        default: false
        }
    }
}
