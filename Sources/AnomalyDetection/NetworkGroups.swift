import RecurrentModel
import Synchronization

/// The networks that groups of streams share, for all threads: one for each group and shape, made when its first stream
/// comes.
public final class NetworkGroups: Sendable {
    /// Which network: streams of a group that see or say something else have another one.
    public struct Key: Sendable, Hashable, CustomStringConvertible {
        public let group: String
        let shape: NetworkShape
        let target: PredictionTarget
        let loss: LossKind
        let features: InputFeatures

        init(_ model: ModelSettings, channels: Int) {
            group = model.group
            shape = model.shape(channels: channels)
            target = model.target
            loss = model.loss
            features = model.features
        }

        /// The group and its network, such as `web.* gru 2:32x1:1 value,change change huber`. Different keys have different ones.
        public var description: String {
            let attention = shape.attention > 0 ? " attention \(shape.attention) \(shape.attentionScale.rawValue)" : ""
            return "\(group) \(shape.cell.rawValue) \(shape.inputs):\(shape.hidden)x\(shape.layers):\(shape.outputs)"
                + "\(attention) \(features.names) \(target.rawValue) \(loss.rawValue)"
        }
    }

    /// A group's network as it is stored.
    public struct Saved: Sendable, Equatable {
        /// `Key.description`.
        public var name: String
        public var state: [UInt8]

        public init(name: String, state: [UInt8]) {
            self.name = name
            self.state = state
        }
    }

    private struct Contents {
        var weights: [Key: SharedWeights<Float>] = [:]
        /// Stored ones that no stream has asked for yet, by name.
        var saved: [String: [UInt8]] = [:]
        /// Of each group, its version when it was saved last.
        var savedVersions: [Key: Int] = [:]
        var workbenches = 0
        /// What each workbench has published of a group, and which have since it was saved last.
        var sizes: [Key: [Int: [UInt8]]] = [:]
        var published: Set<Key> = []
        /// What those of an earlier run have.
        var savedSizes: [Key: [[UInt8]]] = [:]
    }

    private let contents = Mutex(Contents())

    public init() {}

    /// - Parameter saved: what `save` has returned in an earlier run.
    public convenience init(_ saved: [Saved]) {
        self.init()
        restore(saved)
    }

    /// Takes what `save` has returned in an earlier run; to be called before there are streams.
    public func restore(_ saved: [Saved]) {
        contents.withLock { contents in
            for one in saved { contents.saved[one.name] = one.state }
        }
    }

    /// The weights of a group. The first to ask for them makes them: as they were saved if they can be used, else new ones,
    /// drawn by the name of the group.
    func weights(_ key: Key, _ model: ModelSettings, _ network: Network<Float>) -> SharedWeights<Float> {
        contents.withLock { contents in
            if let weights = contents.weights[key] { return weights }
            let weights = SharedWeights(
                network, training: model.training,
                parameters: ShippedModel.parameters(model, of: network, name: key.group.utf8))
            contents.weights[key] = weights
            if let state = contents.saved.removeValue(forKey: "\(key)"),
                let sizes = try? Self.restore(weights, state)
            {
                contents.savedSizes[key] = sizes
                contents.savedVersions[key] = weights.version
            }
            return weights
        }
    }

    /// Whether there is a network of the group, in use or stored.
    func knows(_ key: Key) -> Bool {
        contents.withLock { contents in
            if contents.weights[key] != nil { return true }
            guard let state = contents.saved["\(key)"] else { return false }
            return state.count / MemoryLayout<Float>.stride >= Network<Float>(key.shape).layout.count
        }
    }

    /// Counts one more workbench.
    func join() -> Int {
        contents.withLock { contents in
            contents.workbenches += 1
            return contents.workbenches
        }
    }

    /// Takes what a workbench knows of a group beside its network.
    func publish(_ sizes: [UInt8], of key: Key, by workbench: Int) {
        contents.withLock { contents in
            contents.sizes[key, default: [:]][workbench] = sizes
            contents.published.insert(key)
        }
    }

    /// What a workbench of an earlier run has published; if there are more of them now, several get the last one.
    func takeSizes(of key: Key) -> [UInt8]? {
        contents.withLock { contents in
            guard let last = contents.savedSizes[key]?.last else { return nil }
            if contents.savedSizes[key]?.count ?? 0 > 1 { contents.savedSizes[key]?.removeLast() }
            return last
        }
    }

    /// The networks that have changed since they were saved last, or all; with what workbenches have published.
    public func save(all: Bool = false) -> [Saved] {
        contents.withLock { contents in
            var saved: [Saved] = []
            for (key, weights) in contents.weights {
                let version = weights.version
                if !all, contents.savedVersions[key] == version, !contents.published.contains(key) { continue }
                contents.savedVersions[key] = version
                contents.published.remove(key)
                let sizes = contents.sizes[key].map { $0.sorted { $0.key < $1.key }.map(\.value) }
                let kept = sizes ?? contents.savedSizes[key] ?? []
                saved.append(Saved(name: "\(key)", state: Self.state(of: weights, kept)))
            }
            return saved.sorted { $0.name < $1.name }
        }
    }

    /// Of all groups.
    public var count: Int { contents.withLock { $0.weights.count } }

    /// Format of the state: changes with its layout.
    private static let format: UInt16 = 1

    private static func state(of weights: SharedWeights<Float>, _ sizes: [[UInt8]]) -> [UInt8] {
        var writer = StateWriter()
        writer.write(format)
        weights.encode(into: &writer)
        writer.write(UInt32(sizes.count))
        for one in sizes { writer.write(one) }
        return writer.bytes
    }

    /// - Returns: what workbenches had published.
    private static func restore(_ weights: SharedWeights<Float>, _ state: [UInt8]) throws -> [[UInt8]] {
        var reader = StateReader(state)
        let found: UInt16 = try reader.read()
        guard found == format else {
            throw StateError.newerVersion(found: Int(found), known: Int(format))
        }
        try weights.decode(from: &reader)
        return try (0..<reader.read(UInt32.self)).map { _ in try reader.readArray(field: "sizes of a group") }
    }
}
