/// Writes a saved state: fixed-width little-endian numbers, one after the other. The reader must ask in the same order.
public struct StateWriter: Sendable {
    public private(set) var bytes: [UInt8] = []

    public init(reserving capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    public mutating func write(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    public mutating func write(_ value: Double) { write(value.bitPattern) }
    public mutating func write(_ value: Bool) { write(value ? 1 as UInt8 : 0) }

    /// The count, then the elements as they lie in memory (every platform of ours is little-endian).
    public mutating func write<T: BitwiseCopyable>(_ values: some Collection<T>) {
        write(Int64(values.count))
        let written: Void? = values.withContiguousStorageIfAvailable {
            bytes.append(contentsOf: UnsafeRawBufferPointer($0))
        }
        if written == nil {
            Array(values).withUnsafeBytes { bytes.append(contentsOf: $0) }
        }
    }
}

/// Why a saved state can't be used.
public enum StateError: Error, Equatable, Sendable, CustomStringConvertible {
    /// It ends before all of it was read.
    case truncated
    /// A field holds what cannot be, such as a count that does not fit the network.
    case invalid(field: String, found: String, expected: String)
    /// It was written by a later version of this program.
    case newerVersion(found: Int, known: Int)

    public var description: String {
        switch self {
        case .truncated: "the saved state ends too early"
        case .invalid(let field, let found, let expected):
            "the saved state does not fit: \(field) is \(found), expected \(expected)"
        case .newerVersion(let found, let known):
            "the saved state has format \(found); this program knows formats up to \(known)"
        }
    }
}

/// Reads what a `StateWriter` wrote. Never traps: whatever the bytes are, it returns values or throws.
public struct StateReader {
    private let bytes: [UInt8]
    private var position = 0
    /// Format of the state, as its head says: what parts of it that have changed look like.
    public var format: UInt16 = .max

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    public var isAtEnd: Bool { position == bytes.count }

    /// - Throws: `StateError.truncated`.
    public mutating func read<T: FixedWidthInteger>(_: T.Type = T.self) throws -> T {
        let size = MemoryLayout<T>.size
        guard bytes.count - position >= size else { throw StateError.truncated }
        let value = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: position, as: T.self) }
        position += size
        return T(littleEndian: value)
    }

    public mutating func readDouble() throws -> Double { Double(bitPattern: try read()) }
    public mutating func readBool() throws -> Bool { try read(UInt8.self) != 0 }

    /// A number that goes on being counted up.
    ///
    /// - Throws: `StateError.invalid` if it is negative, or so large that it could overflow.
    public mutating func readCount(_ field: String) throws -> Int64 {
        let count = try read(Int64.self)
        guard (0...1 << 62).contains(count) else {
            throw StateError.invalid(field: field, found: "\(count)", expected: "0 to 2⁶²")
        }
        return count
    }

    /// An array that must have `count` elements, or any number of them up to `atMost`.
    ///
    /// - Throws: `StateError.invalid` if the count is another one, `.truncated` if the bytes end.
    public mutating func readArray<T: BitwiseCopyable>(
        of: T.Type = T.self, count: Int? = nil, atMost: Int = .max, field: String
    ) throws -> [T] {
        let found = try read(Int64.self)
        if let count, found != Int64(count) {
            throw StateError.invalid(field: field, found: "\(found) elements", expected: "\(count)")
        }
        guard found >= 0, found <= Int64(atMost) else {
            throw StateError.invalid(field: field, found: "\(found) elements", expected: "0 to \(atMost)")
        }
        let stride = MemoryLayout<T>.stride
        guard found <= Int64((bytes.count - position) / stride) else { throw StateError.truncated }
        let n = Int(found)
        let values = [T](unsafeUninitializedCapacity: n) { buffer, initialised in
            bytes.withUnsafeBytes { source in
                UnsafeMutableRawBufferPointer(buffer).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: source[position..<(position + n * stride)]))
            }
            initialised = n
        }
        position += n * stride
        return values
    }
}
