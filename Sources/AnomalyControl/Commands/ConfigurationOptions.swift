import ArgumentParser
import Configuration

/// The options of commands that do what the daemon does, and so need its configuration.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The daemon's configuration file (default: the one that the daemon would read).", valueName: "file"),
        completion: .file())
    var config: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Set a configuration key, for example --set model.hidden=32. May be repeated.", valueName: "key=value"),
        completion: .assignments)
    var assignments: [String] = []

    /// - Parameter options: what the command's own options set, above all else.
    /// - Throws: `ConfigurationError` with all that is wrong.
    func configuration(
        in surroundings: Surroundings, with options: ConfigurationLayer = ConfigurationLayer()
    ) throws -> DaemonConfiguration {
        let file =
            config.map { ConfigurationLayer.file($0) }
            ?? ConfigurationLayer.file(surroundings.paths.configurationFile, mayBeMissing: true)
        var flags = ConfigurationLayer()
        for assignment in assignments { flags.set(assignment) }
        return try DaemonConfiguration(layers: [file, flags, options], paths: surroundings.paths)
    }
}
