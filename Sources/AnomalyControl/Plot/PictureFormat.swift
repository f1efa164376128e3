/// A kind of file that pictures are written to, known by its ending.
///
/// To add one: a file with a function that makes its bytes, and a line in `all`.
package struct PictureFormat: Sendable {
    package var ending: String
    /// What it is, in the help.
    package var summary: String
    package var bytes: @Sendable (Drawing) -> [UInt8]

    package static let all = [
        PictureFormat(ending: "svg", summary: "vectors for web pages, light or dark as the reader likes it") {
            SVGFile.bytes($0)
        },
        PictureFormat(ending: "png", summary: "pixels for everything else, light") { PNGFile.bytes($0) },
    ]

    /// Pixels that a file may have.
    package static let widths = 320...4096
    package static let heights = 220...8192

    private init(ending: String, summary: String, bytes: @escaping @Sendable (Drawing) -> [UInt8]) {
        self.ending = ending
        self.summary = summary
        self.bytes = bytes
    }

    /// That of a file by its name; nil if it has no ending or an unknown one.
    package init?(path: String) {
        let name = path.split(separator: "/").last ?? ""
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex,
            let format = Self.all.first(where: { $0.ending == name[name.index(after: dot)...].lowercased() })
        else { return nil }
        self = format
    }

    /// One line for each, for the help of a command.
    static var explanation: String { all.map { "\($0.ending)  \($0.summary)" }.joined(separator: "\n  ") }
}
