import RecurrentModel

/// What the score remembers of one channel.
struct ChannelMemory: Sendable {
    var range = ValueRange()
    var flat = FlatRun()
    var drift = DriftTrack()
    var residuals = ResidualSpread()
    /// Over as many points as the smoothed sizes.
    var residualLean = Lean()
    var seasonLean = Lean()
    /// Typical residual and typical distance from the season, which make the channels of one stream comparable.
    var spread = TypicalSize()
    var seasonSpread = TypicalSize()
    /// At the newest point, relative to what is usual. No later point depends on it.
    var deviation = 0.0

    /// There is nothing of the season: a member of a group knows of none.
    mutating func exchange(_ coding: inout some MemberCoding) {
        range.exchange(&coding)
        flat.exchange(&coding)
        drift.exchange(&coding)
        residuals.exchange(&coding)
        residualLean.exchange(&coding)
        spread.exchange(&coding)
        coding.exchange(short: &deviation)
    }

    mutating func forgetSeason() { (seasonLean, seasonSpread) = (Lean(), TypicalSize()) }

    func encode(into writer: inout StateWriter) {
        range.encode(into: &writer)
        flat.encode(into: &writer)
        drift.encode(into: &writer)
        residuals.encode(into: &writer)
        residualLean.encode(into: &writer)
        seasonLean.encode(into: &writer)
        spread.encode(into: &writer)
        seasonSpread.encode(into: &writer)
    }

    mutating func decode(from reader: inout StateReader) throws {
        try range.decode(from: &reader)
        try flat.decode(from: &reader)
        try drift.decode(from: &reader)
        try residuals.decode(from: &reader)
        try residualLean.decode(from: &reader)
        try seasonLean.decode(from: &reader)
        try spread.decode(from: &reader)
        try seasonSpread.decode(from: &reader)
    }
}
