package import Logging

/// What the daemon tells its log. Each kind of message has an identifier of its own, under which the journal finds it
/// (`journalctl MESSAGE_ID=…`) and its catalog explains it (`journalctl -x`, systemd/anomalyd.catalog): a published one
/// is never given to another.
package struct DaemonEvent: Sendable {
    /// 128 bits as 32 hexadecimal digits.
    package let id: String
    package let level: Logger.Level
    package let text: String

    static let changing = DaemonEvent("50a74cff026f4c84aa8ff5f8d837115f", .info, "a client changes something")
    static let cannotNotify = DaemonEvent(
        "f11fc8de3eb449c8af8de0e973e1d036", .warning,
        "cannot notify the service manager")
    static let ready = DaemonEvent("2e7abed5658e430da56980bb0977e471", .notice, "ready")
    static let notClosed = DaemonEvent(
        "f99e6ae5c3c74558aad367d4ab3e1d35", .error,
        "the database could not be closed cleanly")
    static let stopped = DaemonEvent(
        "9fddb5fef1214709ac1d5c6a1f99f50d", .notice,
        "stopped, everything accepted is stored")
    static let damaged = DaemonEvent("0dd6a32cc0594534a7bfc82d73d9c869", .error, "the database is damaged")
    static let tooFewFiles = DaemonEvent(
        "d9f0b7c0e6f64abfac86269bdefda9aa", .warning,
        "the process may open too few files for feed.max_connections")
    static let logGrows = DaemonEvent(
        "dd1c84e44fa940d7a1ace0d9a2729d41", .warning,
        "the write-ahead log grows and cannot be begun anew")
    static let logBegunAnew = DaemonEvent(
        "0b1f3790be0642fdaaaf6ec4a380626b", .notice,
        "the write-ahead log was begun anew")
    static let gradientsExplode = DaemonEvent(
        "ea3d9d2048ec4042ae19cfdf06744ffa", .warning,
        "the gradients of a stream explode")
    static let gradientsVanish = DaemonEvent(
        "2d4579fe90cf4f1da7e3deeab99a14f8", .warning,
        "the gradients of a stream vanish")
    static let otherProcessor = DaemonEvent(
        "46d1d9af3dd440f3a51bc8cc9eddb5e7", .notice,
        "a model comes from another kind of processor and goes on with other last bits")
    static let checkpointUnusable = DaemonEvent(
        "539bc950fc1a4092aac307276f67594e", .warning,
        "a checkpoint cannot be used, falling back to older data")
    static let initialMissing = DaemonEvent(
        "5f1bfb255eef4f8dade54e17c7836f95", .warning,
        "model.initial names a file that is missing; new streams begin with random weights")
    static let initialMisfit = DaemonEvent(
        "975d8cbac0ba4e79a48fdfc9b2829097", .warning,
        "model.initial does not fit a stream, which begins with random weights; others may follow untold")
    static let lineRejected = DaemonEvent("cf9e4f4204fb4856a3c70a70c92c2150", .warning, "rejected a line")
    static let imported = DaemonEvent("a3d1165a531a4deca1f03b05c05c6f96", .notice, "streams have the weights of a file")
    static let clientRefused = DaemonEvent("64403c6a70d44907aabeab119dfba360", .warning, "refused a client")
    static let setAside = DaemonEvent(
        "71cc128fb45b4900aede424776790f49", .error,
        "the damaged database was set aside and a new one begun")
    static let modelsMissing = DaemonEvent(
        "704540b76a0144adaa29c5c1268ca41b", .error,
        "the models of some streams are in the damaged database only")
    static let commitFailed = DaemonEvent(
        "0cab9e0c70154b96a819e59f32cd0700", .error,
        "a commit failed and will be tried again")
    static let commitsFail = DaemonEvent("e0284275ec9b4fdea99c648c9c1726bc", .error, "commits still fail")
    static let committing = DaemonEvent("32f46174fc864b1ca5196bd0bcde15a0", .notice, "committing again")
    static let storingEnded = DaemonEvent(
        "1fe52838127f42fdad21e6ef4db35835", .critical,
        "nothing more can be stored, stopping")
    static let restoredAfterAll = DaemonEvent(
        "6744c1d7ac7f4c5fa9db0d451ea7b5e5", .notice,
        "a stream is restored after all")
    static let unrestorable = DaemonEvent(
        "ea96e66bd684474aa09acdcde48041e6", .error,
        "a stream cannot be restored; its points wait, and it will be tried again")
    static let silent = DaemonEvent("cc734f07942c400cafa3584189f688b7", .notice, "a stream has fallen silent")
    static let restored = DaemonEvent("905ef80cfff34212acec78c850ab878d", .notice, "all streams are restored")
    static let opened = DaemonEvent("32cfb2b5711d4766a6d0acfdb25fe574", .notice, "an anomaly has opened")
    static let over = DaemonEvent("48ddf357eb7e4766a7067cc07753a7de", .notice, "an anomaly is over")
    static let reloaded = DaemonEvent("5f0c9a7be3d24c61a8e47d1b92c6f035", .notice, "the configuration was read again")
    static let reloadRefused = DaemonEvent(
        "c27be814f95a4d0ea163b0d85e7f4912", .error, "the configuration was not read again; the old one stays in force")

    /// All of them.
    package static let all = [
        changing, cannotNotify, ready, notClosed, stopped, damaged, tooFewFiles, logGrows, logBegunAnew,
        gradientsExplode, gradientsVanish, otherProcessor, checkpointUnusable, initialMissing, initialMisfit,
        lineRejected, imported, clientRefused, setAside, modelsMissing, commitFailed, commitsFail, committing,
        storingEnded, restoredAfterAll, unrestorable, silent, restored, opened, over, reloaded, reloadRefused,
    ]

    private init(_ id: String, _ level: Logger.Level, _ text: String) {
        (self.id, self.level, self.text) = (id, level, text)
    }
}

extension Logger {
    /// Key of the metadata that holds a ``DaemonEvent/id``.
    static let messageID = "message_id"

    func tell(_ event: DaemonEvent, _ metadata: Logger.Metadata = [:]) {
        log(
            level: event.level, "\(event.text)",
            metadata: metadata.merging([Logger.messageID: "\(event.id)"]) { $1 })
    }
}
