import HTTPTypes

/// Why a request gets no answer, as it is told.
struct PageError: Error, Sendable {
    var status: HTTPResponse.Status
    /// Without a capital and a full stop, as all of our errors.
    var message: String

    init(_ status: HTTPResponse.Status, _ message: String) {
        self.status = status
        self.message = message
    }
}
