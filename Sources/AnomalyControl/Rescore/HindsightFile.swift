import AnomalyDetection
import ControlProtocol
import ModelFiles
import RecurrentModel

/// Hindsight models as files, with what else than weights must be known of them.
struct HindsightFile {
    var model: HindsightModel
    /// The stream that the model has learned from; nil if the file does not say.
    var stream: String?

    /// Keys of the file's metadata besides those of every model.
    private static let limitsKey = "anomalyd.limits"
    private static let streamKey = "anomalyd.stream"

    init(model: HindsightModel, stream: String?) {
        self.model = model
        self.stream = stream
    }

    /// - Throws: `ModelFileError` if the file can't be read, `Failure` if it is of another kind of model.
    static func read(_ path: String) throws -> HindsightFile {
        let file = try ModelFile.read(path)
        func mismatch(_ detail: String) -> Failure {
            Failure(
                .failure, "cannot read the model \(path) for hindsight: \(detail)",
                hint: "to make one, try: anomalyctl rescore STREAM --save-model FILE")
        }
        guard file.purpose == .hindsight else {
            throw mismatch(
                "its purpose is \(file.purpose.map { "\"\($0.rawValue)\"" } ?? "not named"), expected \"hindsight\"")
        }
        let wanted = HindsightModel.shape(
            cell: file.shape.cell, hidden: file.shape.hidden, layers: file.shape.layers,
            channels: file.shape.outputs)
        if let fault = file.differences(from: wanted).first { throw mismatch("\(fault)") }
        guard let window = file.window, HindsightSettings.windowRange.contains(window) else {
            throw mismatch(
                "its window is \(file.window.map(String.init) ?? "not named"), expected "
                    + "\(HindsightSettings.windowRange.lowerBound) to \(HindsightSettings.windowRange.upperBound) points"
            )
        }
        guard let limits = limits(file.metadata[limitsKey] ?? "", channels: file.shape.outputs) else {
            throw mismatch("its \(limitsKey) are not two numbers for each of \(file.shape.outputs) channels")
        }
        return HindsightFile(
            model: HindsightModel(
                cell: file.shape.cell, hidden: file.shape.hidden, layers: file.shape.layers, window: window,
                limits: limits, parameters: file.parameters),
            stream: file.metadata[streamKey])
    }

    /// - Throws: `ModelFileError`.
    func write(_ path: String) throws {
        var file = ModelFile(shape: model.shape, parameters: model.parameters)
        file.purpose = .hindsight
        file.window = model.window
        file.target = .value
        file.loss = HindsightModel.loss
        file.programVersion = ProgramVersion.current
        file.metadata[Self.limitsKey] = model.limits.map { "\($0.low):\($0.high)" }.joined(separator: ";")
        file.metadata[Self.streamKey] = stream
        try file.write(path)
    }

    /// `low:high`, of all channels with semicolons between.
    private static func limits(_ text: String, channels: Int) -> [HindsightLimits]? {
        let pairs = text.split(separator: ";", omittingEmptySubsequences: false).map { $0.split(separator: ":") }
        guard pairs.count == channels else { return nil }
        var limits: [HindsightLimits] = []
        for pair in pairs {
            guard pair.count == 2, let low = Double(pair[0]), let high = Double(pair[1]), low.isFinite, high.isFinite,
                low <= high
            else { return nil }
            limits.append(HindsightLimits(low: low, high: high))
        }
        return limits
    }
}
