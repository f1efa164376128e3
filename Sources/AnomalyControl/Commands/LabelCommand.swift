import AnomalyDetection
package import ArgumentParser
import ControlProtocol
import PointStore
import Presentation

/// `anomalyctl label`: tells the daemon whether anomalies were some.
package struct LabelCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "label",
        abstract: "Say whether an anomaly was one.",
        discussion: """
            After --false-positive the stream asks for more of its kind of evidence: to be rarer than the labelled anomaly \
            was, or ten times rarer than before, whichever is less; several labels add up, to a thousand times. Of a spike, \
            or a value outside the range or the season, the shape is remembered, too: the same surprise again, not larger \
            by half, is no anomaly however rare it is.
            --true takes that back, and what has that shape is told of whatever else was labelled. A stream remembers its \
            last \(Feedback.mostLabels) labels, also over restarts. The daemon must be running, and let you change something \
            (control.allow_users).

            EXAMPLES:
              The backup is none:
                anomalyctl label 17 --false-positive -m "the nightly backup"
              The newest of a stream was one:
                anomalyctl label cpu.load --true
              What has been said of it:
                anomalyctl anomalies show 17
            """)

    enum Verdict: String, EnumerableFlag {
        case falsePositive, truePositive

        static func name(for value: Verdict) -> NameSpecification {
            value == .falsePositive ? .customLong("false-positive") : .customLong("true")
        }

        static func help(for value: Verdict) -> ArgumentHelp? {
            value == .falsePositive ? "It was none." : "It was one."
        }
    }

    @OptionGroup
    var named: NamedAnomalies

    @Flag(exclusivity: .exclusive)
    var verdict: Verdict

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    package init() {}

    package func run(in surroundings: Surroundings, output: Output) throws {
        try named.tell(common, in: surroundings, to: output) { details, store in
            do {
                return try FeedbackRequest(labelling: details, isTrue: verdict == .truePositive, in: store)
            } catch let error as NotLabelled {
                throw Failure(.failure, error.cause, hint: error.hint)
            }
        } outcome: { details, request, points in
            consequence(details.stored.kind?.rawValue ?? "", hasShape: request.label?.shape.isEmpty == false)
                + " (from point \(NumberText.grouped(points + 1)) on)"
        }
    }

    private func consequence(_ kind: String, hasShape: Bool) -> String {
        switch verdict {
        case .falsePositive:
            "a false positive; a \(kind) must be rarer to be told of"
                + (hasShape ? ", and this shape is let go by" : "")
        case .truePositive:
            hasShape ? "true; this shape is always told of" : "true; an earlier label of it is taken back"
        }
    }
}
