package import ArgumentParser

/// `anomalyctl db`: the database as a file.
package struct DBCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "db",
        abstract:
            "Check the database, copy it, see what takes room, make it small, and save what can be saved of a damaged one.",
        discussion: """
            When the daemon finds its database damaged, it sets it aside as anomaly.db.damaged-TIME and goes on with a \
            new one (database.on_damage). What was set aside is never deleted; that is left to you.

            EXAMPLES:
              Is everything all right?
                anomalyctl db verify
              A copy, with the daemon running:
                anomalyctl db backup /mnt/backup/anomaly.db
              What takes how much of the disk?
                anomalyctl db disk-usage
              Give free pages back:
                anomalyctl db vacuum
              Bring over what can be read:
                anomalyctl db salvage anomaly.db.damaged-2026-11-25T12:34:56Z -o old.db
              Look at it:
                anomalyctl --database old.db query --anomalies
            """,
        subcommands: [
            DBVerifyCommand.self, DBSalvageCommand.self, DBDiskUsageCommand.self, DBVacuumCommand.self,
            DBBackupCommand.self,
        ])

    package init() {}
}
