package import ArgumentParser

/// `anomalyctl alerts`: who is told of anomalies.
package struct AlertsCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "alerts",
        abstract: "Show who was told of which anomaly, and test those who are told.",
        discussion: """
            The daemon tells sinks of anomalies that open, get worse, are acknowledged or are over: the journal, followers of \
            a Unix socket, programs and webhooks (anomalyd.toml(5), "alerts" and "sink"). Without another command, what is \
            going on is listed.

            EXAMPLES:
              What is going on, and who knows:
                anomalyctl alerts
              Whether all sinks can be told:
                anomalyctl alerts test
              Follow:
                socat -u UNIX-CONNECT:/run/anomalyd/alerts.sock - | jq .summary
              Somebody has seen it, so that it is not told again:
                anomalyctl anomalies ack 17
            """,
        subcommands: [AlertsListCommand.self, AlertsTestCommand.self], defaultSubcommand: AlertsListCommand.self)

    package init() {}
}
