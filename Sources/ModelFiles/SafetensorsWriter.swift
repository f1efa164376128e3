extension Safetensors {
    /// The bytes of a file with these tensors, as F32, in this order. The same arguments give the same bytes.
    ///
    /// - Parameters:
    ///   - tensors: with different names, none of them `__metadata__`; values row-major, as many as the shape says.
    ///   - metadata: left out if empty.
    public static func encode(
        _ tensors: [(name: String, shape: [Int], values: [Float])], metadata: [String: String] = [:]
    ) -> [UInt8] {
        var members: [String] = []
        if !metadata.isEmpty {
            // In the order of their bytes.
            let entries = metadata.sorted { Array($0.key.utf8).lexicographicallyPrecedes(Array($1.key.utf8)) }
            members.append(
                "\"__metadata__\":{"
                    + entries.map { json($0.key) + ":" + json($0.value) }.joined(separator: ",") + "}")
        }
        var end = 0
        for tensor in tensors {
            precondition(
                tensor.values.count == tensor.shape.reduce(1, *), "tensor \(tensor.name) has the elements of its shape")
            let start = end
            end += 4 * tensor.values.count
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            members.append(
                json(tensor.name) + ":{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(start),\(end)]}")
        }
        var header = Array("{\(members.joined(separator: ","))}".utf8)
        // So that the elements are aligned for whoever maps the file.
        while !header.count.isMultiple(of: 8) { header.append(UInt8(ascii: " ")) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(8 + header.count + end)
        withUnsafeBytes(of: UInt64(header.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: header)
        for tensor in tensors {
            for value in tensor.values {
                withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
            }
        }
        return bytes
    }

    private static func json(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\" + String(scalar)
            case "\u{0}"..<" ":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
