/// Where a client finds what the daemon is configured to use.
public struct ClientPlaces: Sendable, Equatable {
    /// The SQLite file.
    public let database: String
    /// The socket that `anomalyctl` asks.
    public let controlSocket: String

    /// From the files that the daemon reads, but credentials.
    public init(paths: DefaultPaths) {
        self.init(layers: ConfigurationFiles(paths: paths).layers, paths: paths)
    }

    /// Takes the two keys from layers, each over the one before, and nothing else: whoever asks the daemon need not be
    /// kept from it by what is wrong with another key, or by a file that only the daemon may read.
    public init(layers: [ConfigurationLayer], paths: DefaultPaths) {
        var configuration = DaemonConfiguration(paths: paths)
        for assignment in layers.flatMap(\.assignments)
        where ["database.path", "control.socket"].contains(assignment.key.path) {
            assignment.key.set(assignment.value, in: &configuration)
        }
        database = configuration.database.path
        controlSocket = configuration.control.socket
    }
}
