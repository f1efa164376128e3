import Presentation

/// Drawings as SVG: self-contained, with a title and a description, in the reader's theme.
package enum SVGFile {
    package static func bytes(_ drawing: Drawing) -> [UInt8] {
        let output = Output(descriptor: nil)
        output.write(
            """
            <svg xmlns="http://www.w3.org/2000/svg" width="\(drawing.width)" height="\(drawing.height)" \
            viewBox="0 0 \(drawing.width) \(drawing.height)" role="img" aria-labelledby="title description">
            <title id="title">\(XMLText.escaped(drawing.title))</title>
            <desc id="description">\(XMLText.escaped(drawing.summary))</desc>
            <style>
            text { font: 12px system-ui, "DejaVu Sans", sans-serif; stroke: none }
            text.large { font-size: 15px; font-weight: 600 }
            path { fill: none; stroke-linejoin: round; stroke-linecap: round }
            \(rules(\.light))
            @media (prefers-color-scheme: dark) {
            \(rules(\.dark))
            }
            </style>

            """)
        for shape in drawing.shapes { write(shape, to: output) }
        output.write("</svg>\n")
        return output.bytes
    }

    private static func rules(_ theme: (_ colours: (light: UInt32, dark: UInt32)) -> UInt32) -> String {
        Drawing.Ink.allCases.map { ink in
            let hex = String(theme(ink.colours), radix: 16)
            let colour = "#" + String(repeating: "0", count: 6 - hex.utf8.count) + hex
            let opacity = ink.opacity < 1 ? "; fill-opacity: \(ink.opacity)" : ""
            return ".\(ink.rawValue) { stroke: \(colour) } "
                + "text.\(ink.rawValue), polygon.\(ink.rawValue) { fill: \(colour); stroke: none\(opacity) }"
        }.joined(separator: "\n")
    }

    private static func write(_ shape: Drawing.Shape, to output: Output) {
        switch shape {
        case .lines(let lines, let ink, let width):
            output.write("<path class=\"\(ink.rawValue)\" stroke-width=\"\(number(width))\" d=\"")
            for line in lines {
                for (index, point) in line.enumerated() {
                    output.write("\(index == 0 ? "M" : "L")\(number(point.x)) \(number(point.y))")
                }
            }
            output.write("\"/>\n")
        case .area(let points, let ink, let hint):
            output.write("<polygon class=\"\(ink.rawValue)\" points=\"")
            for (index, point) in points.enumerated() {
                output.write("\(index == 0 ? "" : " ")\(number(point.x)),\(number(point.y))")
            }
            output.write(hint.map { "\"><title>\(XMLText.escaped($0))</title></polygon>\n" } ?? "\"/>\n")
        case .text(let text, let point, let anchor, let ink, let size):
            let classes = size == .large ? "\(ink.rawValue) large" : ink.rawValue
            let anchoring = anchor == .start ? "" : " text-anchor=\"\(anchor.rawValue)\""
            output.write("<text class=\"\(classes)\" x=\"\(number(point.x))\" y=\"\(number(point.y))\"\(anchoring)>")
            output.write("\(XMLText.escaped(text))</text>\n")
        }
    }

    /// A tenth of a pixel is enough.
    private static func number(_ number: Double) -> Substring { NumberText.shortest((number * 10).rounded() / 10) }
}
