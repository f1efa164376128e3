import Glibc

/// Paths as text; the files need not exist.
enum FilePath {
    /// What stands before the last slash, with it; empty for a name alone.
    static func folder(of path: String) -> String {
        path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? ""
    }

    /// A path that begins with a slash.
    ///
    /// - Parameters:
    ///   - path: empty stays empty.
    ///   - folder: where a path that begins without one counts from; itself from the working folder.
    static func absolute(_ path: String, in folder: String) -> String {
        if path.isEmpty || path.hasPrefix("/") { return path }
        let joined = folder.isEmpty ? path : folder + (folder.hasSuffix("/") ? "" : "/") + path
        guard !joined.hasPrefix("/"), let working = getcwd(nil, 0) else { return joined }
        defer { free(working) }
        return String(cString: working) + "/" + joined
    }
}
