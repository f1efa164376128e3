import AnomalyControl
import Foundation
import PointStore
import RecurrentModel
import Testing

/// Pictures in files, read by other programs than those that wrote them.
@Suite struct PictureFileTests {
    let store: SampleStore
    init() throws { store = try .withAnomalies() }

    private func write(_ name: String, _ arguments: String...) throws -> String {
        let path = store.folder + "/" + name
        let said = try InProcess(database: store.path).output(["plot", "-o", path, "--utc"] + arguments)
        #expect(said.hasPrefix("\(path): "))
        return path
    }

    /// What a Python script prints, of which each test needs little.
    private func python(_ script: String, _ arguments: String...) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script] + arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads a PNG by the book: checks each chunk, inflates, undoes the filter, and prints the size and what the
    /// rest of the script asks of `rows`.
    private static let reader = """
        import binascii, struct, sys, zlib
        data = open(sys.argv[1], "rb").read()
        assert data[:8] == b"\\x89PNG\\r\\n\\x1a\\n"
        chunks, at = [], 8
        while at < len(data):
            length, kind = struct.unpack(">I4s", data[at:at + 8])
            body = data[at + 8:at + 8 + length]
            assert struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0] == binascii.crc32(kind + body)
            chunks.append((kind, body))
            at += 12 + length
        assert [kind for kind, _ in chunks][0] == b"IHDR" and chunks[-1] == (b"IEND", b"")
        width, height = struct.unpack(">II", chunks[0][1][:8])
        raw = zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"))
        size = 1 + 3 * width
        assert len(raw) == height * size
        rows, above = [], bytes(3 * width)
        for y in range(height):
            row = raw[y * size:(y + 1) * size]
            assert row[0] == 2
            above = bytes((a + b) & 255 for a, b in zip(row[1:], above))
            rows.append([tuple(above[3 * x:3 * x + 3]) for x in range(width)])
        print(width, height)

        """

    @Test func pngIsReadByOthers() throws {
        let path = try write("a.png", "cpu.load", "--width", "400", "--height", "240")
        let said = try python(
            Self.reader + """
                colours = {pixel for row in rows for pixel in row}
                print((255, 255, 255) in colours, any(r > 180 and g < 80 for r, g, b in colours), len(colours) > 20)
                print([body.split(b"\\0")[0].decode() for kind, body in chunks if kind == b"iTXt"])
                """, path)
        #expect(said == "400 240\nTrue True True\n['Title', 'Description']\n")
    }

    /// Each pixel of a line is where it should be, and its edge is smooth.
    @Test func linesAndAreasAreWhereTheyShouldBe() throws {
        var drawing = Drawing(width: 40, height: 30, title: "t", summary: "s")
        func box(_ x: ClosedRange<Double>, _ y: ClosedRange<Double>, _ ink: Drawing.Ink) -> Drawing.Shape {
            let corners: [Drawing.Point] = [
                .init(x.lowerBound, y.lowerBound), .init(x.upperBound, y.lowerBound), .init(x.upperBound, y.upperBound),
                .init(x.lowerBound, y.upperBound),
            ]
            return .area(corners, ink, hint: nil)
        }
        drawing.shapes.append(box(10...20, 10...20, .alarm))
        drawing.shapes.append(.lines([[Drawing.Point(25.5, 2), Drawing.Point(25.5, 28)]], .text, width: 1))
        drawing.shapes.append(box(30.5...35, 5...8, .text))
        let path = store.folder + "/shapes.png"
        try Data(PNGFile.bytes(drawing)).write(to: URL(filePath: path))
        let said = try python(
            Self.reader + """
                red, dark, white = (0xC9, 0x2A, 0x2A), (0x1B, 0x1F, 0x24), (255, 255, 255)
                inside = all(rows[y][x] == red for y in range(10, 20) for x in range(10, 20))
                print(inside, sum(pixel == red for row in rows for pixel in row))
                print([rows[15][x] == dark for x in (24, 25, 26)], rows[15][24] == white)
                print(rows[6][31] == dark, rows[6][30][0] in range(120, 160), rows[6][29] == white)
                """, path)
        #expect(said == "40 30\nTrue 100\n[False, True, False] True\nTrue True True\n")
    }

    @Test(arguments: 0..<30) func whatIsDeflatedInflates(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let count = [0, 1, 3, 4, 257, 258, 259, 1000, 70_000][Int(seed % 9)]
        // Noise, runs, and repetitions from far away.
        let letters = UInt8([1, 2, 5, 255][Int(seed / 9)])
        var bytes = (0..<count).map { _ in UInt8.random(in: 0...letters, using: &random) }
        if seed.isMultiple(of: 2) { bytes += bytes }
        let packed = Deflate.zlib(bytes)
        let path = store.folder + "/bytes"
        try Data(packed).write(to: URL(filePath: path + ".z"))
        try Data(bytes).write(to: URL(filePath: path))
        let said = try python(
            "import sys, zlib; print(zlib.decompress(open(sys.argv[1] + '.z', 'rb').read()) == open(sys.argv[1], 'rb').read())",
            path)
        #expect(said == "True\n")
        #expect(Deflate.zlib(Array(repeating: letters, count: 100_000)).count < 1000)
    }

    @Test func svgIsWellFormedAndSelfContained() throws {
        let text = try String(contentsOfFile: write("a.svg", "cpu.load"), encoding: .utf8)
        let said = try python(
            """
            import sys, xml.dom.minidom
            dom = xml.dom.minidom.parse(sys.argv[1]).documentElement
            print(dom.tagName, dom.getAttribute("role"), dom.getAttribute("width"))
            print(dom.getElementsByTagName("title")[0].firstChild.data)
            print(dom.getElementsByTagName("desc")[0].firstChild.data)
            print(sorted({node.tagName for node in dom.getElementsByTagName("*")}))
            """, store.folder + "/a.svg")
        #expect(
            said == """
                svg img 960
                cpu.load
                Values of cpu.load from Mon 2026-11-23 14:00:00 UTC to Mon 2026-11-23 14:59:00 UTC, 60 points, \
                3 anomalies. Values from 2 to 12. At Mon 2026-11-23 14:19:00 UTC anomaly 2: spike, score 0.420. \
                At Mon 2026-11-23 14:09:00 UTC anomaly 1: spike, score 0.350. At Mon 2026-11-23 14:50:00 UTC \
                anomaly 5: shift, score 0.340, still open.
                ['desc', 'path', 'polygon', 'style', 'text', 'title']

                """)
        #expect(text.contains("prefers-color-scheme: dark"))
        // No address but the one that says what it is.
        #expect(text.replacing("http://www.w3.org/2000/svg", with: "").contains("http") == false)
    }

    @Test func namesAreNoMarkup() throws {
        let name = "</title><script>alert(1)</script>&\"'\u{1}]]>"
        try store.append(stream: 9, sequence: 1, time: SampleStore.start, value: 1, newStream: name)
        _ = try write("b.svg", name)
        let said = try python(
            """
            import sys, xml.dom.minidom
            dom = xml.dom.minidom.parse(sys.argv[1]).documentElement
            print(dom.getElementsByTagName("title")[0].firstChild.data, len(dom.getElementsByTagName("script")))
            """, store.folder + "/b.svg")
        #expect(said == "</title><script>alert(1)</script>&\"'\u{FFFD}]]> 0\n")
        _ = try write("b.png", name)
    }

    @Test func allChannelsInOneFile() throws {
        let text = try String(contentsOfFile: write("c.svg", "web", "--channel", "all"), encoding: .utf8)
        #expect(text.contains(">channel 0</text>") && text.contains(">channel 1</text>"))
        #expect(text.contains("height=\"680\""))
    }

    /// Every letter that the font has is drawn differently.
    @Test func lettersAreTold() {
        var seen: Set<[UInt8]> = []
        for code in 0x20...0x7E as ClosedRange<UInt8> {
            var raster = Raster(width: 16, height: 24)
            raster.draw(.text(String(UnicodeScalar(code)), .init(4, 16), .start, .text, .large))
            seen.insert(raster.pixels)
        }
        #expect(seen.count == 95)
    }
}
