import Foundation

/// Where the built programs lie: beside the test bundle, or in `$ANOMALYD_PROGRAMS`.
enum Programs {
    /// - Throws: `HarnessError` that says where it was looked for.
    static func path(_ name: String) throws -> String {
        for folder in folders {
            let path = "\(folder)/\(name)"
            if access(path, X_OK) == 0 { return path }
        }
        throw HarnessError(
            "no program \(name) in \(folders.joined(separator: " or in ")); build it (swift build -c release), or set "
                + "ANOMALYD_PROGRAMS to the folder that it is in")
    }

    private static var folders: [String] {
        if let given = ProcessInfo.processInfo.environment["ANOMALYD_PROGRAMS"], !given.isEmpty { return [given] }
        // The bundle is the running program itself, or a library that one of Swift's own programs has loaded.
        let bundles = CommandLine.arguments.filter { $0.contains(".xctest") }.map { argument in
            argument.components(separatedBy: ".xctest")[0] + ".xctest"
        }
        let running = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        var folders: [String] = []
        for path in bundles + [running].compactMap(\.self) {
            let folder = URL(filePath: path).resolvingSymlinksInPath().deletingLastPathComponent().path
            if !folders.contains(folder) { folders.append(folder) }
        }
        return folders
    }
}
