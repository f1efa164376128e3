/// What the program tells the shell. Scripts rely on the numbers.
package enum ExitStatus: Int32, Sendable, CaseIterable {
    case success = 0
    case failure = 1
    /// The command line makes no sense.
    case usage = 2
    case daemonNotRunning = 3
    /// A stream or an anomaly was named that the database does not have.
    case unknownStream = 4
    case notPermitted = 5
    case damagedDatabase = 6

    /// The statuses as the help prints them.
    package static let explanation = """
        EXIT STATUS:
          0  success
          1  failure
          2  the command line makes no sense
          3  the daemon is not running
          4  no such stream or anomaly
          5  not permitted
          6  the database is damaged
        """
}
