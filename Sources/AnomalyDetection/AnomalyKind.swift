/// What kind of anomaly it is, in a word for people.
public enum AnomalyKind: String, Sendable, CaseIterable {
    /// A value that the last ones did not announce.
    case spike
    /// A value that this time of earlier days (or seasons) did not have.
    case offSeason = "season"
    /// A value outside all that was seen before.
    case outOfRange = "range"
    /// Values that have been off to one side for some time.
    case levelShift = "shift"
    /// Values that scatter more, or less, than they did.
    case variance
    /// The same value again and again.
    case flatLine = "flat"
    /// Nothing came for long.
    case gap
    /// A level that creeps away.
    case drift
    /// A value outside the range that somebody has set.
    case limit
}

extension PointFlags {
    /// The kind of anomaly that the evidence speaks for; nil without any.
    public var kind: AnomalyKind? {
        if contains(.outOfLimits) { return .limit }
        if contains(.flatLine) { return .flatLine }
        if contains(.gap) { return .gap }
        if contains(.drift) { return .drift }
        if contains(.variance) { return .variance }
        if contains(.lasting) { return .levelShift }
        if contains(.outOfRange) { return .outOfRange }
        if contains(.offSeason) { return .offSeason }
        return contains(.unpredicted) ? .spike : nil
    }
}
