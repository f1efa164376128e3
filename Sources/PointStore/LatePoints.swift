/// One channel of one point that no detector has looked at. NaN is stored as NULL.
public struct RawRow: Sendable, Equatable {
    public var stream: Int32
    /// 0 for the first value of a point.
    public var channel: Int32
    /// Microseconds since 1970.
    public var time: Int64
    public var value: Double

    public init(stream: Int32, channel: Int32, time: Int64, value: Double) {
        self.stream = stream
        self.channel = channel
        self.time = time
        self.value = value
    }
}

/// Says that no point of a stream waits any more whose time is `through`, in microseconds since 1970, or before it.
public struct PendingRelease: Sendable, Equatable {
    public var stream: Int32
    public var through: Int64

    public init(stream: Int32, through: Int64) {
        self.stream = stream
        self.through = through
    }
}

/// What became of the late points of a commit.
public struct LateOutcome: Sendable, Equatable {
    /// Stored.
    public var kept = 0
    /// Not stored, because their streams had points of the same times.
    public var duplicates = 0

    public init(kept: Int = 0, duplicates: Int = 0) {
        self.kept = kept
        self.duplicates = duplicates
    }
}

/// A point that waits for others before it is looked at.
public struct PendingPoint: Sendable, Equatable {
    /// Microseconds since 1970.
    public var time: Int64
    /// One for each channel; NaN for a missing one.
    public var values: [Double]

    public init(time: Int64, values: [Double]) {
        self.time = time
        self.values = values
    }
}

extension Commit {
    /// Adds a point that waits.
    ///
    /// - Parameter time: microseconds since 1970.
    public mutating func append(pending time: Int64, values: UnsafeBufferPointer<Double>, of stream: Int32) {
        for (channel, value) in values.enumerated() {
            pending.append(RawRow(stream: stream, channel: Int32(channel), time: time, value: value))
        }
    }

    /// Adds a point that came late and is kept.
    ///
    /// - Parameter time: microseconds since 1970.
    public mutating func append(late time: Int64, values: UnsafeBufferPointer<Double>, of stream: Int32) {
        for (channel, value) in values.enumerated() {
            late.append(RawRow(stream: stream, channel: Int32(channel), time: time, value: value))
        }
    }
}
