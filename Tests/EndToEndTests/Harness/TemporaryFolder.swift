import Foundation

/// A folder for one test, removed with it. It lies in /tmp, for a Unix socket's path must be shorter than 108 bytes.
final class TemporaryFolder {
    let path: String
    private var files = 0

    init() throws {
        var template = Array("/tmp/anomalyd-test.XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw systemError("mkdtemp") }
        path = String(cString: made)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a file in this folder.
    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    /// The path of a file that has not been named before.
    func fresh(_ name: String) -> String {
        files += 1
        return self("\(name).\(files)")
    }

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: self(name)))
        return self(name)
    }
}

/// The file as text; what is not UTF-8 is replaced. Empty if there is none.
func contents(of path: String) -> String {
    String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
}
