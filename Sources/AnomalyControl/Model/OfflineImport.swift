import AnomalyDetection
import ControlProtocol
import ModelFiles
import PointStore

/// Gives streams the weights of a model while no daemon runs: in their newest checkpoints, from which the next daemon
/// goes on.
struct OfflineImport {
    let model: ModelFile
    /// What messages call it.
    let file: String

    /// - Parameters:
    ///   - streams: all of which must fit; otherwise none is changed.
    ///   - database: exists.
    /// - Throws: `Failure`; `StoreError`, with the cause `locked` if a daemon writes to the database.
    func run(_ streams: [StreamRecord], database: String) throws -> ImportedModel {
        var options = PointStore.Options()
        options.newestFormat = Int32(Detector.stateVersion)
        let store = try PointStore(path: database, options: options)
        let groups = try store.networkGroups()
        var commit = Commit()
        var imported: [ImportedModel.Stream] = []
        for stream in streams {
            let detector = try StreamModel.detector(
                of: stream, in: try store.checkpoint(of: stream.id), groups: groups)
            if let group = detector.group {
                throw Failure(
                    .failure,
                    "the stream \"\(stream.name)\" shares its network with all streams of the group \(group.group)",
                    hint: "to give it one of its own, set model.sharing = \"per-stream\" for it")
            }
            try model.give(to: detector) { list in
                Failure(
                    .failure, "the model \(file) does not fit the stream \"\(stream.name)\": \(list)",
                    hint: "to see what it needs, try: anomalyctl model show '\(stream.name)'")
            }
            commit.checkpoints.append(
                CheckpointRecord(
                    stream: stream.id, sequence: detector.sequence, format: Int32(Detector.stateVersion),
                    state: detector.savedState()))
            imported.append(ImportedModel.Stream(stream: stream.name, points: detector.sequence))
        }
        try store.commit(&commit)
        try store.close()
        return ImportedModel(streams: imported)
    }
}
