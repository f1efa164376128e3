import AnomalyDetection
import ModelFiles
import PointStore
import RecurrentModel

/// What `anomalyctl model show` tells of a model; `-o json` prints it as it is. Absent: not known.
struct ModelSummary: Encodable {
    /// A path, or the name of a stream.
    var source: String
    var cell: String
    var inputs: Int
    var hidden: Int
    var layers: Int
    var outputs: Int
    var bidirectional: Bool
    var attention: Int
    var attentionScale: String?
    /// False for recurrent layers alone.
    var hasHead: Bool
    var target: String?
    var loss: String?
    var horizon: Int?
    var window: Int?
    var purpose: String?
    var programVersion: String?
    /// All numbers in all tensors.
    var parameters: Int
    var tensors: [Tensor]
    /// What other programs wrote into the file.
    var metadata: [String: String]
    /// Of a stream only.
    var training: Training?

    struct Tensor: Encodable {
        var name: String
        var shape: [Int]
        var parameters: Int
    }

    /// How the learning goes, as of the checkpoint. Norms are those of the last update, before clipping; a number that
    /// is not finite is absent.
    struct Training: Encodable {
        /// Number of the point that the checkpoint is from, and of the stream's newest one.
        var point: Int64
        var newestPoint: Int64
        var pointsLearned: Int64
        var updates: Int64
        /// Left out because the gradient was not finite.
        var skippedUpdates: Int64
        var loss: Double?
        var gradientNorm: Double?
        /// Steps that the last update went back; 0 before the first one with these weights.
        var windowSteps: Int
        /// Bytes that the stream takes in the daemon's memory while it is awake.
        var memory: MemoryFootprint
        /// The worst of the layers: unknown, healthy, vanishing or exploding.
        var judgement: String
        /// From the bottom up.
        var layers: [Layer]
    }

    struct Layer: Encodable {
        var inputNorm: Double?
        var recurrentNorm: Double?
        /// How much longer a gradient became on its way from the window's last step to its first.
        var gain: Double?
        var judgement: String
    }

    init(_ file: ModelFile, source: String) {
        let shape = file.shape
        self.source = source
        cell = shape.cell.rawValue
        inputs = shape.inputs
        hidden = shape.hidden
        layers = shape.layers
        outputs = shape.outputs
        bidirectional = shape.isBidirectional
        attention = shape.attention
        attentionScale = shape.attention > 0 ? shape.attentionScale.rawValue : nil
        hasHead = file.hasHead
        target = file.target?.rawValue
        loss = file.loss?.rawValue
        horizon = file.horizon
        window = file.window
        purpose = file.purpose?.rawValue
        programVersion = file.programVersion
        tensors = file.views.map { Tensor(name: $0.name, shape: $0.torchShape, parameters: $0.count) }
        parameters = tensors.reduce(0) { $0 + $1.parameters }
        let own = Set(ModelKey.allCases.map(\.rawValue))
        metadata = file.metadata.filter { !own.contains($0.key) }
    }

    init(_ model: StreamModel) {
        self.init(model.file, source: model.stream.name)
        func finite(_ number: Double) -> Double? { number.isFinite ? number : nil }
        let detector = model.detector
        let (norm, loss, updates, skipped) = detector.training
        training = Training(
            point: detector.sequence, newestPoint: model.newest, pointsLearned: detector.learnedPoints,
            updates: updates, skippedUpdates: skipped, loss: detector.health.steps > 0 ? finite(loss) : nil,
            gradientNorm: detector.health.steps > 0 ? finite(norm) : nil, windowSteps: detector.health.steps,
            memory: detector.footprint, judgement: detector.health.judgement.rawValue,
            layers: detector.health.layers.map { layer in
                Layer(
                    inputNorm: finite(layer.inputNorm), recurrentNorm: finite(layer.recurrentNorm),
                    gain: finite(layer.gain), judgement: layer.judgement.rawValue)
            })
    }
}
