extension TemporaryFolder {
    /// Runs `anomalyctl` to its end, for the daemon that has its files here.
    func anomalyctl(_ arguments: String...) throws -> (exit: ChildProcess.Exit, output: String, errors: String) {
        let process = try ChildProcess(
            [Programs.path("anomalyctl")] + arguments, in: self, environment: DaemonProcess.environment(self))
        return (try process.wait(), process.output, process.errors)
    }
}
