/// Drawings as PNG (RFC 2083), in the light theme.
///
/// No library does it: libpng and zlib with their headers would be a dependency of every build, for what are three files
/// here. What it loses: the files are about twice as large as theirs.
package enum PNGFile {
    package static func bytes(_ drawing: Drawing) -> [UInt8] {
        var raster = Raster(width: drawing.width, height: drawing.height)
        for shape in drawing.shapes { raster.draw(shape) }
        return bytes(
            raster.pixels, width: drawing.width, texts: [("Title", drawing.title), ("Description", drawing.summary)])
    }

    /// - Parameters:
    ///   - pixels: red, green and blue of each, row by row.
    ///   - texts: keywords and what is said of the picture.
    package static func bytes(_ pixels: [UInt8], width: Int, texts: [(keyword: String, text: String)] = []) -> [UInt8] {
        let row = 3 * width
        var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        // Eight bits for each of three colours; compression, filters and order as there are no others.
        append("IHDR", bigEndian(UInt32(width)) + bigEndian(UInt32(pixels.count / row)) + [8, 2, 0, 0, 0], to: &bytes)
        for (keyword, text) in texts {
            append("iTXt", Array(keyword.utf8) + [0, 0, 0, 0, 0] + Array(text.utf8), to: &bytes)
        }
        var filtered: [UInt8] = []
        filtered.reserveCapacity(pixels.count + pixels.count / row)
        for start in stride(from: 0, to: pixels.count, by: row) {
            // The filter Up: rows of plots are much like those above them.
            filtered.append(2)
            for place in start..<start + row {
                filtered.append(start == 0 ? pixels[place] : pixels[place] &- pixels[place - row])
            }
        }
        append("IDAT", Deflate.zlib(filtered), to: &bytes)
        append("IEND", [], to: &bytes)
        return bytes
    }

    private static func append(_ type: String, _ data: [UInt8], to bytes: inout [UInt8]) {
        bytes += bigEndian(UInt32(data.count))
        let checked = Array(type.utf8) + data
        bytes += checked
        bytes += bigEndian(crc(checked))
    }

    private static func bigEndian(_ number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    /// CRC-32 of IEEE 802.3.
    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { sum, byte in table[Int((sum ^ UInt32(byte)) & 0xFF)] ^ sum >> 8 }
    }

    private static let table: [UInt32] = (0..<256).map { number in
        (0..<8).reduce(UInt32(number)) { sum, _ in sum & 1 == 1 ? 0xEDB8_8320 ^ sum >> 1 : sum >> 1 }
    }
}
