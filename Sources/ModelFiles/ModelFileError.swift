/// Why a model file can't be used: what was found and what was expected.
public enum ModelFileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The bytes end before they should.
    case truncated(found: Int, expected: Int)
    /// The file's structure is not that of safetensors.
    case malformed(String)
    /// A tensor's elements are of a type that weights don't have.
    case unsupportedType(tensor: String, found: String)
    /// A tensor that the network needs is not there.
    case missingTensor(String, found: [String])
    /// A tensor is of another shape than the network's.
    case wrongShape(tensor: String, found: [Int], expected: [Int])
    /// The network in the file is another one than the one asked for.
    case wrongNetwork(found: String, expected: String)
    /// A weight is NaN or infinite.
    case notFinite(tensor: String)

    public var description: String {
        switch self {
        case .truncated(let found, let expected): "the file has \(found) bytes, expected at least \(expected)"
        case .malformed(let what): "not a safetensors file: \(what)"
        case .unsupportedType(let tensor, let found):
            "tensor \(tensor) has elements of type \(found), expected F32, F64, F16 or BF16"
        case .missingTensor(let name, let found):
            "there is no tensor \(name), found \(found.isEmpty ? "none" : found.joined(separator: ", "))"
        case .wrongShape(let tensor, let found, let expected):
            "tensor \(tensor) has the shape \(found), expected \(expected)"
        case .wrongNetwork(let found, let expected): "the file holds \(found), expected \(expected)"
        case .notFinite(let tensor): "tensor \(tensor) holds a number that is not finite"
        }
    }
}
