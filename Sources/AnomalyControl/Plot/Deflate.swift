/// Compression by DEFLATE (RFC 1951) in a zlib stream (RFC 1950): one block with the fixed codes, and matches that are
/// found at the last place with the same four bytes.
package enum Deflate {
    package static func zlib(_ bytes: [UInt8]) -> [UInt8] {
        var writer = BitWriter(bytes: [0x78, 0x01])
        // The last block, with fixed codes.
        writer.write(0b011, count: 3)
        var heads = [Int32](repeating: -1, count: 1 << hashBits)
        bytes.withUnsafeBufferPointer { input in
            var place = 0
            while place < input.count {
                let match = longestMatch(input, at: place, &heads)
                if match.length >= leastMatch {
                    write(match, to: &writer)
                    place += match.length
                } else {
                    writer.writeLiteral(Int(input[place]))
                    place += 1
                }
            }
        }
        writer.writeLiteral(256)
        writer.finish()
        return writer.bytes + adler(bytes)
    }

    private static let hashBits = 15
    private static let leastMatch = 4
    private static let longestMatch = 258
    private static let farthest = 32_768

    private static func longestMatch(
        _ input: UnsafeBufferPointer<UInt8>, at place: Int, _ heads: inout [Int32]
    ) -> (length: Int, distance: Int) {
        guard place + leastMatch <= input.count else { return (0, 0) }
        let word = (0..<4).reduce(0 as UInt32) { $0 << 8 | UInt32(input[place + $1]) }
        let hash = Int((word &* 2_654_435_761) >> UInt32(32 - hashBits))
        let candidate = Int(heads[hash])
        heads[hash] = Int32(place)
        guard candidate >= 0, place - candidate <= farthest else { return (0, 0) }
        let most = min(longestMatch, input.count - place)
        var length = 0
        while length < most, input[candidate + length] == input[place + length] { length += 1 }
        return (length, place - candidate)
    }

    private static func write(_ match: (length: Int, distance: Int), to writer: inout BitWriter) {
        let length = lengths.lastIndex { $0.base <= match.length } ?? 0
        writer.writeLiteral(257 + length)
        writer.write(UInt32(match.length - lengths[length].base), count: lengths[length].bits)
        let distance = distances.lastIndex { $0.base <= match.distance } ?? 0
        writer.writeReversed(UInt32(distance), count: 5)
        writer.write(UInt32(match.distance - distances[distance].base), count: distances[distance].bits)
    }

    /// The smallest length of each code from 257 on, and how many bits follow that say how much more it is.
    private static let lengths: [(base: Int, bits: Int)] = {
        var codes: [(base: Int, bits: Int)] = []
        var base = 3
        for code in 0..<28 {
            let bits = code < 8 ? 0 : code / 4 - 1
            codes.append((base, bits))
            base += 1 << bits
        }
        return codes + [(258, 0)]
    }()

    /// The same of distances.
    private static let distances: [(base: Int, bits: Int)] = {
        var codes: [(base: Int, bits: Int)] = []
        var base = 1
        for code in 0..<30 {
            let bits = code < 4 ? 0 : code / 2 - 1
            codes.append((base, bits))
            base += 1 << bits
        }
        return codes
    }()

    private static func adler(_ bytes: [UInt8]) -> [UInt8] {
        var (low, high) = (1 as UInt32, 0 as UInt32)
        for byte in bytes {
            low = (low + UInt32(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return [high >> 8, high, low >> 8, low].map { UInt8(truncatingIfNeeded: $0) }
    }
}

/// Bits, the first one being the lowest of its byte.
private struct BitWriter {
    private(set) var bytes: [UInt8]
    private var bits: UInt64 = 0
    private var count = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// - Parameter count: up to 32.
    mutating func write(_ number: UInt32, count: Int) {
        bits |= UInt64(number) << UInt64(self.count)
        self.count += count
        while self.count >= 8 {
            bytes.append(UInt8(truncatingIfNeeded: bits))
            bits >>= 8
            self.count -= 8
        }
    }

    /// A Huffman code, of which the highest bit comes first.
    mutating func writeReversed(_ code: UInt32, count: Int) {
        var reversed: UInt32 = 0
        for bit in 0..<UInt32(count) where code & 1 << bit != 0 { reversed |= 1 << (UInt32(count) - 1 - bit) }
        write(reversed, count: count)
    }

    /// A literal byte, the end of the block (256) or a length (from 257 on), in the fixed code.
    mutating func writeLiteral(_ symbol: Int) {
        switch symbol {
        case ..<144: writeReversed(UInt32(0x30 + symbol), count: 8)
        case ..<256: writeReversed(UInt32(0x190 + symbol - 144), count: 9)
        case ..<280: writeReversed(UInt32(symbol - 256), count: 7)
        default: writeReversed(UInt32(0xC0 + symbol - 280), count: 8)
        }
    }

    /// Fills the last byte.
    mutating func finish() { write(0, count: (8 - count) % 8) }
}
