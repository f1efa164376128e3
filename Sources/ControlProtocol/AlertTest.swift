/// Tell sinks of alerts a test: what `anomalyctl alerts test` asks.
public struct AlertTestRequest: Sendable, Equatable, Codable {
    /// The sink; nil for all.
    public var sink: String?

    public init(sink: String? = nil) { self.sink = sink }
}

/// How that went.
public struct AlertTestReply: Sendable, Equatable, Codable {
    public var sinks: [Result]

    public init(sinks: [Result]) { self.sinks = sinks }

    public struct Result: Sendable, Equatable, Codable {
        public var sink: String
        /// "log", "socket", "exec" or "webhook".
        public var kind: String
        public var isTold: Bool
        /// Why it was not told; nil if it was.
        public var cause: String?
        /// From the question to its answer.
        public var milliseconds: Int64

        public init(sink: String, kind: String, isTold: Bool, cause: String? = nil, milliseconds: Int64) {
            self.sink = sink
            self.kind = kind
            self.isTold = isTold
            self.cause = cause
            self.milliseconds = milliseconds
        }
    }
}
