import Glibc

/// A file to backtest.
package struct BacktestInput: Sendable, Equatable {
    package let path: String
    /// Name of the stream, which seeds its weights and chooses its `[[stream]]` sections: the file's name without its
    /// last extension.
    package let stream: String
    /// The folder that the file lies in, by its name alone; empty in the root.
    package let folder: String
    /// NAB's windows for this file, from the first to the last time in microseconds since 1970; nil where the file's
    /// own column of labels counts, if it has one.
    package let windows: [ClosedRange<Int64>]?

    /// `FOLDER/STREAM`, by which reports name the file.
    package var name: String { folder.isEmpty ? stream : folder + "/" + stream }

    package init(path: String, windows: [ClosedRange<Int64>]? = nil) {
        self.path = path
        self.windows = windows
        let slash = path.lastIndex(of: "/")
        let file = String(slash.map { path[path.index(after: $0)...] } ?? path[...])
        // A name that is nothing but an extension stays whole.
        let dot = file.lastIndex(of: ".").flatMap { $0 > file.startIndex ? $0 : nil }
        stream = String(file[..<(dot ?? file.endIndex)])
        folder = Self.name(ofFolder: slash.map { String(path[...$0]) } ?? ".")
    }

    /// The name under which a folder was given, or its own where that says nothing.
    private static func name(ofFolder folder: String) -> String {
        if let last = folder.split(separator: "/").last, last != ".", last != ".." { return String(last) }
        guard let real = realpath(folder, nil) else { return "" }
        defer { free(real) }
        return String(cString: real).split(separator: "/").last.map(String.init) ?? ""
    }
}
