/// The rules for NAME.
public enum StreamName {
    /// Bytes that a name may have at most.
    public static let maximumLength = 255

    /// Checks a name that did not come out of a decoder: from a command line, say.
    ///
    /// - throws: `FeedLineError` unless `name` is 1 to 255 bytes of UTF-8 without white space and control characters
    ///   that begin with neither `!` nor `#`.
    public static func check(_ name: UnsafeRawBufferPointer) throws(FeedLineError) {
        guard let start = name.baseAddress, let first = name.first else {
            throw FeedLineError(.name, "expected a NAME of 1 to 255 bytes, found none")
        }
        guard first != UInt8(ascii: "!"), first != UInt8(ascii: "#") else {
            throw FeedLineError(.name, "expected a NAME that begins with neither '!' nor '#'")
        }
        let end = start + name.count
        let (nameEnd, isPlainASCII) = ByteScan.nameEnd(from: start, to: end)
        if nameEnd != end {
            guard ByteCursor.isBlank(nameEnd.load(as: UInt8.self)) else { throw .controlCharacter }
            throw FeedLineError(.name, "expected a NAME without spaces")
        }
        try checkText(name, isPlainASCII: isPlainASCII)
    }

    /// The rest of the check, for a name of at least one byte that holds no space and no control character below it.
    @inline(__always)
    static func checkText(_ name: UnsafeRawBufferPointer, isPlainASCII: Bool) throws(FeedLineError) {
        guard name.count <= maximumLength else { throw FeedLineError(.name, "expected a NAME of 1 to 255 bytes") }
        if !isPlainASCII { try checkWideText(name) }
    }

    @inline(never)
    private static func checkWideText(_ name: UnsafeRawBufferPointer) throws(FeedLineError) {
        guard TextCheck.isUTF8(name) else { throw .invalidUTF8 }
        guard !TextCheck.hasControlCharacter(name) else { throw .controlCharacter }
        guard !TextCheck.hasWideSpace(name) else {
            throw FeedLineError(.name, "expected a NAME without white space, found a wide or no-break space")
        }
    }
}
