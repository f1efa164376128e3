import FoundationEssentials

/// Give streams the weights of a model: what `anomalyctl model import` asks.
public struct ImportModel: Sendable, Equatable {
    /// Names of the streams, all of which must exist and fit; otherwise none is changed.
    public var streams: [String]
    /// What messages call the file.
    public var file: String
    /// The contents of a safetensors file.
    public var model: [UInt8]

    public init(streams: [String], file: String, model: [UInt8]) {
        self.streams = streams
        self.file = file
        self.model = model
    }
}

extension ImportModel: Codable {
    private enum Key: String, CodingKey {
        case streams, file, model
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        streams = try fields.decode([String].self, forKey: .streams)
        file = try fields.decode(String.self, forKey: .file)
        // Base64, as JSON's coders have it.
        model = [UInt8](try fields.decode(Data.self, forKey: .model))
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(streams, forKey: .streams)
        try fields.encode(file, forKey: .file)
        try fields.encode(Data(model), forKey: .model)
    }
}

/// The streams have the weights, and that is on the disk.
public struct ImportedModel: Sendable, Equatable, Codable {
    /// One for each stream, in the order of the request.
    public var streams: [Stream]

    public init(streams: [Stream]) { self.streams = streams }

    public struct Stream: Sendable, Equatable, Codable {
        public var stream: String
        /// Points that the stream had when it got the weights; the next one is predicted with them.
        public var points: Int64

        public init(stream: String, points: Int64) {
            self.stream = stream
            self.points = points
        }
    }
}
