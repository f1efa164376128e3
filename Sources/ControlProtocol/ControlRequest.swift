/// What a client asks of the daemon: one JSON object on one line, such as `{"request":"status","version":1}`.
///
/// A new request is a new case here, its name in `Name`, and its reply in `ControlReply`.
public enum ControlRequest: Sendable, Equatable {
    /// How the daemon does.
    case status
    /// Give streams the weights of a model; answered once that is durable.
    case importModel(ImportModel)
    /// Store some hindsight; answered once it is durable.
    case hindsight(HindsightRequest)
    /// Say something of a stream; answered once that is durable.
    case feedback(FeedbackRequest)
    /// Tell sinks of alerts a test; answered once they have said how that went.
    case testAlerts(AlertTestRequest)
    /// Wait for a commit; answered when there has been one.
    case awaitCommit(CommitRequest)
    /// Tell of points as soon as they are scored; answered again and again.
    case follow(FollowRequest)
    /// What the daemon measures of itself.
    case metrics
    /// Make the database small; answered after a moment with how far that is.
    case vacuum(VacuumRequest)
}

/// The version of the protocol that this build speaks.
///
/// It is raised only when a message changes its meaning. New requests, new fields that are optional and new error
/// codes do not raise it: both sides ignore fields that they do not know.
public enum ControlVersion {
    public static let current = 1
}

extension ControlRequest: Codable {
    private enum Name: String, Codable, CaseIterable {
        case status, hindsight, feedback, follow, metrics, vacuum
        case importModel = "import_model"
        case awaitCommit = "await_commit"
        case testAlerts = "test_alerts"
    }

    private enum Key: String, CodingKey {
        case version, request, importModel, hindsight, feedback, commit, follow, testAlerts, vacuum
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
            let known = Name.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            throw ControlError(
                code: .unknownRequest, message: "unknown request \"\(request)\": this daemon knows \(known)")
        }
        switch name {
        case .status: self = .status
        case .metrics: self = .metrics
        case .importModel: self = .importModel(try fields.decode(ImportModel.self, forKey: .importModel))
        case .feedback: self = .feedback(try fields.decode(FeedbackRequest.self, forKey: .feedback))
        case .awaitCommit:
            self = .awaitCommit(try fields.decodeIfPresent(CommitRequest.self, forKey: .commit) ?? CommitRequest())
        case .follow:
            self = .follow(try fields.decodeIfPresent(FollowRequest.self, forKey: .follow) ?? FollowRequest())
        case .testAlerts:
            self = .testAlerts(
                try fields.decodeIfPresent(AlertTestRequest.self, forKey: .testAlerts) ?? AlertTestRequest())
        case .vacuum: self = .vacuum(try fields.decode(VacuumRequest.self, forKey: .vacuum))
        case .hindsight: self = .hindsight(try fields.decode(HindsightRequest.self, forKey: .hindsight))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(ControlVersion.current, forKey: .version)
        switch self {
        case .status: try fields.encode(Name.status, forKey: .request)
        case .metrics: try fields.encode(Name.metrics, forKey: .request)
        case .importModel(let request):
            try fields.encode(Name.importModel, forKey: .request)
            try fields.encode(request, forKey: .importModel)
        case .hindsight(let request):
            try fields.encode(Name.hindsight, forKey: .request)
            try fields.encode(request, forKey: .hindsight)
        case .feedback(let request):
            try fields.encode(Name.feedback, forKey: .request)
            try fields.encode(request, forKey: .feedback)
        case .testAlerts(let request):
            try fields.encode(Name.testAlerts, forKey: .request)
            try fields.encode(request, forKey: .testAlerts)
        case .vacuum(let request):
            try fields.encode(Name.vacuum, forKey: .request)
            try fields.encode(request, forKey: .vacuum)
        case .awaitCommit(let request):
            try fields.encode(Name.awaitCommit, forKey: .request)
            try fields.encode(request, forKey: .commit)
        case .follow(let request):
            try fields.encode(Name.follow, forKey: .request)
            try fields.encode(request, forKey: .follow)
        }
    }
}
