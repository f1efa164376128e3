/// Takes what a `FeedDecoder` reads. All pointers are valid during the call only.
public protocol FeedSink {
    /// A point.
    ///
    /// - parameters:
    ///   - name: NAME as `StreamName.check` accepts it.
    ///   - values: one per channel, at least one; finite, never −0.0, or NaN for a missing value.
    ///   - time: microseconds since 1970 within `FeedTime.range`; nil means the time of arrival.
    /// - throws: a reason to reject the line after all. The decoder hands it to `reject` with line and excerpt.
    mutating func point(
        name: UnsafeRawBufferPointer, values: UnsafeBufferPointer<Double>, time: Int64?
    ) throws(FeedLineError)

    /// A sample of StatsD, to be gathered with others of its name into points.
    ///
    /// - parameter name: NAME as `StreamName.check` accepts it.
    /// - throws: as `point(name:values:time:)`.
    mutating func sample(name: UnsafeRawBufferPointer, _ sample: StatsDSample) throws(FeedLineError)

    /// A command, after all points of the lines before it.
    mutating func command(_ command: FeedCommand)

    /// A line that was not accepted.
    ///
    /// - parameters:
    ///   - line: number of the line in this feed, the first being 1.
    ///   - excerpt: its first bytes, at most `FeedDecoder.excerptLength`, in whatever encoding they came.
    mutating func reject(_ error: FeedLineError, line: Int, excerpt: UnsafeRawBufferPointer)
}
