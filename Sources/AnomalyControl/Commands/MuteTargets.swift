import AnomalyConfiguration
import AnomalyDetection
import ArgumentParser
import ControlProtocol
import PointStore
import Presentation

/// Streams and anomalies that are muted, or are no longer, and why.
struct MuteTargets: ParsableArguments {
    @Argument(
        help: ArgumentHelp("Names of streams, patterns for them, or numbers of anomalies.", valueName: "stream|id"),
        completion: .anomaliesAndStreams)
    var names: [String]

    @OptionGroup
    var words: MessageOption

    private enum Target {
        case stream(StreamRecord)
        case anomaly(AnomalyDetails)
    }

    /// Tells the daemon of each. All are looked up first.
    ///
    /// - Parameter end: until when streams are mute.
    func tell(
        _ action: FeedbackRecord.Action, until end: Int64?, _ common: CommonOptions, _ surroundings: Surroundings,
        _ output: Output
    ) throws {
        let store = try common.openStore(in: surroundings)
        let streams = try store.streams()
        var targets = try names.flatMap { try Self.targets($0, store, streams) }
        if action == .mute, end == nil {
            for case .stream(let stream) in targets {
                throw Failure(.usage, "for how long shall the stream \"\(stream.name)\" be mute? Try: --for 2h")
            }
        }
        if end != nil {
            // What else comes of an anomaly is known, too.
            for case .anomaly(let details) in targets { targets.append(.stream(details.stream)) }
        }
        let client = common.controlClient(in: surroundings)
        for target in targets {
            var request: FeedbackRequest
            let text: String
            switch target {
            case .stream(let stream):
                request = FeedbackRequest(stream: stream.name, action: action.rawValue)
                request.until = end
                text = TextWidth.harmless(stream.name)
            case .anomaly(let details):
                request = FeedbackRequest(
                    stream: details.stream.name, action: action.rawValue, anomaly: details.stored.id)
                request.start = details.stored.anomaly.startSequence
                text = "anomaly \(details.stored.id) of \(TextWidth.harmless(details.stream.name))"
            }
            request.message = words.message
            _ = try client.tell(request)
            var clock = ZoneClock(zone: surroundings.zone)
            let span = request.until.map { " until \(clock.longText($0))" } ?? ""
            output.write("\(text): \(action == .mute ? "mute" : "told of again")\(span)\n")
            if action == .unmute { try Self.tellOthers(target, store, surroundings, output) }
        }
    }

    /// Says what else keeps an anomaly from being told of, which `mute NUMBER --for` has brought about, too.
    private static func tellOthers(
        _ target: Target, _ store: StoreReader, _ surroundings: Surroundings, _ output: Output
    ) throws {
        let orders = try store.orders()
        switch target {
        case .anomaly(let details):
            guard let until = orders[details.stream.id]?.standing.mutedUntil, until > surroundings.now() else { return }
            var clock = ZoneClock(zone: surroundings.zone)
            let name = TextWidth.harmless(details.stream.name)
            output.write(
                "but the stream \(name) is mute until \(clock.longText(until)); try: anomalyctl anomalies unmute \(name)\n"
            )
        case .stream(let stream):
            var query = AnomalyQuery()
            (query.streams, query.openOnly) = ([stream.id], true)
            let open = try store.anomalies(query).rest().filter { orders[stream.id]?.isMute(anomaly: $0.id) == true }
            for stored in open {
                output.write("but anomaly \(stored.id) is mute itself; try: anomalyctl anomalies unmute \(stored.id)\n")
            }
        }
    }

    private static func targets(_ name: String, _ store: StoreReader, _ streams: [StreamRecord]) throws -> [Target] {
        let isStream = streams.contains { $0.name.utf8.elementsEqual(name.utf8) }
        // A stream may be called 17. Then the anomaly of that number comes first, as for anomalyctl label.
        if let id = Int64(name), try !isStream || store.anomaly(id) != nil {
            return [.anomaly(try AnomalyDetails(id: id, in: store, of: streams))]
        }
        return try StreamSelection(globs: [Glob(name)]).streamsOrFailure(in: streams).map { .stream($0) }
    }
}
