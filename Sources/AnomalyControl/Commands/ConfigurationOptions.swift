import AnomalyConfiguration
import ArgumentParser

/// The options of commands that do what the daemon does, and so need its configuration.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The daemon's configuration file (default: all those that the daemon would read, but credentials).",
            valueName: "file"),
        completion: .file())
    var config: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Set a configuration key, for example --set model.hidden=32. May be repeated.", valueName: "key=value"),
        completion: .assignments)
    var assignments: [String] = []

    /// - Parameters:
    ///   - instance: the daemon that it is the configuration of; nil for the one without a name.
    ///   - options: what the command's own options set, above all else.
    /// - Throws: `ConfigurationError` with all that is wrong.
    func configuration(
        in surroundings: Surroundings, of instance: InstanceName? = nil,
        with options: ConfigurationLayer = ConfigurationLayer()
    ) throws -> DaemonConfiguration {
        let paths = surroundings.paths(of: instance)
        var flags = ConfigurationLayer()
        for assignment in assignments { flags.set(assignment) }
        let files = ConfigurationFiles(paths: paths, explicit: config)
        return try DaemonConfiguration(layers: files.layers + [flags, options], paths: paths)
    }
}
