package import AnomalyConfiguration
package import PointStore

/// Which streams a command line names.
package struct StreamSelection: Sendable, Equatable {
    /// The patterns; none of them selects all streams.
    package var globs: [Glob]

    package init(globs: [Glob]) {
        self.globs = globs
    }

    /// The streams that match any pattern, in the order of `streams`.
    package func streams(in streams: [StreamRecord]) -> [StreamRecord] {
        globs.isEmpty ? streams : streams.filter { stream in globs.contains { Self.matches($0, stream) } }
    }

    /// As `streams(in:)`, but every pattern must match: a mistyped name should not look like a quiet stream.
    ///
    /// - Throws: `Failure` with the status `unknownStream`.
    package func streamsOrFailure(in streams: [StreamRecord]) throws(Failure) -> [StreamRecord] {
        for glob in globs where !streams.contains(where: { Self.matches(glob, $0) }) {
            if let name = glob.literal { throw streams.unknown(name) }
            throw Failure(
                .unknownStream, "no stream matches \"\(glob.pattern)\"",
                hint: "to see the names, try: anomalyctl streams")
        }
        return self.streams(in: streams)
    }

    /// A name stands for itself even where it looks like a pattern: `disk[0]` is a fine name for a stream.
    private static func matches(_ glob: Glob, _ stream: StreamRecord) -> Bool {
        glob.pattern.utf8.elementsEqual(stream.name.utf8) || glob.matches(stream.name)
    }
}
