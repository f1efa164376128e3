public import AnomalyDetection

/// All that can be set for one stream.
public struct StreamSettings: Sendable, Equatable {
    /// `[model]` and `[score]`.
    public var detector = DetectorSettings()
    /// Where new streams have their first weights from: the path of a safetensors file, ``shippedModel``, or, if empty,
    /// nowhere: random ones.
    public var initialModel = StreamSettings.shippedModel {
        didSet { detector.model.initial = initialModel == Self.shippedModel ? .shipped : .random }
    }
    /// What `[feed]` says of late points.
    public var feed = StreamFeedSettings()
    /// `[storage]`.
    public var storage = StorageSettings()
    /// What `[retention]` says of its points.
    public var retention = StreamRetention()

    public init() {}

    /// Stands for the model that is part of the program.
    public static let shippedModel = "shipped"

    /// The file of ``initialModel``, if it is one.
    public var initialModelFile: String? {
        initialModel.isEmpty || initialModel == Self.shippedModel ? nil : initialModel
    }
}

/// How a stream is kept.
public struct StorageSettings: Sendable, Equatable {
    /// Time between two checkpoints of the model, in microseconds. After a crash the points since the last one are
    /// replayed.
    public var checkpointInterval: Int64 = 60_000_000

    public init() {}
}

/// How long what is stored of a stream is kept, in microseconds; ``forever`` for all of it.
public struct StreamRetention: Sendable, Equatable {
    public static let forever = Int64.max

    /// The points themselves.
    public var raw = Self.forever
    /// Points summed up over five minutes, and over an hour.
    public var rollup5m = Self.forever
    public var rollup1h = Self.forever
    /// Anomalies that are over, and events.
    public var anomalies = Self.forever

    public init() {}
}

/// A `[[stream]]` section: values of its own for the streams that a glob matches.
public struct StreamSection: Sendable, Equatable {
    public let match: Glob
    /// Values by path of the key; every one is known, per stream and in range.
    let overrides: [String: ConfigurationValue]
    let origin: ConfigurationOrigin

    /// Paths of the keys that the section sets, sorted.
    public var keys: [String] { overrides.keys.sorted() }

    init(match: Glob, overrides: [String: ConfigurationValue], origin: ConfigurationOrigin) {
        self.match = match
        self.overrides = overrides
        self.origin = origin
    }

    /// Where something is said does not change what is in force.
    public static func == (one: Self, other: Self) -> Bool {
        one.match == other.match && one.overrides == other.overrides
    }

    func apply(to settings: inout StreamSettings) {
        for (path, value) in overrides {
            ConfigurationKey.named(path)?.set(value, in: &settings)
        }
        // Who says that streams share a network says which: those of the section.
        if overrides[ConfigurationKey.sharing] != nil { settings.detector.model.group = match.pattern }
    }
}
