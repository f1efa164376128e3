import FoundationEssentials

/// Messages to and from lines of JSON. Keys are in snake case and sorted, so that equal messages are equal bytes.
public enum ControlLine {
    /// Longest reply that a client accepts, in bytes without the line feed. A status is a few kilobytes.
    public static let maxLength = 1 << 20
    /// Longest request that the daemon accepts: as much as a client without good intentions can have it remember. A
    /// model is sent in one line, and as base64, so it may have 1.5 million parameters.
    public static let maxRequestLength = 8 << 20

    /// The message as one line, with its line feed.
    ///
    /// - Throws: `EncodingError` when a floating-point number in the message is not finite: JSON has no word for it.
    public static func encode(_ message: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var line = [UInt8](try encoder.encode(message))
        line.append(UInt8(ascii: "\n"))
        return line
    }

    /// The request in `line`, which may or may not end in a line feed.
    ///
    /// - Throws: a `ControlError` that can be sent back as the reply.
    public static func decodeRequest(_ line: some Sequence<UInt8>) throws(ControlError) -> ControlRequest {
        do {
            return try decode(ControlRequest.self, from: line)
        } catch let error as ControlError {
            throw error
        } catch {
            throw ControlError(
                code: .badRequest,
                message: #"expected one JSON object on a line, such as {"request":"status","version":1}"#)
        }
    }

    /// The reply in `line`, which may or may not end in a line feed.
    ///
    /// - Throws: `ControlError` with `failed` when the line is not a reply that this build understands.
    public static func decodeReply(_ line: some Sequence<UInt8>) throws(ControlError) -> ControlReply {
        do {
            return try decode(ControlReply.self, from: line)
        } catch {
            throw ControlError(code: .failed, message: "the daemon's reply is not understood: \(summary(of: error))")
        }
    }

    private static func decode<Message: Decodable>(
        _ type: Message.Type, from line: some Sequence<UInt8>
    ) throws -> Message {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(line))
    }

    /// The place and the kind of a decoding error, without the pages that its description fills.
    private static func summary(of error: any Error) -> String {
        func path(_ context: DecodingError.Context, _ last: String? = nil) -> String {
            (context.codingPath.map(\.stringValue) + (last.map { [$0] } ?? [])).joined(separator: ".")
        }
        return switch error as? DecodingError {
        case .keyNotFound(let key, let context): "\(path(context, key.stringValue)) is missing"
        case .typeMismatch(_, let context): "\(path(context)) has the wrong type"
        case .valueNotFound(_, let context): "\(path(context)) is null"
        default: "it is not one JSON object"
        }
    }
}
