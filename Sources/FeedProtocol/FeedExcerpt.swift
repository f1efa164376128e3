/// Bytes of a rejected line, made fit for a log.
public enum FeedExcerpt {
    /// The bytes as text in which control characters and what is no UTF-8 stand as `\xNN`, and `\` as `\\`, so that a
    /// line of a feed can neither forge lines of the log nor speak to a terminal.
    public static func printable(_ excerpt: UnsafeRawBufferPointer) -> String {
        var result = ""
        var rest = excerpt.makeIterator()
        var parser = Unicode.UTF8.ForwardParser()
        var position = 0
        while true {
            let scalar: Unicode.Scalar?
            let length: Int
            switch parser.parseScalar(from: &rest) {
            case .emptyInput: return result
            case .error(let invalid): (scalar, length) = (nil, invalid)
            case .valid(let encoded): (scalar, length) = (Unicode.UTF8.decode(encoded), encoded.count)
            }
            if let scalar, scalar.properties.generalCategory != .control {
                result.unicodeScalars.append(scalar)
                if scalar == "\\" { result.unicodeScalars.append(scalar) }
            } else {
                for byte in excerpt[position..<position + length] {
                    result += (byte < 16 ? "\\x0" : "\\x") + String(byte, radix: 16, uppercase: true)
                }
            }
            position += length
        }
    }
}
