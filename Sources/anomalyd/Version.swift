/// The program's version, as `--version` and the status print it.
enum Version {
    static let current = "0.1.0"
}
