import ArgumentParser
import ControlProtocol
import PointStore
import Presentation

/// Anomalies of which something is said, and why.
struct NamedAnomalies: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "Numbers of anomalies (see anomalyctl anomalies), or a stream for its newest one.", valueName: "id|stream"),
        completion: .anomaliesAndStreams)
    var anomalies: [String]

    @OptionGroup
    var words: MessageOption

    /// Tells the daemon of each. All are looked up first: nothing is said of one beside one that does not exist.
    ///
    /// - Parameters:
    ///   - request: what is said of one, but for the words.
    ///   - outcome: what that comes to, given how many points its stream had.
    func tell(
        _ common: CommonOptions, in surroundings: Surroundings, to output: Output,
        _ request: (AnomalyDetails, StoreReader) throws -> FeedbackRequest,
        outcome: (AnomalyDetails, _ request: FeedbackRequest, _ points: Int64) -> String
    ) throws {
        let store = try common.openStore(in: surroundings)
        let streams = try store.streams()
        let all = try anomalies.map { name in
            let details = try AnomalyDetails(named: name, in: store, of: streams)
            return (details, try request(details, store))
        }
        for (details, said) in all {
            var request = said
            request.message = words.message
            let points = try common.controlClient(in: surroundings).tell(request)
            output.write(
                "anomaly \(details.stored.id) of \(TextWidth.harmless(details.stream.name)): "
                    + outcome(details, request, points) + "\n")
        }
    }
}
