import AnomalyDetection
import Glibc
import PointStore

/// An explanation in words.
package struct ExplanationText {
    private let explanation: Explanation
    private let now: Int64
    private let zone: any Zone

    /// - Parameter now: microseconds since 1970.
    package init(_ explanation: Explanation, now: Int64, zone: any Zone) {
        self.explanation = explanation
        self.now = now
        self.zone = zone
    }

    package var heading: AnomalyHeading { AnomalyHeading(explanation.details, now: now, zone: zone) }

    /// What stands below the heading's title.
    package var lines: [LabelledText] {
        let heading = heading
        var lines = heading.lines
        addValue(to: &lines)
        addGap(to: &lines)
        if let text = rarity { lines.add("Rarity", text) }
        if let kind { lines.add("Kind", "\(kind.rawValue): \(kind.meaning)") }
        if !explanation.evidence.isEmpty { lines.add("Also", explanation.evidence.joined(separator: "; ")) }
        if let text = heading.channels { lines.add("Channels", text) }
        if let text = alike { lines.add("Similar", text) }
        if let text = nearby { lines.add("Related", text) }
        if let text = learning { lines.add("Model", text) }
        return lines
    }

    private var stored: StoredAnomaly { explanation.details.stored }
    private var kind: AnomalyKind? { stored.kind }

    private func addValue(to lines: inout [LabelledText]) {
        guard let verdict = explanation.verdict else { return }
        let channel = explanation.details.stream.channels > 1 ? " in channel \(stored.anomaly.peakChannel)" : ""
        guard !verdict.prediction.isNaN else {
            lines.add("Observed", NumberText.compact(verdict.value) + channel)
            return
        }
        var expected = NumberText.compact(verdict.prediction) + channel
        if let halfWidths = explanation.halfWidths, halfWidths >= 0 {
            expected += ", between \(NumberText.compact(verdict.lower)) and \(NumberText.compact(verdict.upper))"
        }
        lines.add("Expected", expected)
        lines.add("Observed", observed(verdict))
        if let earlier = explanation.earlier {
            let (low, high) = (NumberText.compact(earlier.lowest), NumberText.compact(earlier.highest))
            let days = earlier.days == EarlierDays.most ? "" : "\(earlier.days) of "
            let values = low == high ? low : "\(low) to \(high)"
            lines.add("Earlier", "\(values) at this time on \(days)the \(EarlierDays.most) days before")
        }
    }

    private func observed(_ verdict: ChannelVerdict) -> String {
        let value = NumberText.compact(verdict.value)
        if verdict.residual == 0 { return "\(value), just that" }
        let side = verdict.residual < 0 ? "below" : "above"
        var text = "\(value), which is \(NumberText.compact(abs(verdict.residual))) \(side) that"
        if let halfWidths = explanation.halfWidths {
            text += ": \(Self.rough(halfWidths)) times the half-width of the band"
            if halfWidths <= 1 { text += ", so within it" }
            if halfWidths <= 1, explanation.isExpected { text += ": the network was not surprised" }
        }
        return text
    }

    private func addGap(to lines: inout [LabelledText]) {
        guard let gap = explanation.gap else { return }
        var clock = ZoneClock(zone: zone)
        let from = clock.longText(gap.from)
        let usual = explanation.interval.map { "; usual is a point every \(Self.text(interval: $0))" } ?? ""
        if let to = gap.to {
            lines.add("Silence", "\(RelativeSpan.text(to - gap.from)), from \(from) to \(clock.longText(to))\(usual)")
        } else {
            lines.add("Silence", "\(RelativeSpan.text(now - gap.from)) so far, since \(from)\(usual)")
        }
    }

    private var rarity: String? {
        guard let points = explanation.rarity else { return nil }
        let score = NumberText.score(stored.anomaly.peakScore)
        let text = "score \(score): one point in \(Self.rough(points)) is as strange"
        guard let seconds = explanation.secondsBetween, let interval = explanation.interval else { return text }
        return "\(text), which at a point every \(Self.text(interval: interval)) is once in \(Self.span(seconds))"
    }

    private var alike: String? {
        guard let alike = explanation.alike else { return nil }
        if alike.count == 0 { return "none of this kind before in this stream" }
        var clock = ZoneClock(zone: zone)
        let list = alike.elements.map { other in
            let length = other.anomaly.end > other.anomaly.start ? "\(RelativeSpan.text(seconds: other.seconds)), " : ""
            return "number \(other.id) on \(clock.longText(other.anomaly.start)) "
                + "(\(length)score \(NumberText.score(other.anomaly.peakScore)))"
        }
        let most = alike.count > alike.elements.count ? "; most alike: " : ": "
        return "\(NumberText.grouped(Int64(alike.count))) of this kind before\(most)" + list.joined(separator: ", ")
    }

    private var nearby: String? {
        guard explanation.hasNeighbours else { return nil }
        let span = RelativeSpan.text(Explanation.vicinity)
        if explanation.nearby.count == 0 { return "nothing in other streams within \(span)" }
        let list = explanation.nearby.elements.map { other, stream in
            let distance = other.anomaly.start - stored.anomaly.start
            let side = distance < 0 ? "before" : "after"
            let when = distance == 0 ? "at the same time" : "\(RelativeSpan.text(abs(distance))) \(side)"
            let kind = other.kind.map { ", \($0.rawValue)" } ?? ""
            return "number \(other.id) of \(TextWidth.harmless(stream)) (\(when)\(kind))"
        }
        let more = explanation.nearby.count - list.count
        return list.joined(separator: ", ") + (more > 0 ? " and \(NumberText.grouped(Int64(more))) more" : "")
    }

    private var learning: String? {
        let points = stored.anomaly.points
        let hold = Int64(explanation.model.hold)
        guard points > 0 else { return nil }
        guard explanation.model.learning else { return "does not learn (model.learning = false)" }
        if hold == 0 { return "learns from these points as from all others (model.hold = 0)" }
        let setting = "(model.hold = \(hold))"
        if points > hold {
            return
                "does not learn from the first \(NumberText.grouped(hold)) anomalous \(hold == 1 ? "point" : "points") in a row \(setting); "
                + "what lasts longer, as this may have, becomes the new normal"
        }
        let these = points == 1 ? "this point" : "these \(NumberText.grouped(points)) points"
        guard stored.anomaly.isOpen else { return "did not learn from \(these) \(setting)" }
        return "has not learned from \(these); what is still anomalous after \(NumberText.grouped(hold)) in a row "
            + "becomes the new normal \(setting)"
    }

    // MARK: Rough numbers

    /// Two significant digits, without an end of zeros after the point: `0.45`, `9.7`, `69,000`.
    ///
    /// - Parameter number: 0 or more.
    static func rough(_ number: Double) -> String {
        guard number > 0, number < 1e18 else { return NumberText.compact(number) }
        let unit = pow(10, log10(number).rounded(.down) - 1)
        let rounded = (number / unit).rounded() * unit
        return rounded < 10 ? NumberText.compact(rounded) : NumberText.grouped(Int64(rounded.rounded()))
    }

    /// A long time in the largest unit of which it is two or more.
    static func span(_ seconds: Double) -> String {
        let units: [(Double, String)] = [
            (31_557_600, "years"), (604_800, "weeks"), (86_400, "days"), (3600, "hours"), (60, "minutes"),
        ]
        let (length, name) = units.first { seconds >= 2 * $0.0 } ?? (1, "seconds")
        return "\(rough(seconds / length)) \(name)"
    }

    /// A short time, to the digit.
    private static func text(interval: Int64) -> String {
        interval < 10_000_000 ? NumberText.compact(Double(interval) / 1e6) + "s" : RelativeSpan.text(interval)
    }
}
