/// Where decoders put NAMEs together from parts of a line: any number of names one behind the other, so that all can be
/// checked before the first is handed on. Keeps its memory, unless that is much.
///
/// The parts are foreign text, and a NAME is one word. So what a NAME cannot hold is written as URLs write it: a blank
/// is `%20`. That takes nothing away, so that what differs stays different; the alternative, `_` for all of it, would
/// run two series into one stream without anybody noticing.
struct NameBuffer {
    /// Which part of a NAME some text is: each must keep apart from what follows.
    enum Role {
        /// What stands before the tags, in which `;` would begin one.
        case head
        /// A tag's key, which ends at `=`.
        case key
        /// A tag's value, which ends at `;`.
        case value
        /// Text that means `;` and `=` as they stand: the name as a whole.
        case whole
    }

    /// Bytes that are kept for the next line.
    private static let mostKept = 65_536

    private var storage: [UInt8] = []
    private(set) var count = 0
    /// Where the names end that are complete.
    private var ends: [Int] = []
    private(set) var names = 0
    /// High bits of all that was appended.
    private var seen: UInt8 = 0
    /// Kept for its memory.
    private var unescaped: [UInt8] = []

    @inline(__always)
    mutating func removeAll() {
        // A line of very many fields repeats its tags for each of them.
        if storage.count > Self.mostKept { (storage, ends) = ([], []) }
        count = 0
        names = 0
        seen = 0
    }

    /// Where the name begins that is being made.
    private var start: Int { @inline(__always) get { names == 0 ? 0 : ends[names - 1] } }

    /// Ends a name.
    ///
    /// - throws: `FeedLineError` with the reason `name`, `utf8` or `control` if it is none.
    @inline(__always)
    mutating func endName() throws(FeedLineError) {
        let start = start
        try storage.withUnsafeBufferPointer { bytes throws(FeedLineError) in
            let name = UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[start..<count]))
            guard !name.isEmpty else { throw FeedLineError(.name, "expected a name of 1 to 255 bytes, found none") }
            try StreamName.checkText(name, isPlainASCII: seen < 0x80)
        }
        if names < ends.count { ends[names] = count } else { ends.append(count) }
        names += 1
    }

    /// Calls `body` with a complete name, which is valid during the call.
    @inline(__always)
    func withName<Failure: Error>(
        _ index: Int, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        let range = (index == 0 ? 0 : ends[index - 1])..<ends[index]
        try storage.withUnsafeBufferPointer { bytes throws(Failure) in
            try body(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[range])))
        }
    }

    /// Appends a part of what there is, again.
    @inline(__always)
    mutating func append(again part: Range<Int>) {
        reserve(part.count)
        storage.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.unsafelyUnwrapped.advanced(by: count).copyMemory(
                from: bytes.baseAddress.unsafelyUnwrapped + part.lowerBound, byteCount: part.count)
        }
        count += part.count
    }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        reserve(1)
        storage[count] = byte
        seen |= byte
        count += 1
    }

    /// Appends ASCII as it is.
    @inline(__always)
    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        reserve(bytes.count)
        storage.withUnsafeMutableBytes {
            $0.baseAddress.unsafelyUnwrapped.advanced(by: count).copyMemory(from: source, byteCount: bytes.count)
        }
        count += bytes.count
    }

    /// Appends text that becomes part of a name.
    ///
    /// - parameter line: where the line begins that the text stands in.
    @inline(__always)
    mutating func append(_ piece: TextPiece, in line: UnsafeRawPointer, as role: Role, _ escapes: TextEscapes = .none) {
        let text = ByteCursor(position: piece.start(in: line), end: piece.start(in: line) + piece.count)
        if !piece.hasEscapes, ByteScan.isOrdinary(from: text.position, to: text.end),
            count > start || !Self.beginsNoName(text.byteOrNUL)
        {
            append(UnsafeRawBufferPointer(start: text.position, count: text.remaining))
        } else {
            appendSlowly(text, as: role, piece.hasEscapes ? escapes : .none)
        }
    }

    @inline(never)
    private mutating func appendSlowly(_ text: ByteCursor, as role: Role, _ escapes: TextEscapes) {
        var scratch: [UInt8] = []
        swap(&scratch, &unescaped)
        scratch.removeAll(keepingCapacity: true)
        escapes.unescape(text, into: &scratch)
        for (index, byte) in scratch.enumerated() { encode(byte, as: role, before: scratch[(index + 1)...]) }
        swap(&scratch, &unescaped)
    }

    /// Appends one byte of text, or what stands for it.
    private mutating func encode(_ byte: UInt8, as role: Role, before rest: ArraySlice<UInt8>) {
        if role == .whole { return append(byte) }
        let isEncoded =
            switch byte {
            case 0...0x20, 0x7F: true
            case UInt8(ascii: ";"): true
            case UInt8(ascii: "="): role == .key
            case UInt8(ascii: "!"), UInt8(ascii: "#"): count == start
            // Only where it would be taken for the beginning of such a spelling.
            case UInt8(ascii: "%"): rest.count >= 2 && rest.prefix(2).allSatisfy(Self.isHex)
            default: false
            }
        guard isEncoded else { return append(byte) }
        append(UInt8(ascii: "%"))
        append(Self.hexDigit(byte >> 4))
        append(Self.hexDigit(byte & 0xF))
    }

    /// A line that begins so is a command or a comment.
    @inline(__always)
    private static func beginsNoName(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "!") || byte == UInt8(ascii: "#")
    }

    private static func isHex(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }

    @inline(__always)
    private mutating func reserve(_ more: Int) {
        if count + more > storage.count { grow(more) }
    }

    @inline(never)
    private mutating func grow(_ more: Int) {
        storage.append(contentsOf: repeatElement(0, count: max(more, storage.count, StreamName.maximumLength + 1)))
    }
}
