import AnomalyConfiguration

extension FuzzTarget {
    /// A configuration file. What `--cat-config` prints of a right one must mean the same. Its first line is taken as
    /// `--set` takes it, too.
    static let configuration = FuzzTarget(name: "configuration", longest: 1024) { bytes in
        var commandLine = ConfigurationLayer()
        commandLine.set(String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
        _ = try? DaemonConfiguration(layers: [commandLine], paths: .system)

        let layer = ConfigurationLayer(toml: bytes, source: "file.toml", folder: "/folder/")
        for problem in layer.problems {
            try expect(
                !problem.description.unicodeScalars.contains { $0.properties.generalCategory == .control },
                "a problem has no control characters: \(problem)")
        }
        guard let configuration = try? DaemonConfiguration(layers: [layer], paths: .system) else { return }
        _ = configuration.settings(forStream: "web.latency")
        let text = configuration.effectiveFile(paths: .system)
        let again = ConfigurationLayer(toml: text, source: "file.toml", folder: "/folder/")
        try expect(again.problems.isEmpty, "what is in force is a right file; found \(again.problems) in\n\(text)")
        let read = try DaemonConfiguration(layers: [again], paths: .system)
        let isSame =
            read.feed == configuration.feed && read.control == configuration.control
            && read.database == configuration.database && read.daemon == configuration.daemon
            && read.defaults == configuration.defaults && read.streams == configuration.streams
        try expect(isSame, "what is in force means the same:\n\(text)\nread as\n\(read.effectiveFile(paths: .system))")
    }
}
