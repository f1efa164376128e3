/// A picture as lines, areas and texts at pixels, for every kind of file that pictures are written to.
package struct Drawing: Sendable {
    /// Pixels; the origin is at the upper left.
    package var width: Int
    package var height: Int
    /// What it shows, in a few words and in some more, for those who can't see it.
    package var title: String
    package var summary: String
    /// From the back to the front.
    package var shapes: [Shape] = []

    package init(width: Int, height: Int, title: String, summary: String) {
        self.width = width
        self.height = height
        self.title = title
        self.summary = summary
    }

    package struct Point: Sendable, Equatable {
        package var x: Double
        package var y: Double

        package init(_ x: Double, _ y: Double) { (self.x, self.y) = (x, y) }
    }

    package enum Shape: Sendable, Equatable {
        /// Lines through points, so many pixels wide.
        case lines([[Point]], Ink, width: Double)
        /// The inside of a polygon, whose sides don't cross; what a pointer says when it rests on it, if anything.
        case area([Point], Ink, hint: String?)
        case text(String, Point, Anchor, Ink, Size)
    }

    /// Which end of a text, on its base line, is at its point.
    package enum Anchor: String, Sendable { case start, middle, end }

    /// Height of letters in pixels.
    package enum Size: Double, Sendable {
        case small = 12
        case large = 15

        /// Columns of text times this is at least about its width in pixels.
        package var advance: Double { rawValue * 0.62 }
    }

    /// What things are drawn with. A theme gives each a colour.
    package enum Ink: String, Sendable, CaseIterable {
        case background, text, faint, grid, value, expected, band, alarm, span

        /// Red, green and blue on a light and on a dark ground.
        package var colours: (light: UInt32, dark: UInt32) {
            switch self {
            case .background: (0xFFFFFF, 0x16181D)
            case .text: (0x1B1F24, 0xE6E8EB)
            case .faint: (0x5F6772, 0x9AA3AE)
            case .grid: (0xE3E6EA, 0x2C3138)
            case .value: (0x1B1F24, 0xE6E8EB)
            case .expected: (0x0B7285, 0x4DC4D8)
            case .band: (0x0B7285, 0x4DC4D8)
            case .alarm: (0xC92A2A, 0xFF7B72)
            case .span: (0xC92A2A, 0xFF7B72)
            }
        }

        /// 0 to 1.
        package var opacity: Double {
            switch self {
            case .band: 0.18
            case .span: 0.12
            default: 1
            }
        }
    }
}
