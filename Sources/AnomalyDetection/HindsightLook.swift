import RecurrentModel

/// What is hidden from the network while it predicts a point: the point itself, and so many around it that an anomaly
/// is not explained by its own other points.
///
/// Two kinds of looks are taken at each point. The near one hides little and finds spikes. The far ones hide a third of
/// a window, which must then be what the rest of the window and the calendar promise, and find stretches that are like
/// each other but unlike the rest: a holiday, an outage. There are three of them, which see both sides, only what came
/// before, or only what came after: where a level has shifted, one of the sides explains the point, though both together
/// can't tell where the shift was. The near look is not told the calendar, or it would expect what is usual at this hour
/// rather than what suits the neighbours, and find the same as the far ones.
///
/// The points of a range are predicted in passes. In each, a block of points is predicted once every `period`, and
/// `margin` points on either side are hidden with it.
struct HindsightLook: Sendable {
    enum Side: CaseIterable { case both, before, after }

    /// What is seen.
    let side: Side
    let block: Int
    let margin: Int
    let period: Int
    let knowsCalendar: Bool

    var passes: Int { period / block }

    static let near = HindsightLook(side: .both, block: 1, margin: 1, period: 12, knowsCalendar: false)

    /// A window is nowhere near a period, so that it holds one block of a pass at most.
    static func far(_ side: Side, window: Int) -> HindsightLook {
        let block = max(1, window / 8)
        return HindsightLook(side: side, block: block, margin: block, period: 32 * block, knowsCalendar: true)
    }

    /// The pass in which a point is predicted.
    func pass(of point: Int) -> Int { point % period / block }

    /// Whether a point is hidden in a pass.
    func isMasked(_ point: Int, in pass: Int) -> Bool {
        // From the start of the block that is nearest, −period / 2 ..< period / 2.
        let half = period / 2
        let distance = (point % period + period + half - pass * block) % period - half
        switch side {
        case .both: return distance >= -margin && distance < block + margin
        case .before: return distance >= -margin
        case .after: return distance < block + margin
        }
    }

    /// Takes some look at a window, for the network to learn from: hides short spans, a long one, or all from some point
    /// on or up to it.
    ///
    /// - Parameter isMasked: one for each step, false.
    static func random(
        _ isMasked: UnsafeMutableBufferPointer<Bool>, using random: inout SeededGenerator
    ) -> HindsightLook {
        let steps = isMasked.count
        func below(_ count: Int) -> Int { Int(random.next() % UInt64(max(1, count))) }
        func mask(_ length: Int) -> Int {
            let first = below(steps)
            var masked = 0
            for step in first..<min(first + length, steps) where !isMasked[step] {
                isMasked[step] = true
                masked += 1
            }
            return masked
        }
        let far = far([.both, .both, .before, .after][below(4)], window: steps)
        let span = far.block + 2 * far.margin
        switch far.side {
        case _ where random.uniform() < 0.5:
            let wanted = Double(steps) * (0.15 + 0.15 * random.uniform())
            var masked = 0
            while Double(masked) < wanted { masked += mask(1 + below(6)) }
            return near
        case .both: _ = mask(span / 2 + below(span))
        // Between an eighth and all but an eighth is hidden.
        case .before:
            for step in (far.block + below(steps - 2 * far.block))..<steps { isMasked[step] = true }
        case .after:
            for step in 0..<(far.block + below(steps - 2 * far.block)) { isMasked[step] = true }
        }
        return far
    }
}
