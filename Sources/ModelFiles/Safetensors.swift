/// A file in the safetensors format (https://github.com/huggingface/safetensors): named tensors, nothing executable.
///
///     8 bytes   N, little-endian
///     N bytes   JSON: {"NAME": {"dtype": "F32", "shape": [48, 2], "data_offsets": [BEGIN, END]}, …,
///               "__metadata__": {"KEY": "VALUE", …}}, padded with spaces
///     the rest  the tensors' elements, row-major and little-endian; offsets count from here
///
/// The format's rules are all enforced: the header begins with `{` and has at most 100 MB, no name comes twice, the
/// tensors cover the rest of the file without gap or overlap, and each is as long as its shape and type say.
public struct Safetensors: Sendable {
    /// Types of elements that a network's weights can have. Others of the format (integers, 8-bit floats) are refused.
    public enum ElementType: String, Sendable, CaseIterable {
        case float64 = "F64"
        case float32 = "F32"
        case float16 = "F16"
        case bfloat16 = "BF16"

        /// Bytes of an element.
        public var size: Int {
            switch self {
            case .float64: 8
            case .float32: 4
            case .float16, .bfloat16: 2
            }
        }
    }

    /// One tensor of a file.
    public struct Tensor: Sendable, Equatable {
        public var name: String
        public var type: ElementType
        /// Sizes of its dimensions, the slowest first; empty for a single number.
        public var shape: [Int]
        /// Its bytes, counted from the header's end.
        public var range: Range<Int>
        /// Elements.
        public var count: Int { range.count / type.size }
    }

    /// Longest header in bytes, as in the reference implementation.
    public static let longestHeader = 100_000_000

    /// In the order in which they lie in the file.
    public private(set) var tensors: [Tensor] = []
    public private(set) var metadata: [String: String] = [:]
    /// The file, and where in it the tensors' elements begin.
    private let bytes: [UInt8]
    private let dataStart: Int

    /// Reads the file whose contents are `bytes`. Never traps, whatever they are.
    ///
    /// - Throws: what was found and what was expected instead.
    public static func parse(_ bytes: [UInt8]) throws(FileFault) -> Safetensors { try Safetensors(bytes) }

    private init(_ bytes: [UInt8]) throws(FileFault) {
        guard bytes.count >= 8 else {
            throw FileFault("the file", found: "\(bytes.count) bytes long", expected: "8 bytes or more")
        }
        let length = bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard length <= UInt64(Self.longestHeader) else {
            throw FileFault(
                "the header's length", found: "\(length) bytes",
                expected: "at most \(Self.longestHeader) (is this a safetensors file?)")
        }
        guard length <= UInt64(bytes.count - 8) else {
            throw FileFault(
                "the header's length", found: "\(length) bytes",
                expected: "at most the \(bytes.count - 8) that follow it (was the file cut off?)")
        }
        self.bytes = bytes
        dataStart = 8 + Int(length)
        guard length > 0, bytes[8] == UInt8(ascii: "{") else {
            throw FileFault(
                "the header's first byte", found: length > 0 ? "\(bytes[8])" : "missing", expected: "\"{\"")
        }
        guard String(validating: bytes[8..<dataStart], as: UTF8.self) != nil else {
            throw FileFault("the header", found: "not valid UTF-8", expected: "JSON in UTF-8")
        }
        var scanner = HeaderScanner(bytes, 8..<dataStart)
        var tensors: [Tensor] = []
        var metadata: [String: String] = [:]
        try scanner.readObject("the header") { scanner, name throws(FileFault) in
            if name == "__metadata__" {
                try scanner.readObject("__metadata__") { scanner, key throws(FileFault) in
                    metadata[key] = try scanner.readString("the value of \(quoted(key)) in __metadata__")
                }
            } else {
                tensors.append(try Self.readTensor(named: name, from: &scanner))
            }
        }
        try scanner.expectEnd()
        self.metadata = metadata
        // A stable order, also of those without elements.
        tensors.sort {
            ($0.range.lowerBound, $0.range.upperBound, $0.name) < ($1.range.lowerBound, $1.range.upperBound, $1.name)
        }
        self.tensors = tensors
        try checkCoverage()
    }

    private static func readTensor(
        named name: String, from scanner: inout HeaderScanner
    ) throws(FileFault) -> Tensor {
        let label = "tensor \(quoted(name))"
        var word: String?
        var shape: [Int]?
        var offsets: [Int]?
        try scanner.readObject(label) { scanner, key throws(FileFault) in
            switch key {
            case "dtype": word = try scanner.readString("dtype of \(label)")
            case "shape": shape = try scanner.readIntegers("shape of \(label)", limit: 64)
            case "data_offsets": offsets = try scanner.readIntegers("data_offsets of \(label)", limit: 2)
            default: throw FileFault("a key of \(label)", found: quoted(key), expected: keys)
            }
        }
        guard let word, let shape, let offsets else {
            let missing = [("dtype", word == nil), ("shape", shape == nil), ("data_offsets", offsets == nil)]
            let names = missing.filter(\.1).map(\.0).joined(separator: ", ")
            throw FileFault(label, found: "without \(names)", expected: keys)
        }
        guard let type = ElementType(rawValue: word) else {
            let known = ElementType.allCases.map(\.rawValue).joined(separator: ", ")
            throw FileFault("dtype of \(label)", found: quoted(word), expected: "one of \(known)")
        }
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
            throw FileFault("data_offsets of \(label)", found: "\(offsets)", expected: "[BEGIN, END], BEGIN ≤ END")
        }
        var size = type.size
        var overflows = false
        for dimension in shape where !overflows { (size, overflows) = size.multipliedReportingOverflow(by: dimension) }
        guard !overflows, size == offsets[1] - offsets[0] else {
            let wanted = overflows ? "more than 2⁶³ bytes" : "\(size) bytes"
            throw FileFault(
                "the length of \(label)", found: "\(offsets[1] - offsets[0]) bytes",
                expected: "\(wanted) for the shape \(shape) of \(word)")
        }
        return Tensor(name: name, type: type, shape: shape, range: offsets[0]..<offsets[1])
    }

    private static let keys = "dtype, shape and data_offsets"

    /// The tensors must cover the data, in their order.
    private func checkCoverage() throws(FileFault) {
        var end = 0
        for tensor in tensors {
            guard tensor.range.lowerBound == end else {
                throw FileFault(
                    "the beginning of tensor \(quoted(tensor.name))", found: "at \(tensor.range.lowerBound)",
                    expected: "at \(end), where the tensor before it ends: no gap and no overlap")
            }
            end = tensor.range.upperBound
        }
        guard end == bytes.count - dataStart else {
            throw FileFault(
                "the data after the header", found: "\(bytes.count - dataStart) bytes",
                expected: "\(end), where the last tensor ends")
        }
    }

    /// The elements of a tensor of this file, row-major, rounded to Float.
    public func values(of tensor: Tensor) -> [Float] {
        let start = dataStart + tensor.range.lowerBound
        return bytes.withUnsafeBytes { bytes in
            func load<T: FixedWidthInteger>(_ index: Int) -> T {
                T(littleEndian: bytes.loadUnaligned(fromByteOffset: start + index * tensor.type.size, as: T.self))
            }
            return (0..<tensor.count).map { index in
                switch tensor.type {
                case .float64: Float(Double(bitPattern: load(index)))
                case .float32: Float(bitPattern: load(index))
                case .float16: Float(Float16(bitPattern: load(index)))
                case .bfloat16: Float(bitPattern: UInt32(load(index) as UInt16) << 16)
                }
            }
        }
    }
}
