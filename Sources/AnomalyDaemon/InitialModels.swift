public import AnomalyConfiguration
import AnomalyDetection
public import Logging
import ModelFiles
import RecurrentModel
import Synchronization

/// The files that `model.initial` names, each read once: the first weights of new streams.
public final class InitialModels: Sendable {
    /// By path.
    private let models: [String: ModelFile]
    private let logger: Logger
    /// Files that were found not to fit some stream: one warning for each is enough.
    private let warned = Mutex<Set<String>>([])

    /// Reads the files and holds each against the settings that it is used with.
    ///
    /// - Parameters:
    ///   - isSettled: says of a file that is missing whether there are streams already that it was for. They have
    ///     weights of their own, and a daemon that can't go on with them because a file has gone would be of no use;
    ///     so that is a warning, and streams that come new begin with random weights.
    /// - Throws: `ConfigurationError` with every file that can't be used, what was found and expected, and how to mend
    ///   it.
    public init(
        _ configuration: DaemonConfiguration, logger: Logger, isSettled: (String) -> Bool = { _ in false }
    ) throws(ConfigurationError) {
        self.logger = logger
        var models: [String: ModelFile] = [:]
        var failures: [String: ModelFileError] = [:]
        var problems: [ConfigurationProblem] = []
        for use in configuration.initialModels {
            if models[use.file] == nil, failures[use.file] == nil {
                do throws(ModelFileError) {
                    models[use.file] = try ModelFile.read(use.file, requiresHead: false)
                } catch {
                    failures[use.file] = error
                    if error.cause == .missing, isSettled(use.file) {
                        logger.tell(.initialMissing, ["file": "\(use.file)", "key": "\(use.key)"])
                    }
                }
            }
            if let error = failures[use.file] {
                if error.cause == .missing, isSettled(use.file) { continue }
                problems.append(
                    ConfigurationProblem(
                        source: use.origin.source, line: use.origin.line, key: use.key, reason: .unreadable("\(error)"))
                )
            } else if let text = models[use.file].flatMap({ Self.problem(of: $0, use) }) {
                problems.append(
                    ConfigurationProblem(
                        source: use.origin.source, line: use.origin.line, key: use.key, reason: .conflict(text)))
            }
        }
        self.models = models
        if !problems.isEmpty { throw ConfigurationError(problems: problems) }
    }

    /// What is wrong with the model for any stream with these settings, or nil.
    private static func problem(of model: ModelFile, _ use: InitialModelUse) -> String? {
        let settings = use.settings.detector.model
        // For the width that it was made for, if there is one; a stream of another width is told when it comes.
        let channels = (1...StreamDirectory.mostChannels).first {
            settings.shape(channels: $0).inputs == model.shape.inputs
        }
        let faults = model.misfits(ModelNeed(settings, channels: channels ?? 1))
        if faults.isEmpty { return nil }
        let keys = faults.filter { ConfigurationKey.named("model.\($0.part)") != nil }
        let mending =
            keys.count == faults.count
            ? "set \(keys.map { "model.\($0.part) = \(Self.toml($0.found))" }.joined(separator: ", ")), or name "
            : "name "
        let list = faults.map(\.description).joined(separator: "; ")
        return "\(use.file) does not fit: \(list); \(mending)another file, or none (\"\")"
    }

    private static func toml(_ word: String) -> String { Int(word) == nil ? "\"\(word)\"" : word }

    /// Gives a new detector the weights that its stream's settings ask for; the shipped ones it has already.
    ///
    /// - Returns: whether it has them, so that they must be stored: the file may be gone at the next start, and the next
    ///   version of the program may ship others. It has not if the settings ask for random ones, or if the file or the
    ///   shipped model is not for such a network, which for a file is told once; nor if it joins a group, which has begun.
    func begin(_ detector: Detector, stream: String, settings: StreamSettings) -> Bool {
        guard detector.claimBeginning() else { return false }
        guard let model = models[settings.initialModel] else {
            return ShippedModel.begins(settings.detector.model, channels: detector.channels)
        }
        let faults = model.misfits(ModelNeed(settings.detector.model, channels: detector.channels))
        guard faults.isEmpty else {
            if warned.withLock({ $0.insert(settings.initialModel).inserted }) {
                logger.tell(
                    .initialMisfit,
                    [
                        "stream": "\(stream)", "file": "\(settings.initialModel)",
                        "cause": "\(faults.map(\.description).joined(separator: "; "))",
                    ])
            }
            return false
        }
        detector.replaceParameters(model.parameters(over: detector.parameters))
        return true
    }
}
