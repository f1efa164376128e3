import Glibc

/// The files that a configuration is read from, found and read, in the order in which they apply.
///
/// As systemd's own programs do it (systemd.syntax(7), "CONFIGURATION DIRECTORIES AND PRECEDENCE"), later ones over
/// earlier ones:
///
/// 1. `anomalyd.toml` of the vendor's folders `/usr/lib/anomalyd` and `/usr/local/lib/anomalyd`, then that of
///    `/etc/anomalyd`. Here alone systemd differs: it would read the last one only. But ours is installed with nothing
///    but comments, and would hide the vendor's from everybody.
/// 2. `anomalyd.toml.d/*.toml` of all these folders together, sorted by their names, whatever folder they are in. Of
///    several files with the same name only that of the last folder counts; there, an empty file or a link to
///    `/dev/null` takes away the vendor's.
/// 3. For the instance NAME, the same with `anomalyd@NAME.toml` and `anomalyd@NAME.toml.d/*.toml`.
/// 4. Credentials (systemd.exec(5), "LoadCredential=") whose names end in `.toml`, sorted.
///
/// `/run/anomalyd` is left out, though systemd has such a folder: ours belongs to the daemon's user, and a daemon that
/// a hostile client has taken over must not be able to configure the next one.
public struct ConfigurationFiles: Sendable {
    private struct File: Sendable {
        let path: String
        let layer: ConfigurationLayer
        var isCredential = false
        /// Files that don't count because of this one.
        var masked: [String] = []
    }

    private var files: [File] = []

    /// Finds and reads them.
    ///
    /// - Parameters:
    ///   - paths: where to look.
    ///   - explicit: a file that is asked for by name: it must be there, and stands for all but the credentials.
    ///   - credentials: the folder that the service manager has put them into (`$CREDENTIALS_DIRECTORY`).
    public init(paths: DefaultPaths, explicit: String? = nil, credentials: String? = nil) {
        if let explicit {
            files.append(File(path: explicit, layer: .file(explicit)))
        } else {
            for name in paths.configurationNames { find(name, in: paths.configurationDirectories) }
        }
        if let credentials {
            for name in names(in: credentials) {
                let path = credentials + "/" + name
                guard let layer = ConfigurationLayer.existingFile(path, isSecret: true) else { continue }
                files.append(File(path: path, layer: layer, isCredential: true))
            }
        }
    }

    /// What they say, to be put over the defaults and under the command line.
    public var layers: [ConfigurationLayer] { files.map(\.layer) }

    /// A file of this name in each folder, and those in the folders named after it.
    private mutating func find(_ name: String, in folders: [String]) {
        for folder in folders {
            let path = folder + "/" + name
            if let layer = ConfigurationLayer.existingFile(path) { files.append(File(path: path, layer: layer)) }
        }
        // Of each name, the paths of its files, the one that counts last.
        var dropIns: [String: [String]] = [:]
        for folder in folders {
            let folder = "\(folder)/\(name).d"
            for name in names(in: folder) { dropIns[name, default: []].append(folder + "/" + name) }
        }
        for (_, paths) in dropIns.sorted(by: { Self.isBefore($0.key, $1.key) }) {
            guard let path = paths.last else { continue }
            files.append(File(path: path, layer: .file(path), masked: paths.dropLast()))
        }
    }

    /// Names that end in `.toml` and do not begin with a dot, sorted; none if there is no such folder. What editors and
    /// packagers leave behind (`x.toml~`, `x.toml.dpkg-old`) ends otherwise.
    private mutating func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else {
            let failure = FileFailure(number: errno)
            if !failure.isMissing {
                files.append(File(path: folder, layer: .unreadable(folder, cause: failure.cause)))
            }
            return []
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { bytes in
                bytes.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".toml"), !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted(by: Self.isBefore)
    }

    /// By bytes, as systemd does it, whatever the locale.
    private static func isBefore(_ one: String, _ other: String) -> Bool {
        one.utf8.lexicographicallyPrecedes(other.utf8)
    }
}

// MARK: - Text

extension ConfigurationFiles {
    /// The files as comments of a TOML file, each with its path in a line of its own and, beneath that, what it sets.
    public var listing: String {
        var lines: [String] = []
        for file in files {
            for masked in file.masked { lines.append("# \(printed(masked))  (does not count: masked by the next one)") }
            if file.isCredential {
                lines.append("# \(printed(file.path))  (a credential: not shown)")
            } else {
                lines.append("# " + printed(file.path))
                lines += file.layer.settingLines.map { "#     " + printed($0) }
            }
        }
        if lines.isEmpty { lines.append("# No configuration file.") }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// Text for a comment of a TOML file, which ends with the line and takes no control character but the tab.
func printed(_ text: String) -> String {
    let isPlain = text.unicodeScalars.allSatisfy { $0 == "\t" || $0.properties.generalCategory != .control }
    return isPlain ? text : ConfigurationValue.quoted(text)
}
