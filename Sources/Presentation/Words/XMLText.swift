/// Text as XML and HTML take it.
package enum XMLText {
    /// With nothing in it that is markup, in an element or in quotes, or that no document may have.
    package static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in TextWidth.harmless(text).unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
