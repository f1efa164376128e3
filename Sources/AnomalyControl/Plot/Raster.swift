import Glibc

/// Shapes as pixels, with smooth edges.
package struct Raster {
    package let width: Int
    package let height: Int
    /// Red, green and blue of each pixel, row by row.
    package private(set) var pixels: [UInt8]

    private typealias Point = Drawing.Point

    package init(width: Int, height: Int) {
        self.width = width
        self.height = height
        pixels = Array(repeating: 0xFF, count: 3 * width * height)
    }

    package mutating func draw(_ shape: Drawing.Shape) {
        switch shape {
        case .lines(let lines, let ink, let width):
            stroke(lines, width: width, ink)
        case .area(let points, let ink, _):
            fill(points, ink)
        case .text(let text, let point, let anchor, let ink, let size):
            let scale = size.rawValue * 0.74 / RasterFont.capHeight
            let length = RasterFont.width(of: text) * scale
            let left =
                switch anchor {
                case .start: point.x
                case .middle: point.x - length / 2
                case .end: point.x - length
                }
            let lines = RasterFont.lines(of: text).map { line in
                line.map { Point(left + $0.x * scale, point.y + $0.y * scale) }
            }
            stroke(lines, width: size == .large ? 1.7 : 1.25, ink)
        }
    }

    // MARK: Coverage

    /// How much of each pixel in a part of the picture is covered, 0 to 1.
    private struct Mask {
        let x: Range<Int>
        let y: Range<Int>
        var coverage: [Float]

        init?(_ points: some Collection<Point>, margin: Double, of raster: Raster) {
            func range(_ numbers: [Double], _ limit: Int) -> Range<Int> {
                let low = max(0, Int(((numbers.min() ?? 0) - margin).rounded(.down)))
                return low..<max(low, min(limit, Int(((numbers.max() ?? 0) + margin).rounded(.up)) + 1))
            }
            x = range(points.map(\.x), raster.width)
            y = range(points.map(\.y), raster.height)
            guard !points.isEmpty, !x.isEmpty, !y.isEmpty else { return nil }
            coverage = Array(repeating: 0, count: x.count * y.count)
        }
    }

    /// Lines with round ends. Where they meet or cross, they cover no more than one does.
    private mutating func stroke(_ lines: [[Point]], width: Double, _ ink: Drawing.Ink) {
        let reach = width / 2 + 1
        guard var mask = Mask(lines.flatMap(\.self), margin: reach, of: self) else { return }
        for line in lines {
            for (from, to) in zip(line, line.count > 1 ? line[1...] : line[...]) {
                let (dx, dy) = (to.x - from.x, to.y - from.y)
                let squared = dx * dx + dy * dy
                let columns = mask.x.clamped(to: Self.pixels(min(from.x, to.x) - reach, max(from.x, to.x) + reach))
                let rows = mask.y.clamped(to: Self.pixels(min(from.y, to.y) - reach, max(from.y, to.y) + reach))
                for row in rows {
                    for column in columns {
                        // The distance of the pixel's middle from the line.
                        let (px, py) = (Double(column) + 0.5 - from.x, Double(row) + 0.5 - from.y)
                        let along = squared > 0 ? min(max(0, (px * dx + py * dy) / squared), 1) : 0
                        let (rx, ry) = (px - along * dx, py - along * dy)
                        let covered = Float(width / 2 + 0.5 - (rx * rx + ry * ry).squareRoot())
                        let place = (row - mask.y.lowerBound) * mask.x.count + column - mask.x.lowerBound
                        if covered > mask.coverage[place] { mask.coverage[place] = min(covered, 1) }
                    }
                }
            }
        }
        blend(mask, ink)
    }

    private static func pixels(_ from: Double, _ to: Double) -> Range<Int> {
        let low = Int(from.rounded(.down))
        return low..<max(low, Int(to.rounded(.up)) + 1)
    }

    /// A polygon: of each pixel the mean of sixteen lines through it, each covered exactly from side to side.
    private mutating func fill(_ polygon: [Point], _ ink: Drawing.Ink) {
        guard var mask = Mask(polygon, margin: 0, of: self) else { return }
        let samples = 16
        let edges = Array(zip(polygon, polygon.dropFirst() + polygon.prefix(1)))
        for row in mask.y {
            let touching = edges.filter { from, to in
                min(from.y, to.y) < Double(row + 1) && max(from.y, to.y) > Double(row)
            }
            if touching.isEmpty { continue }
            for sample in 0..<samples {
                let y = Double(row) + (Double(sample) + 0.5) / Double(samples)
                let crossings = touching.compactMap { from, to -> Double? in
                    guard (from.y <= y) != (to.y <= y) else { return nil }
                    return from.x + (y - from.y) / (to.y - from.y) * (to.x - from.x)
                }.sorted()
                for pair in stride(from: 0, to: crossings.count - 1, by: 2) {
                    let (from, to) = (crossings[pair], crossings[pair + 1])
                    for column in mask.x.clamped(to: Self.pixels(from, to)) {
                        let covered = min(to, Double(column + 1)) - max(from, Double(column))
                        let place = (row - mask.y.lowerBound) * mask.x.count + column - mask.x.lowerBound
                        if covered > 0 { mask.coverage[place] += Float(covered) / Float(samples) }
                    }
                }
            }
        }
        blend(mask, ink)
    }

    private mutating func blend(_ mask: Mask, _ ink: Drawing.Ink) {
        let colour = ink.colours.light
        let parts = [16, 8, 0].map { Float(colour >> UInt32($0) & 0xFF) }
        let opacity = Float(ink.opacity)
        var place = 0
        for row in mask.y {
            for column in mask.x {
                let share = min(1, mask.coverage[place]) * opacity
                place += 1
                if share <= 0 { continue }
                let pixel = 3 * (row * width + column)
                for part in 0..<3 {
                    let old = Float(pixels[pixel + part])
                    pixels[pixel + part] = UInt8((old + (parts[part] - old) * share).rounded())
                }
            }
        }
    }
}
