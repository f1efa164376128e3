package import PointStore

/// The points that a query prints before it ends or begins to follow.
package struct PointListing {
    /// What to list, without a limit.
    package var query: PointQuery
    /// Only so many of the newest points; nil for all.
    package var newest: Int?

    package init(query: PointQuery, newest: Int? = nil) {
        self.query = query
        self.newest = newest
    }

    /// The most points that are kept in memory to turn them round.
    static let memory = 10_000

    /// Whether any of the points has hindsight; nearly so, where more are listed than fit into memory.
    package func hasHindsight(in store: StoreReader) throws -> Bool {
        var query = query
        query.order = .newestFirst
        query.limit = newest
        let cursor = try store.points(query)
        guard cursor.hasHindsight, let newest, newest <= Self.memory else { return cursor.hasHindsight }
        while let point = try cursor.next() {
            if point.hindsight != nil { return true }
        }
        return false
    }

    /// Hands the points to `body` in the order of the query; a limit takes the newest ones in either order.
    ///
    /// - Returns: how far each stream had come when the reading began.
    package func forEach(
        in store: StoreReader, _ body: (StoredPoint) throws -> Void
    ) throws -> [Int32: StreamPosition] {
        var query = query
        query.limit = newest
        guard let newest, query.order == .oldestFirst else { return try Self.drain(store.points(query), body) }
        query.order = .newestFirst
        guard newest > Self.memory else {
            let cursor = try store.points(query)
            var points: [StoredPoint] = []
            points.reserveCapacity(newest)
            while let point = try cursor.next() { points.append(point) }
            for point in points.reversed() { try body(point) }
            return cursor.positions
        }
        return try drainFromBoundary(backwards: query, in: store, body)
    }

    /// Goes back to the oldest point that belongs to the listing, keeping none, then forward from there.
    private func drainFromBoundary(
        backwards: PointQuery, in store: StoreReader, _ body: (StoredPoint) throws -> Void
    ) throws -> [Int32: StreamPosition] {
        var boundary: Int64?
        var wanted = 0
        _ = try Self.drain(store.points(backwards)) { point in
            wanted = point.time == boundary ? wanted + 1 : 1
            boundary = point.time
        }
        var forwards = query
        forwards.since = boundary ?? query.since
        // Several streams may have a point at the boundary, and the limit may fall between them.
        var surplus = -wanted
        if let boundary {
            var tie = forwards
            tie.until = boundary + 1
            _ = try Self.drain(store.points(tie)) { _ in surplus += 1 }
        }
        return try Self.drain(store.points(forwards)) { point in
            if surplus > 0 {
                surplus -= 1
            } else {
                try body(point)
            }
        }
    }

    private static func drain(
        _ cursor: PointCursor, _ body: (StoredPoint) throws -> Void
    ) throws -> [Int32: StreamPosition] {
        while let point = try cursor.next() { try body(point) }
        return cursor.positions
    }
}
