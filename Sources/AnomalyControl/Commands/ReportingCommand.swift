package import ArgumentParser

/// A command of `anomalyctl`. To add one: a file in this folder, and its type in `Anomalyctl.configuration`.
package protocol ReportingCommand: ParsableCommand {
    /// Does the work and writes the result.
    ///
    /// - Throws: `Failure`, `StoreError`, or `OutputClosed` when nobody reads any more.
    func run(in surroundings: Surroundings, output: Output) throws
}
