/// The daemon's answer to one request: one JSON object on one line, `{"status":{…},"version":1}`,
/// `{"imported_model":{…},"version":1}`, `{"hindsight":{…},"version":1}`,
/// `{"feedback":{…},"version":1}`, `{"commit":{…},"version":1}`, `{"follow":{…},"version":1}`,
/// `{"metrics":{…},"version":1}`, `{"tested_alerts":{…},"version":1}`, `{"vacuum":{…},"version":1}` or
/// `{"error":{"code":…,"message":…},"version":1}`.
public enum ControlReply: Sendable, Equatable {
    case status(DaemonStatus)
    case importedModel(ImportedModel)
    case hindsight(HindsightReply)
    case feedback(FeedbackReply)
    case commit(CommitReply)
    case follow(FollowReply)
    case metrics(MetricsReply)
    case testedAlerts(AlertTestReply)
    case vacuum(VacuumReply)
    /// The request was refused or could not be understood. The connection stays usable.
    case error(ControlError)
}

/// Why a request was not answered.
public struct ControlError: Error, Sendable, Equatable, Codable {
    /// A word that programs can act on. A daemon that is newer than the client may send one not listed here.
    public struct Code: RawRepresentable, Sendable, Hashable, Codable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The line is not a JSON object with `version` and `request`.
        public static let badRequest = Code(rawValue: "bad_request")
        /// Well formed, but this daemon has no such request.
        public static let unknownRequest = Code(rawValue: "unknown_request")
        /// The client is newer than the daemon.
        public static let unsupportedVersion = Code(rawValue: "unsupported_version")
        /// A stream was named that the daemon does not have.
        public static let unknownStream = Code(rawValue: "unknown_stream")
        /// Understood, but what was sent does not fit what it was sent for.
        public static let mismatch = Code(rawValue: "mismatch")
        /// The peer's user may not do this.
        public static let notPermitted = Code(rawValue: "not_permitted")
        /// The daemon is starting or stopping: ask again.
        public static let unavailable = Code(rawValue: "unavailable")
        /// The daemon failed; its journal says more.
        public static let failed = Code(rawValue: "failed")
    }

    public var code: Code
    /// A sentence for people: what failed and what was expected.
    public var message: String

    public init(code: Code, message: String) {
        self.code = code
        self.message = message
    }
}

extension ControlReply: Codable {
    private enum Key: String, CodingKey {
        case version, status, importedModel, hindsight, feedback, commit, follow, metrics, testedAlerts, vacuum, error
    }

    /// - Throws: `DecodingError` when there is no answer that this build knows, or one without its fields.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: Key.self)
        if let error = try fields.decodeIfPresent(ControlError.self, forKey: .error) {
            self = .error(error)
        } else if let reply = try fields.decodeIfPresent(HindsightReply.self, forKey: .hindsight) {
            self = .hindsight(reply)
        } else if let reply = try fields.decodeIfPresent(FeedbackReply.self, forKey: .feedback) {
            self = .feedback(reply)
        } else if let reply = try fields.decodeIfPresent(CommitReply.self, forKey: .commit) {
            self = .commit(reply)
        } else if let reply = try fields.decodeIfPresent(FollowReply.self, forKey: .follow) {
            self = .follow(reply)
        } else if let reply = try fields.decodeIfPresent(MetricsReply.self, forKey: .metrics) {
            self = .metrics(reply)
        } else if let reply = try fields.decodeIfPresent(AlertTestReply.self, forKey: .testedAlerts) {
            self = .testedAlerts(reply)
        } else if let reply = try fields.decodeIfPresent(VacuumReply.self, forKey: .vacuum) {
            self = .vacuum(reply)
        } else if let reply = try fields.decodeIfPresent(ImportedModel.self, forKey: .importedModel) {
            self = .importedModel(reply)
        } else {
            self = .status(try fields.decode(DaemonStatus.self, forKey: .status))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: Key.self)
        try fields.encode(ControlVersion.current, forKey: .version)
        switch self {
        case .status(let status): try fields.encode(status, forKey: .status)
        case .hindsight(let reply): try fields.encode(reply, forKey: .hindsight)
        case .feedback(let reply): try fields.encode(reply, forKey: .feedback)
        case .testedAlerts(let reply): try fields.encode(reply, forKey: .testedAlerts)
        case .commit(let reply): try fields.encode(reply, forKey: .commit)
        case .follow(let reply): try fields.encode(reply, forKey: .follow)
        case .metrics(let reply): try fields.encode(reply, forKey: .metrics)
        case .vacuum(let reply): try fields.encode(reply, forKey: .vacuum)
        case .importedModel(let reply): try fields.encode(reply, forKey: .importedModel)
        case .error(let error): try fields.encode(error, forKey: .error)
        }
    }
}
