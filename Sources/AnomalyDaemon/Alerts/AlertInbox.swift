import AnomalyConfiguration
import AnomalyDetection
import Foundation
import NIOCore
import PointStore

/// What the dispatcher has to look at: filled by the writer, by sinks and by whoever asks, emptied by the dispatcher. Adding
/// never waits, and what waits is bounded: of each anomaly one key.
final class AlertInbox: Sendable {
    /// Keys that wait at most; when there are more, all anomalies are looked through instead.
    private static let mostKeys = 100_000

    struct Contents {
        /// Anomalies with news.
        var keys: Set<AlertKey> = []
        /// Streams of which something was said.
        var streams: Set<Int32> = []
        /// There was too much: look through everything.
        var needsRescan = false
        /// There is a new database.
        var isReplaced = false
        var outcomes: [(number: Int64, outcome: AlertOutcome)] = []
        var followers: [any Channel] = []
        var tests: [AlertTrial] = []
        var windows: [MuteWindow]?
        /// Other sinks.
        var plan: AlertPlan?
        var isEnding = false
        /// More of what sinks were told has been stored.
        var isStored = false

        var isEmpty: Bool {
            keys.isEmpty && streams.isEmpty && !needsRescan && !isReplaced && outcomes.isEmpty && followers.isEmpty
                && tests.isEmpty && windows == nil && plan == nil && !isEnding && !isStored
        }
    }

    private struct State {
        var contents = Contents()
        /// Of anomalies that are open, the time of the peak that is known: one that only goes on is no news.
        var peaks: [AlertKey: Int64] = [:]
        /// Records of what sinks were told that have been stored since the start.
        var storedRecords: Int64 = 0
    }

    private let state = Monitor(State())

    /// Takes note of what a commit has stored. Called by the writer.
    func committed(_ commit: Commit) {
        if commit.anomalies.isEmpty, commit.feedback.isEmpty, commit.alerts.isEmpty { return }
        state.change { state in
            state.storedRecords += Int64(commit.alerts.count)
            if !commit.alerts.isEmpty { state.contents.isStored = true }
            for record in commit.anomalies {
                let key = AlertKey(stream: record.stream, start: record.anomaly.startSequence)
                if record.anomaly.isOpen {
                    if state.peaks.updateValue(record.anomaly.peak, forKey: key) == record.anomaly.peak { continue }
                } else {
                    state.peaks[key] = nil
                }
                state.contents.keys.insert(key)
            }
            for record in commit.feedback { state.contents.streams.insert(record.stream) }
            if state.contents.keys.count > Self.mostKeys {
                (state.contents.keys, state.contents.needsRescan) = ([], true)
            }
        }
    }

    /// Records of what sinks were told that have been stored since the start.
    var storedRecords: Int64 { state.with { $0.storedRecords } }

    /// Takes back what could not be looked at.
    func putBack(_ contents: Contents) {
        add {
            $0.keys.formUnion(contents.keys)
            $0.streams.formUnion(contents.streams)
            $0.needsRescan = $0.needsRescan || contents.needsRescan
        }
    }

    func add(_ change: (inout Contents) -> Void) { state.change { change(&$0.contents) } }

    /// Takes all that waits; waits for something at most until `deadline`.
    func take(until deadline: Date) -> Contents {
        state.wait(until: deadline) {
            !$0.contents.isEmpty
        } then: { state in
            defer { state.contents = Contents() }
            return state.contents
        }
    }
}
