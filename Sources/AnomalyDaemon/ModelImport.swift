import AnomalyConfiguration
import AnomalyDetection
import ControlProtocol
import Logging
import ModelFiles
import PointStore

/// New weights on their way to a stream's shard.
struct ModelReplacement: Sendable {
    var stream: Int32
    /// Fits the stream.
    var model: ModelFile
    /// Called on the shard's thread once the stream has the weights, with the number of its points so far; or with why
    /// it can't have them.
    var replaced: @Sendable (Result<Int64, NotChanged>) -> Void
}

/// Takes requests to give running streams other weights. All is looked at before anything is changed.
struct ModelImport: Sendable {
    let pipeline: Pipeline
    let configuration: DaemonConfiguration
    let logger: Logger

    /// - Parameter answer: called once, on any thread; when it is good news, the weights are on the disk.
    func take(_ request: ImportModel, answer: @escaping @Sendable (ControlReply) -> Void) {
        do throws(ControlError) {
            try pipeline.statistics.requireStoring()
            let model = try model(request)
            let streams = try request.streams.map { name throws(ControlError) in try find(name, model, request.file) }
            let outcomes = ChangeOutcomes()
            for stream in streams {
                let replacement = ModelReplacement(stream: stream.id, model: model) { outcomes.set(stream.id, $0) }
                _ = pipeline.shards[Int(stream.shard)].queue.pushWithoutWaiting(.replaceModel(replacement), weight: 0)
            }
            // Behind the replacements in the queue of each shard, and so behind their checkpoints in the writer's.
            pipeline.sync(confirmsPoints: false) { [logger] in
                var imported: [ImportedModel.Stream] = []
                var failures: [String] = []
                for (name, stream) in zip(request.streams, streams) {
                    switch outcomes.of(stream.id) {
                    case .success(let points): imported.append(ImportedModel.Stream(stream: name, points: points))
                    case .failure(let error):
                        failures.append("the stream \"\(name)\" cannot be given other weights now: \(error.cause)")
                    }
                }
                if !imported.isEmpty {
                    let names = imported.map(\.stream).joined(separator: " ")
                    logger.tell(.imported, ["file": "\(request.file)", "streams": "\(names)"])
                }
                if let first = failures.first {
                    let others = "; of \(request.streams.count) streams, \(imported.count) have them"
                    answer(.error(ControlError(code: .failed, message: first + others)))
                } else {
                    answer(.importedModel(ImportedModel(streams: imported)))
                }
            }
        } catch {
            answer(.error(error))
        }
    }

    private func model(_ request: ImportModel) throws(ControlError) -> ModelFile {
        guard !request.streams.isEmpty else {
            throw ControlError(code: .badRequest, message: "expected the name of a stream that gets the weights")
        }
        do throws(ModelFileError) {
            return try ModelFile.decode(request.model, name: request.file, requiresHead: false)
        } catch {
            throw ControlError(code: .mismatch, message: "\(error)")
        }
    }

    private func find(_ name: String, _ model: ModelFile, _ file: String) throws(ControlError) -> StreamDirectory.Entry
    {
        guard let entry = pipeline.directory.entry(of: name) else {
            throw ControlError(code: .unknownStream, message: "there is no stream \"\(name)\"")
        }
        let settings = configuration.settings(forStream: name).detector.model
        let faults = model.misfits(ModelNeed(settings, channels: Int(entry.channels)))
        guard faults.isEmpty else {
            let list = faults.map(\.description).joined(separator: "; ")
            throw ControlError(
                code: .mismatch, message: "the model \(file) does not fit the stream \"\(name)\": \(list)")
        }
        return entry
    }
}

extension ModelNeed {
    /// What a stream with these settings and so many values a point needs.
    init(_ settings: ModelSettings, channels: Int) {
        self.init(
            shape: settings.shape(channels: channels), inputs: settings.features.names,
            target: settings.target.rawValue, loss: settings.loss)
    }
}
