import RecurrentModel

/// What is hidden from the network while it predicts a point: the point itself, and so many around it that an anomaly
/// is not explained by its own other points.
///
/// Two looks are taken at each point. The near one hides little and finds spikes. The far one hides a third of a window,
/// which must then be what the rest of the window and the calendar promise, and finds stretches that are like each other
/// but unlike the rest: a holiday, an outage. The near look is not told the calendar, or it would expect what is usual
/// at this hour rather than what suits the neighbours, and find the same as the far one.
///
/// The points of a range are predicted in passes. In each, a block of points is predicted once every `period`, and
/// `margin` points on either side are hidden with it: a quarter of all points.
struct HindsightLook: Sendable {
    let block: Int
    let margin: Int
    let knowsCalendar: Bool

    /// What is hidden between two points that are shown.
    private var span: Int { block + 2 * margin }
    private var period: Int { 4 * span }
    var passes: Int { period / block }

    static let near = HindsightLook(block: 1, margin: 1, knowsCalendar: false)

    /// The two looks through windows of so many points.
    static func both(window: Int) -> [HindsightLook] {
        [near, HindsightLook(block: max(1, window / 8), margin: max(1, window / 8), knowsCalendar: true)]
    }

    /// The pass in which a point is predicted.
    func pass(of point: Int) -> Int { point % period / block }

    /// Whether a point is hidden in a pass.
    func isMasked(_ point: Int, in pass: Int) -> Bool {
        (point % period + period + margin - pass * block) % period < span
    }

    /// Takes either look at a window, at random, for the network to learn from: hides short spans or a long one.
    ///
    /// - Parameter isMasked: one for each step, false.
    static func random(
        _ isMasked: UnsafeMutableBufferPointer<Bool>, using random: inout SeededGenerator
    ) -> HindsightLook {
        let steps = isMasked.count
        func mask(_ length: Int) -> Int {
            let first = Int(random.next() % UInt64(steps))
            var masked = 0
            for step in first..<min(first + length, steps) where !isMasked[step] {
                isMasked[step] = true
                masked += 1
            }
            return masked
        }
        if random.uniform() < 0.5 {
            let far = both(window: steps)[1]
            _ = mask(far.span / 2 + Int(random.next() % UInt64(far.span)))
            return far
        }
        let wanted = Double(steps) * (0.15 + 0.15 * random.uniform())
        var masked = 0
        while Double(masked) < wanted { masked += mask(1 + Int(random.next() % UInt64(2 * near.span))) }
        return near
    }
}
