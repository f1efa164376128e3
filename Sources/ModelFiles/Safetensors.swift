import FoundationEssentials

/// A file of named tensors in the safetensors format (https://huggingface.co/docs/safetensors): eight bytes with the
/// length of a JSON header, the header, then the elements, little-endian and row-major. Plain data: reading one runs
/// no code of the file's author, unlike Python's pickles.
public struct Safetensors: Sendable, Equatable {
    /// Largest header that is read, in bytes, as in the reference implementation.
    public static let largestHeader = 100_000_000

    public struct Tensor: Sendable, Equatable {
        /// Extents, slowest first; empty for a single number.
        public var shape: [Int]
        /// Row-major, as many as the extents' product.
        public var values: [Float]

        /// - Precondition: `values` has as many elements as `shape` says.
        public init(shape: [Int], values: [Float]) {
            precondition(values.count == shape.reduce(1, *), "as many values as the shape says")
            self.shape = shape
            self.values = values
        }
    }

    public var tensors: [String: Tensor]
    /// Free text by key, stored as `__metadata__`.
    public var metadata: [String: String]

    public init(tensors: [String: Tensor] = [:], metadata: [String: String] = [:]) {
        self.tensors = tensors
        self.metadata = metadata
    }

    // MARK: Read

    /// Reads a whole file. F64, F16 and BF16 become Float.
    ///
    /// - Throws: `ModelFileError`, whatever the bytes are; nothing is trusted.
    public init(_ bytes: [UInt8]) throws(ModelFileError) {
        guard bytes.count >= 8 else { throw .truncated(found: bytes.count, expected: 8) }
        let length = bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard length <= UInt64(Self.largestHeader) else {
            throw .malformed("its header would have \(length) bytes, at most \(Self.largestHeader) are allowed")
        }
        let start = 8 + Int(length)
        guard bytes.count >= start else { throw .truncated(found: bytes.count, expected: start) }
        let header: Header
        do {
            header = try JSONDecoder().decode(Header.self, from: Data(bytes[8..<start]))
        } catch {
            throw .malformed("its header is not the JSON object that is expected")
        }
        metadata = header.metadata
        tensors = [:]
        // The format forbids holes and overlaps, so in order of their beginnings the tensors tile the rest.
        var end = 0
        for (name, entry) in header.tensors.sorted(by: { $0.value.data_offsets.first ?? 0 < $1.value.data_offsets.first ?? 0 }) {
            guard entry.data_offsets.count == 2, entry.data_offsets[0] == end, entry.data_offsets[1] >= end else {
                throw .malformed("tensor \(name) does not begin where the one before it ends, at byte \(end)")
            }
            guard let type = ElementType(rawValue: entry.dtype) else {
                throw .unsupportedType(tensor: name, found: entry.dtype)
            }
            let size = entry.data_offsets[1] - end
            guard let count = Self.product(entry.shape), count <= Int.max / 8, count * type.size == size else {
                throw .malformed("tensor \(name) has \(size) bytes, which is not what its shape \(entry.shape) needs")
            }
            guard size <= bytes.count - start - end else {
                throw .truncated(found: bytes.count, expected: start + entry.data_offsets[1])
            }
            let values = bytes.withUnsafeBytes { all in
                type.read(UnsafeRawBufferPointer(rebasing: all[(start + end)..<(start + end + size)]), count: count)
            }
            tensors[name] = Tensor(shape: entry.shape, values: values)
            end += size
        }
        guard start + end == bytes.count else {
            throw .malformed("\(bytes.count - start - end) bytes follow after the last tensor")
        }
    }

    private static func product(_ shape: [Int]) -> Int? {
        var product = 1
        for extent in shape {
            let (result, overflow) = product.multipliedReportingOverflow(by: extent)
            if extent < 0 || overflow { return nil }
            product = result
        }
        return product
    }

    // MARK: Write

    /// The file, with F32 elements, tensors in order of their names.
    public func encoded() -> [UInt8] {
        var header = Header()
        header.metadata = metadata
        var end = 0
        let names = tensors.keys.sorted()
        for name in names {
            guard let tensor = tensors[name] else { continue }
            let size = tensor.values.count * 4
            header.tensors[name] = Header.Entry(
                dtype: ElementType.f32.rawValue, shape: tensor.shape, data_offsets: [end, end + size])
            end += size
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard var json = try? encoder.encode(header) else { preconditionFailure("strings and integers encode") }
        // Readers that map the file like aligned elements.
        while json.count % 8 != 0 { json.append(UInt8(ascii: " ")) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 + json.count + end)
        withUnsafeBytes(of: UInt64(json.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: json)
        for name in names {
            tensors[name]?.values.withUnsafeBytes { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    // MARK: Parts

    private enum ElementType: String {
        case f32 = "F32"
        case f64 = "F64"
        case f16 = "F16"
        case bf16 = "BF16"

        var size: Int {
            switch self {
            case .f64: 8
            case .f32: 4
            case .f16, .bf16: 2
            }
        }

        func read(_ bytes: UnsafeRawBufferPointer, count: Int) -> [Float] {
            (0..<count).map { i in
                switch self {
                case .f32: bytes.loadUnaligned(fromByteOffset: 4 * i, as: Float.self)
                case .f64: Float(bytes.loadUnaligned(fromByteOffset: 8 * i, as: Double.self))
                case .f16: Self.half(bytes.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self))
                case .bf16:
                    Float(bitPattern: UInt32(bytes.loadUnaligned(fromByteOffset: 2 * i, as: UInt16.self)) << 16)
                }
            }
        }

        /// IEEE 754 binary16; Swift's `Float16` does not exist on every platform.
        private static func half(_ bits: UInt16) -> Float {
            let sign: Float = bits & 0x8000 == 0 ? 1 : -1
            let exponent = Int(bits >> 10 & 0x1f)
            let fraction = Float(bits & 0x3ff)
            switch exponent {
            case 0: return sign * fraction * 0x1p-24
            case 31: return fraction == 0 ? sign * .infinity : .nan
            default: return sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction * 0x1p-10)
            }
        }
    }

    /// The JSON header: an object with an entry for each tensor, and `__metadata__`.
    private struct Header: Codable {
        struct Entry: Codable {
            var dtype: String
            var shape: [Int]
            var data_offsets: [Int]
        }

        private struct Key: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }
            init(_ name: String) { stringValue = name }
            init?(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
            static let metadata = Key("__metadata__")
        }

        var tensors: [String: Entry] = [:]
        var metadata: [String: String] = [:]

        init() {}

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: Key.self)
            for key in fields.allKeys {
                if key.stringValue == Key.metadata.stringValue {
                    metadata = try fields.decode([String: String].self, forKey: key)
                } else {
                    tensors[key.stringValue] = try fields.decode(Entry.self, forKey: key)
                }
            }
        }

        func encode(to encoder: any Encoder) throws {
            var fields = encoder.container(keyedBy: Key.self)
            if !metadata.isEmpty { try fields.encode(metadata, forKey: .metadata) }
            for (name, entry) in tensors { try fields.encode(entry, forKey: Key(name)) }
        }
    }
}
