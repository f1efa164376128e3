package import ControlProtocol
package import Presentation

/// The daemon's status in the layout of systemctl(1).
package struct StatusReport {
    private let status: DaemonStatus
    private let now: Int64
    private let zone: any Zone

    /// A commit is due every second; longer than this without one, while points come in, deserves a look.
    private static let lateCommit: Int64 = 30_000_000

    /// - Parameter now: microseconds since 1970.
    package init(status: DaemonStatus, now: Int64, zone: any Zone) {
        self.status = status
        self.now = now
        self.zone = zone
    }

    package func write(to output: Output, terminal: Terminal) {
        let health = health
        output.write("\(health("●", on: terminal)) anomalyd - online anomaly detection for streams of numbers\n")
        var labelled = LabelledLines(margin: 3)
        for line in lines(health: health, terminal: terminal) { labelled.add(line.key, line.value) }
        labelled.write(to: output)
    }

    private var health: Style {
        switch status.state {
        case .running: isCommitLate ? .warning : .good
        case .degraded: .alarm
        default: .warning
        }
    }

    private var isCommitLate: Bool {
        status.queues.writer > 0 && now - (status.lastCommit ?? status.started) > Self.lateCommit
    }

    private func lines(health: Style, terminal: Terminal) -> [(key: String, value: String)] {
        var clock = ZoneClock(zone: zone)
        let since = "since \(clock.longText(status.started)); \(ago(status.started))"
        var lines = [
            ("Active", "\(health(status.state.rawValue, on: terminal)) \(since)"),
            ("Main PID", "\(status.pid) (anomalyd \(status.version))"),
        ]
        if let text = status.text, !text.isEmpty { lines.append(("Status", "\"\(TextWidth.harmless(text))\"")) }
        lines += (status.notes ?? []).map { ("Note", Style.warning(TextWidth.harmless($0), on: terminal)) }
        lines += storageLines(terminal)
        lines += [
            (
                "Streams",
                count(status.streams) + of(status.maxStreams, status.streams)
                    + part(Int64(status.warmingStreams), " (", " warming up)")
                    + part(Int64(status.silentStreams ?? 0), ", ", " silent")
                    + part(Int64(status.mutedStreams ?? 0), ", ", " muted")
                    + part(Int64(status.asleepStreams ?? 0), ", ", " asleep")
            )
        ]
        if let restoring = status.restoring {
            let percent = 100 * restoring.restored / max(1, restoring.streams)
            lines.append(
                ("Restoring", "\(count(restoring.restored)) of \(count(restoring.streams)) streams (\(percent)%)"))
        }
        if let gradients = status.gradients { lines.append(("Gradients", text(of: gradients, on: terminal))) }
        lines += [
            (
                "Points",
                "\(NumberText.grouped(status.points)) since start, "
                    + "\(NumberText.grouped(Int64(status.pointsPerSecond.rounded())))/s"
            ),
            ("Anomalies", anomalies(terminal)),
            ("Rejected", tally(status.rejectedLines, "line", "lines")),
            (
                "Dropped",
                status.duplicatePoints + status.latePoints == 0
                    ? "none"
                    : "\(NumberText.grouped(status.duplicatePoints)) duplicate, "
                        + "\(NumberText.grouped(status.latePoints)) late"
            ),
        ]
        if let sinks = status.sinks, !sinks.isEmpty { lines.append(("Sinks", text(of: sinks, on: terminal))) }
        lines += order
        lines += [
            ("Last commit", lastCommit(terminal)),
            ("Queues", queues),
            ("Listening", status.listeners.isEmpty ? "no sockets" : status.listeners.joined(separator: ", ")),
            ("Connections", count(status.connections) + of(status.maxConnections, status.connections)),
            ("Database", "\(status.database.path) (\(NumberText.bytes(status.database.bytes)))"),
            (
                "Memory",
                NumberText.bytes(status.residentBytes)
                    + (status.allocatedBytes.map { ", allocated \(NumberText.bytes($0))" } ?? "")
                    + memoryLimit(terminal)
            ),
            ("Checkpoints", checkpoints),
            ("Watchdog", watchdog),
        ]
        if let refused = status.refusedConnections, let index = lines.firstIndex(where: { $0.0 == "Database" }) {
            lines.insert(("Refused", tally(refused, "client", "clients")), at: index)
        }
        return lines
    }

    private func memoryLimit(_ terminal: Terminal) -> String {
        guard let memory = status.memory else { return "" }
        let limit = ", limit \(NumberText.bytes(memory.limit))"
        return memory.isLimited ? limit + " (" + Style.warning("memory limited", on: terminal) + ")" : limit
    }

    /// The limit, once it is near: until then it is nobody's concern.
    private func of(_ limit: Int?, _ number: Int) -> String {
        guard let limit, number * 10 >= limit * 8 else { return "" }
        return " of at most \(count(limit))"
    }

    /// Only when there is something to tell: that points wait for their commit is usual.
    private func storageLines(_ terminal: Terminal) -> [(key: String, value: String)] {
        guard let storage = status.storage, let trouble = storage.trouble else { return [] }
        let since = storage.troubleSince.map { " for \(RelativeSpan.text(now - $0))" } ?? ""
        return [
            ("Storage", Style.alarm("nothing is stored\(since)", on: terminal) + ": \(TextWidth.harmless(trouble))"),
            (
                "Waiting",
                "\(count(storage.waitingRows)) values scored, \(count(storage.waitingPoints)) points to come"
                    + (storage.isFull ? "; clients wait, too" : "")
            ),
        ]
    }

    private func text(of gradients: DaemonStatus.Gradients, on terminal: Terminal) -> String {
        let kinds = [
            (gradients.healthy, "healthy", nil), (gradients.vanishing, "vanishing", Style.warning),
            (gradients.exploding, "exploding", .alarm), (gradients.unknown, "not known", nil),
        ]
        let texts = kinds.filter { $0.0 > 0 }.map { number, word, style in
            let text = "\(count(number)) \(word)"
            return style?(text, on: terminal) ?? text
        }
        return (texts.isEmpty ? "none yet" : texts.joined(separator: ", "))
            + part(gradients.skippedUpdates, "; ", " updates skipped")
    }

    /// Such as "journal, pager (3 open, 1 waits), chat (fails)".
    private func text(of sinks: [DaemonStatus.Sink], on terminal: Terminal) -> String {
        sinks.map { sink in
            let words = [
                sink.trouble == nil ? nil : Style.warning("fails", on: terminal),
                sink.firing > 0 ? "knows \(count(sink.firing)) open" : nil,
                sink.waiting > 0 ? "\(count(sink.waiting)) waiting" : nil,
                sink.dropped > 0 ? "\(NumberText.grouped(sink.dropped)) untold" : nil,
                (sink.followers ?? 0) > 0 ? "\(count(sink.followers ?? 0)) followers" : nil,
                (sink.droppedFollowers ?? 0) > 0 ? "\(NumberText.grouped(sink.droppedFollowers ?? 0)) dropped" : nil,
            ].compactMap(\.self).joined(separator: ", ")
            return TextWidth.harmless(sink.name) + (words.isEmpty ? "" : " (\(words))")
        }.joined(separator: "; ")
    }

    private func anomalies(_ terminal: Terminal) -> String {
        let open = "\(count(status.openAnomalies)) open"
        return (status.openAnomalies > 0 ? Style.alarm(open, on: terminal) : open)
            + ", \(NumberText.grouped(status.anomalies)) since start"
    }

    /// Such as "3 lines (value 2, name 1)".
    private func tally(_ counts: [String: Int64], _ one: String, _ many: String) -> String {
        let reasons = counts.filter { $0.value > 0 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        guard !reasons.isEmpty else { return "none" }
        let sum = NumberText.grouped(reasons.reduce(0) { $0 + $1.value })
        let list = reasons.map { "\($0.key) \(NumberText.grouped($0.value))" }.joined(separator: ", ")
        return "\(sum) \(sum == "1" ? one : many) (\(list))"
    }

    /// What there is to say of points that came out of order and were not dropped.
    private var order: [(String, String)] {
        let numbers: [(Int64?, String, String)] = [
            (status.keptLatePoints, "Kept", "late"), (status.pendingPoints, "Waiting", "in reorder windows"),
        ]
        return numbers.compactMap { number, key, what in
            guard let number, number > 0 else { return nil }
            return (key, "\(NumberText.grouped(number)) \(what)")
        }
    }

    private func lastCommit(_ terminal: Terminal) -> String {
        guard let time = status.lastCommit else { return "none yet" }
        let text = ago(time)
        return (isCommitLate ? Style.warning(text, on: terminal) : text)
            + " (\(NumberText.grouped(status.commits)) since start)"
    }

    private var queues: String {
        let shards = status.queues.shards.map { NumberText.grouped(Int64($0)) }.joined(separator: " + ")
        return "\(shards.isEmpty ? "0" : shards) points in shards, \(count(status.queues.writer)) in the writer"
    }

    private var checkpoints: String {
        status.checkpointAgeSeconds.map { "oldest \(RelativeSpan.text(microseconds($0))) ago" } ?? "none yet"
    }

    private var watchdog: String {
        guard let watchdog = status.watchdog else { return "off" }
        let sent = watchdog.lastSent.map { "last sign of life \(ago($0))" } ?? "no sign of life yet"
        return "\(sent), limit \(RelativeSpan.text(microseconds(watchdog.timeoutSeconds)))"
    }

    private func ago(_ time: Int64) -> String { "\(RelativeSpan.text(now - time)) ago" }
    private func count(_ number: Int) -> String { NumberText.grouped(Int64(number)) }

    private func part(_ number: Int64, _ before: String, _ after: String) -> String {
        number > 0 ? before + NumberText.grouped(number) + after : ""
    }

    private func microseconds(_ seconds: Double) -> Int64 {
        Int64(exactly: (seconds * 1e6).rounded()) ?? 0
    }
}
