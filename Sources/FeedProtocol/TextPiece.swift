/// A part of a line that becomes a part of a NAME, as it stands in the line. It says where, and holds nothing.
struct TextPiece: Sendable {
    private let offset: Int
    let count: Int
    /// Whether there are backslashes in it that stand for something else.
    let hasEscapes: Bool

    /// - parameters:
    ///   - line: where the line begins.
    ///   - start: where the part begins.
    @inline(__always)
    init(_ line: UnsafeRawPointer, from start: UnsafeRawPointer, to end: UnsafeRawPointer, hasEscapes: Bool = false) {
        offset = start - line
        count = end - start
        self.hasEscapes = hasEscapes
    }

    @inline(__always)
    func start(in line: UnsafeRawPointer) -> UnsafeRawPointer { line + offset }

    /// Below zero if it stands before `other` in the order of bytes, zero if they are the same.
    @inline(__always)
    func compare(_ other: TextPiece, in line: UnsafeRawPointer) -> Int {
        let (mine, others) = (start(in: line), other.start(in: line))
        for index in 0..<min(count, other.count) {
            let difference =
                Int(mine.load(fromByteOffset: index, as: UInt8.self))
                - Int(others.load(fromByteOffset: index, as: UInt8.self))
            if difference != 0 { return difference }
        }
        return count - other.count
    }

    @inline(__always)
    func equals(_ text: StaticString, in line: UnsafeRawPointer) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        let start = start(in: line)
        for index in 0..<count where start.load(fromByteOffset: index, as: UInt8.self) != text.utf8Start[index] {
            return false
        }
        return true
    }
}
