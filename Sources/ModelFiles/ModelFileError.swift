/// Why a model can't be read or written: doing what, with which file, why, and what helps.
public struct ModelFileError: Error, Sendable, Equatable {
    /// Why. Programs decide by this; people read ``ModelFileError/description``.
    public enum Cause: Sendable, Equatable {
        /// There is no such file.
        case missing
        /// The operating system does not let us.
        case notPermitted
        /// Reading or writing failed.
        case inputOutput
        /// The bytes are no safetensors file, or not all of one.
        case damaged
        /// A sound file, but not of a network that this program, or whoever asked, can use.
        case mismatch
    }

    /// What was tried, such as "read the model".
    public var operation: String
    /// The file, or what stands for it.
    public var file: String
    public var cause: Cause
    /// What was found and what was expected, or what the operating system said.
    public var detail: String
    /// What helps, if we know.
    public var hint: String?

    public init(operation: String, file: String, cause: Cause, detail: String, hint: String? = nil) {
        self.operation = operation
        self.file = file
        self.cause = cause
        self.detail = detail
        self.hint = hint
    }
}

extension ModelFileError: CustomStringConvertible {
    /// One line: `cannot OPERATION FILE: DETAIL (HINT)`.
    public var description: String {
        let hint = hint.map { " (\($0))" } ?? ""
        return "cannot \(operation) \(file): \(detail)\(hint)"
    }
}

/// One thing in a file that is not as it must be.
public struct FileFault: Error, Sendable, Equatable, CustomStringConvertible {
    /// Of what, such as "the shape of tensor weight_hh_l0".
    public var part: String
    public var found: String
    public var expected: String

    public init(_ part: String, found: String, expected: String) {
        self.part = part
        self.found = found
        self.expected = expected
    }

    public var description: String { "\(part) is \(found), expected \(expected)" }
}

/// A file's word, such as a tensor's name, for a message: quoted, at most 60 characters, nothing that steers a terminal.
func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars.prefix(60) {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
            result.unicodeScalars.append("\u{FFFD}")
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + (text.unicodeScalars.count > 60 ? "…\"" : "\"")
}
