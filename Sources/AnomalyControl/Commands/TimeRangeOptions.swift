import ArgumentParser
import PointStore
import Presentation

/// `--since` and `--until`, for commands that read stored points.
struct TimeRangeOptions: ParsableArguments {
    @Option(
        name: [.customShort("S", allowingJoined: true), .long], parsing: .unconditional,
        help: ArgumentHelp("Nothing before this time.", valueName: "time"), transform: TimeExpression.init(_:))
    var since: TimeExpression?

    @Option(
        name: [.customShort("U", allowingJoined: true), .long], parsing: .unconditional,
        help: ArgumentHelp("Nothing after this time.", valueName: "time"),
        transform: TimeExpression.init(_:))
    var until: TimeExpression?

    /// A query for the points of the range.
    ///
    /// - Throws: `Failure` with the status `usage` if nothing can lie in it.
    func query(in surroundings: Surroundings) throws(Failure) -> PointQuery {
        let since = since?.resolve(now: surroundings.now(), zone: surroundings.zone)
        let until = until?.resolve(now: surroundings.now(), zone: surroundings.zone)
        if let since, let until, since > until {
            throw Failure(.usage, "--since is later than --until: nothing can lie between them")
        }
        var query = PointQuery()
        query.since = since
        // Inclusive for people, exclusive for the store.
        query.until = until.map { $0 < .max ? $0 + 1 : $0 }
        return query
    }
}
