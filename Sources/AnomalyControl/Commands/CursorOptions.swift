import ArgumentParser
import PointStore

/// Where a query goes on, and where the next one shall.
struct CursorOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Go on behind what the last call with this file printed, and keep in it how far this one came. -n "
                + "leaves out all but the newest of them for good.",
            valueName: "file"),
        completion: .file())
    var cursorFile: String?

    @Option(
        help: ArgumentHelp("Go on behind this cursor, as --show-cursor prints it.", valueName: "cursor"),
        transform: { text in
            guard let positions = ReadPositions(text: text) else {
                throw ValidationError("expected what --show-cursor has printed")
            }
            return positions
        })
    var afterCursor: ReadPositions?

    @Flag(help: "Print a cursor behind the last point.")
    var showCursor = false

    func validate() throws {
        if cursorFile != nil, afterCursor != nil {
            throw ValidationError("Choose either --cursor-file or --after-cursor.")
        }
    }

    var isUsed: Bool { cursorFile != nil || afterCursor != nil || showCursor }

    /// Where to begin; nil for the begin.
    func start() throws(Failure) -> ReadPositions? {
        if let cursorFile { try ReadPositions.read(cursorFile) } else { afterCursor }
    }

    /// Keeps and prints how far a listing came.
    ///
    /// - Parameters:
    ///   - positions: those of the streams when the listing began.
    ///   - start: where it began.
    func finish(
        _ positions: [Int32: StreamPosition], of query: PointQuery, after start: ReadPositions?, output: Output
    ) throws {
        guard isUsed else { return }
        // What lies behind the end of the range has not been seen.
        let last = query.until.map { $0 > .min ? $0 - 1 : $0 } ?? .max
        let end = (start ?? ReadPositions([:])).merging(positions.mapValues { min($0.time, last) })
        if showCursor { output.write("-- cursor: \(end.text)\n") }
        if let cursorFile {
            // Only what has been handed over counts as read.
            try output.flush()
            try end.write(cursorFile)
        }
    }
}
