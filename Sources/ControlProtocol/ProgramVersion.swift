/// The version of both programs, as `--version` and the status print it.
public enum ProgramVersion {
    public static let current = "0.1.0"
}
