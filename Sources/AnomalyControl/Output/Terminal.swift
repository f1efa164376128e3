import Glibc

/// What is known of the place that the output goes to.
package struct Terminal: Sendable, Equatable {
    /// Columns of the terminal; nil when the output is no terminal, and lines may be of any length.
    package var columns: Int?
    /// Whether to send colours.
    package var colour: Bool
    /// Whether it is told, by the locale, that texts are UTF-8. Names go out as they are all the same.
    package var isUnicode: Bool

    package init(columns: Int?, colour: Bool, isUnicode: Bool = true) {
        self.columns = columns
        self.colour = colour
        self.isUnicode = isUnicode
    }

    /// What `init(descriptor:environment:)` wants to know of the environment.
    package static let variables = ["NO_COLOR", "COLUMNS", "TERM", "LC_ALL", "LC_CTYPE", "LANG"]

    /// Looks at `descriptor` and at the environment.
    ///
    /// Colours need a terminal that is not "dumb", and no `NO_COLOR` (no-color.org: "when present and not an empty
    /// string"). `COLUMNS` wins over what the terminal says, also when the output is no terminal.
    package init(descriptor: Int32, environment: [String: String]) {
        let isTerminal = isatty(descriptor) == 1
        colour = isTerminal && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
        // As setlocale(3) chooses: the first that is set and not empty.
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? "C"
        isUnicode = ["utf-8", "utf8"].contains { locale.lowercased().contains($0) }
        if let columns = environment["COLUMNS"].flatMap({ Int($0) }), columns > 0 {
            self.columns = columns
        } else if isTerminal {
            var size = winsize()
            let known = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
            columns = known ? Int(size.ws_col) : 80
        }
    }
}

/// Looks of text on a terminal: the parameters of an SGR sequence (ECMA-48, 8.3.117).
package enum Style: String, Sendable {
    case header = "4"
    case bold = "1"
    case faint = "2"
    case alarm = "1;31"
    case warning = "1;33"
    case good = "1;32"
    case expected = "36"

    package static let reset = "\u{1B}[0m"
    package var start: String { "\u{1B}[\(rawValue)m" }

    /// `text` in this style, or as it is when there are no colours.
    package func callAsFunction(_ text: String, on terminal: Terminal) -> String {
        terminal.colour ? start + text + Self.reset : text
    }
}
