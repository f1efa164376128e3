extension ConfigurationKey {
    /// The keys of `[feed]` that streams may have values of their own for.
    static let lateKeys: [ConfigurationKey] = [
        ConfigurationKey(
            "feed.late", stream: \.feed.late, .choice,
            "What becomes of a point that is not after the newest one of its stream. \"drop\" drops and counts it. "
                + "\"reorder\" lets points wait until one later by reorder_window has come, and drops what comes later "
                + "than that. \"keep\" stores it in its place, neither scored nor learned.",
            choosing: "\"reorder\" for senders that mix up their points; \"keep\" where stored points matter more than "
                + "verdicts on them."),
        ConfigurationKey(
            "feed.reorder_window", stream: \.feed.reorderWindow, .duration(1000...604_800_000_000),
            "With \"reorder\": a point is scored when one of its stream has come that is later by at least this, in "
                + "the points' own times. So the last points of a stream that falls silent are stored, but wait.",
            choosing: "as long as points may be late; verdicts come later by as much."),
        ConfigurationKey(
            "feed.reorder_points", stream: \.feed.reorderPoints, .integer(1...100_000), unit: "points",
            "With \"reorder\": most points of a stream that wait. When there are more, the oldest one goes on sooner.",
            choosing: "the window times the points a second, with room to spare; each takes 16 bytes of memory, and 8 "
                + "for each further value."),
    ]
}

extension ConfigurationGroup {
    /// The group with more keys at its end.
    func adding(_ more: [ConfigurationKey]) -> ConfigurationGroup {
        ConfigurationGroup(name: name, heading: heading, keys: keys + more)
    }
}
