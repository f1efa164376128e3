/// A place in bytes that someone else keeps alive, and their end.
struct ByteCursor {
    var position: UnsafeRawPointer
    let end: UnsafeRawPointer

    init(position: UnsafeRawPointer, end: UnsafeRawPointer) {
        self.position = position
        self.end = end
    }

    /// Nil where there is nothing to read.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return nil }
        self.init(position: start, end: start + bytes.count)
    }

    var isAtEnd: Bool { @inline(__always) get { position == end } }
    var remaining: Int { @inline(__always) get { end - position } }

    /// The byte here; not to be asked for at the end.
    var byte: UInt8 { @inline(__always) get { position.load(as: UInt8.self) } }

    /// The byte here, or NUL at the end: for comparisons with bytes other than NUL.
    var byteOrNUL: UInt8 { @inline(__always) get { isAtEnd ? 0 : byte } }

    /// Value of the decimal digit here, or nil.
    var digit: UInt8? {
        @inline(__always) get {
            guard position != end else { return nil }
            let digit = byte &- UInt8(ascii: "0")
            return digit < 10 ? digit : nil
        }
    }

    @inline(__always)
    mutating func advance() { position += 1 }

    /// Steps over `expected` if it is here.
    @inline(__always)
    mutating func take(_ expected: UInt8) -> Bool {
        guard position != end, byte == expected else { return false }
        position += 1
        return true
    }

    /// Steps over spaces and tabs.
    @inline(__always)
    mutating func skipBlanks() {
        while position != end, Self.isBlank(byte) { position += 1 }
    }

    @inline(__always)
    static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
}
