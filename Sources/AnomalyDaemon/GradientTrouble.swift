package import RecurrentModel

/// Whether a stream's gradients have vanished or exploded for long, as seen by looks at it from time to time.
package struct GradientTrouble: Sendable {
    /// Updates of the model over which every look must find the same trouble before it is worth a message: single
    /// windows, such as one without any change, say little.
    package static let patience: Int64 = 100

    private var judgement = GradientHealth.Judgement.unknown
    /// Updates at the first look that found it.
    private var since: Int64 = 0
    private var isReported = false

    package init() {}

    /// Takes a look.
    ///
    /// - Parameter updates: that the model has made or left out so far.
    /// - Returns: true once for each time that it gets into trouble for long.
    package mutating func look(_ judgement: GradientHealth.Judgement, updates: Int64) -> Bool {
        if judgement != self.judgement {
            self.judgement = judgement
            since = updates
            isReported = false
        }
        guard judgement == .vanishing || judgement == .exploding, !isReported, updates - since >= Self.patience else {
            return false
        }
        isReported = true
        return true
    }
}
