/// What a client asks of the daemon: one JSON object on one line, such as `{"request":"status","version":1}`.
///
/// A new request is a new case here, its name in `Name`, and its reply in `ControlReply`.
public enum ControlRequest: Sendable, Equatable {
    /// How the daemon does.
    case status
}

/// The version of the protocol that this build speaks.
///
/// It is raised only when a message changes its meaning. New requests, new fields that are optional and new error
/// codes do not raise it: both sides ignore fields that they do not know.
public enum ControlVersion {
    public static let current = 1
}

extension ControlRequest: Codable {
    private enum Name: String, Codable {
        case status
    }

    private enum Key: String, CodingKey {
        case version, request
    }

    /// - Throws: `ControlError` with `unsupportedVersion` or `unknownRequest`, made to be sent back as it is;
    ///   `DecodingError` when the two fields are not there.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        let version = try fields.decode(Int.self, forKey: .version)
        guard version <= ControlVersion.current else {
            throw ControlError(
                code: .unsupportedVersion,
                message: "the request speaks version \(version) of the control protocol, this daemon "
                    + "\(ControlVersion.current): restart the daemon after an upgrade")
        }
        let request = try fields.decode(String.self, forKey: .request)
        guard let name = Name(rawValue: request) else {
            throw ControlError(
                code: .unknownRequest, message: "unknown request \"\(request)\": this daemon knows \"status\"")
        }
        switch name {
        case .status: self = .status
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(ControlVersion.current, forKey: .version)
        switch self {
        case .status: try fields.encode(Name.status, forKey: .request)
        }
    }
}
