package import RecurrentModel

/// Whether a stream's gradients have vanished or exploded for long, as seen by looks at it from time to time.
package struct GradientTrouble: Sendable {
    /// Updates of the model over which every look must find the same trouble before it is worth a message: single
    /// windows, such as one without any change, say little.
    package static let patience: Int64 = 100

    /// Updates at the first look that found it, as far as differences need it.
    private var since: UInt32 = 0
    private var judgement = GradientHealth.Judgement.unknown
    private var isReported = false

    package init() {}

    /// Takes a look.
    ///
    /// - Parameter updates: that the model has made or left out so far.
    /// - Returns: true once for each time that it gets into trouble for long.
    package mutating func look(_ judgement: GradientHealth.Judgement, updates: Int64) -> Bool {
        if judgement != self.judgement {
            self.judgement = judgement
            since = UInt32(truncatingIfNeeded: updates)
            isReported = false
        }
        guard judgement == .vanishing || judgement == .exploding, !isReported,
            UInt32(truncatingIfNeeded: updates) &- since >= Self.patience
        else { return false }
        isReported = true
        return true
    }
}
