import AnomalyDetection
import ModelFiles
import PointStore
import RecurrentModel

/// A stream's model as its newest checkpoint has it. It is read from the database, so no daemon is asked.
struct StreamModel {
    let stream: StreamRecord
    /// Not to be given points; see `Detector.init(lookingInto:workbench:)`.
    let detector: Detector
    /// Number of the stream's newest point; the checkpoint may lie before it.
    let newest: Int64

    /// - Throws: `Failure` with `unknownStream`, or if there is no checkpoint yet or it can't be used; `StoreError`.
    init(named name: String, in store: StoreReader) throws {
        stream = try store.streams().named(name)
        newest = try store.newest()[stream.id]?.sequence ?? 0
        detector = try Self.detector(
            of: stream, in: try store.checkpoint(of: stream.id), groups: try store.networkGroups())
    }

    /// The detector in a stream's checkpoint.
    ///
    /// - Parameter groups: the stored networks that streams share.
    /// - Throws: `Failure`.
    static func detector(
        of stream: StreamRecord, in checkpoint: CheckpointRecord?, groups: NetworkGroups
    ) throws(Failure) -> Detector {
        guard let checkpoint else {
            throw Failure(
                .failure, "the stream \"\(stream.name)\" has no checkpoint yet",
                hint: "the daemon writes one within storage.checkpoint_interval (1min), and when it stops")
        }
        do {
            return try Detector(lookingInto: checkpoint.state, workbench: Workbench(groups: groups))
        } catch {
            throw Failure(
                .failure, "cannot read the newest checkpoint of the stream \"\(stream.name)\": \(error)",
                hint: "if another version of anomalyd wrote it, start this version's on the database once")
        }
    }

    /// The weights, and what they are for.
    var file: ModelFile {
        let model = detector.settings.model
        var file = ModelFile(
            predictorOf: model, shape: model.shape(channels: detector.channels), parameters: detector.parameters)
        file.horizon = 1
        return file
    }
}
