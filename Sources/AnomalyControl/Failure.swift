import AnomalyConfiguration
package import ModelFiles
package import PointStore

/// An error as the user sees it: one or more lines for standard error, and an exit status.
package struct Failure: Error, Sendable, Equatable {
    package var status: ExitStatus
    /// What was tried, with what, why it failed. Not a sentence with a capital: "anomalyctl: " stands before it.
    package var message: String
    /// What the user can do next, a line of its own.
    package var hint: String?

    package init(_ status: ExitStatus, _ message: String, hint: String? = nil) {
        self.status = status
        self.message = message
        self.hint = hint
    }

    /// The lines for standard error, each with its line feed.
    package var text: String {
        "anomalyctl: \(message)\n" + (hint.map { "\($0)\n" } ?? "")
    }
}

extension Failure {
    /// What `error` means to the user; nil for an error that only the parser of the command line can explain.
    package init?(explaining error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as StoreError: self.init(error)
        case let error as ConfigurationError: self.init(.usage, "\(error)")
        case let error as ModelFileError: self.init(error)
        default: return nil
        }
    }

    /// What an error of a model's file means to the user.
    package init(_ error: ModelFileError) {
        self.init(
            error.cause == .notPermitted ? .notPermitted : .failure,
            "cannot \(error.operation) \(error.file): \(error.detail)", hint: error.hint)
    }

    /// What an error of the store means to the user.
    package init(_ error: StoreError) {
        let message = "cannot \(error.operation) \(error.path): \(error.detail)"
        switch error.cause {
        case .missing:
            self.init(
                .failure, message,
                hint: error.hint ?? "has the daemon run here? try: systemctl status anomalyd; or name the file with "
                    + "--database FILE")
        case .notPermitted:
            self.init(
                .notPermitted, message,
                hint: error.hint ?? "are you in the group anomalyd? try: id; sudo usermod -aG anomalyd $USER")
        case .damaged, .foreign:
            self.init(.damagedDatabase, message, hint: error.hint)
        case .locked, .newer, .newerCheckpoint, .outdated, .full, .readOnly, .busy, .inputOutput, .conflict, .other:
            self.init(.failure, message, hint: error.hint)
        }
    }
}
