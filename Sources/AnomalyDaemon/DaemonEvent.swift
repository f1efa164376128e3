package import Logging

/// What the daemon tells its log. The value is an identifier, 128 bits as 32 hexadecimal digits, under which the journal
/// finds each kind of message (`journalctl MESSAGE_ID=…`) and its catalog explains it (`journalctl -x`,
/// systemd/anomalyd.catalog): a published one is never given to another.
package enum DaemonEvent: String, CaseIterable, Sendable {
    case changing = "50a74cff026f4c84aa8ff5f8d837115f"
    case cannotNotify = "f11fc8de3eb449c8af8de0e973e1d036"
    case ready = "2e7abed5658e430da56980bb0977e471"
    case notClosed = "f99e6ae5c3c74558aad367d4ab3e1d35"
    case stopped = "9fddb5fef1214709ac1d5c6a1f99f50d"
    case damaged = "0dd6a32cc0594534a7bfc82d73d9c869"
    case tooFewFiles = "d9f0b7c0e6f64abfac86269bdefda9aa"
    case logGrows = "dd1c84e44fa940d7a1ace0d9a2729d41"
    case logBegunAnew = "0b1f3790be0642fdaaaf6ec4a380626b"
    case gradientsExplode = "ea3d9d2048ec4042ae19cfdf06744ffa"
    case gradientsVanish = "2d4579fe90cf4f1da7e3deeab99a14f8"
    case otherProcessor = "46d1d9af3dd440f3a51bc8cc9eddb5e7"
    case checkpointUnusable = "539bc950fc1a4092aac307276f67594e"
    case groupUnusable = "c2a5b1f07d9e4c60a5384be6f91d7c08"
    case initialMissing = "5f1bfb255eef4f8dade54e17c7836f95"
    case initialMisfit = "975d8cbac0ba4e79a48fdfc9b2829097"
    case lineRejected = "cf9e4f4204fb4856a3c70a70c92c2150"
    case imported = "a3d1165a531a4deca1f03b05c05c6f96"
    case clientRefused = "64403c6a70d44907aabeab119dfba360"
    case setAside = "71cc128fb45b4900aede424776790f49"
    case modelsMissing = "704540b76a0144adaa29c5c1268ca41b"
    case commitFailed = "0cab9e0c70154b96a819e59f32cd0700"
    case commitsFail = "e0284275ec9b4fdea99c648c9c1726bc"
    case committing = "32f46174fc864b1ca5196bd0bcde15a0"
    case notSealed = "5d07c2b8e9a1463f8b24f6a07c3e91d5"
    case notKept = "a06d3c9be2174f58b1c47e905d83fa26"
    case expired = "3fb81d62c07a4e95a6d20c8f97b4e13d"
    case sizeUnmet = "c95e0a7716fb43d28e3b9f40a1d7c682"
    case storingEnded = "1fe52838127f42fdad21e6ef4db35835"
    case restoredAfterAll = "6744c1d7ac7f4c5fa9db0d451ea7b5e5"
    case unrestorable = "ea96e66bd684474aa09acdcde48041e6"
    case silent = "cc734f07942c400cafa3584189f688b7"
    case restored = "905ef80cfff34212acec78c850ab878d"
    case opened = "32cfb2b5711d4766a6d0acfdb25fe574"
    case over = "48ddf357eb7e4766a7067cc07753a7de"
    case worsened = "b8e1f7205c6a4d39a7f20c94d3e86b15"
    case acknowledged = "1d9a6c3e84f74b02953bd7e06fa2c871"
    case alertTest = "7e20b4d98a1f4c65b9c7035ed14fa862"
    case hookSays = "c4f85a1972e04b6d8d3ba90e57c1f624"
    case sinkFailed = "5ab3e9d07c814f2693f1d84b6ea0275c"
    case sinkWorks = "f60d2b8134ca4e7f8e95a7c31b409d6e"
    case followerDropped = "2c7f9e50a3d84618b2e40d95c7618fab"
    case followersRefused = "4b90d7c2e6184fa3b57f1e08c3a9d562"
    case alertsUnread = "90e4c6b17fd24a538c1d62f7ab305e84"
    case alertsDropped = "d83a5f1c60b94e27a59e7c048f2d61b3"
    case reloaded = "5f0c9a7be3d24c61a8e47d1b92c6f035"
    case reloadRefused = "c27be814f95a4d0ea163b0d85e7f4912"
    case connectionsResumed = "6b3f0d9a51c84e7d9a0e27c4d8f1b350"
    case connectionsNotLeft = "e81d5c02a7f64b39b6c4903f2ae57d18"
    case passedUnused = "94c7a6e3b0d24f58a1f3d87e605b2c49"
    case stuck = "d2b49e7710cf4a35865b3c1ea9f07d64"
    case memoryLimited = "7d3f61b04c9e4a0d8b52e1f7a6390c48"
    case memoryShort = "e41c8a5d02b7463f9d60b8c3175fae29"
    case noPressureWatch = "93b0d7e6f15a4c28a4e9670c2d81fb53"

    package var id: String { rawValue }
    package var level: Logger.Level { description.level }
    package var text: String { description.text }

    private var description: (level: Logger.Level, text: String) {
        switch self {
        case .changing: (.info, "a client changes something")
        case .cannotNotify: (.warning, "cannot notify the service manager")
        case .ready: (.notice, "ready")
        case .notClosed: (.error, "the database could not be closed cleanly")
        case .stopped: (.notice, "stopped, everything accepted is stored")
        case .damaged: (.error, "the database is damaged")
        case .tooFewFiles: (.warning, "the process may open too few files for feed.max_connections")
        case .logGrows: (.warning, "the write-ahead log grows and cannot be begun anew")
        case .logBegunAnew: (.notice, "the write-ahead log was begun anew")
        case .gradientsExplode: (.warning, "the gradients of a stream explode")
        case .gradientsVanish: (.warning, "the gradients of a stream vanish")
        case .otherProcessor: (.notice, "a model comes from another kind of processor and goes on with other last bits")
        case .checkpointUnusable: (.warning, "a checkpoint cannot be used, falling back to older data")
        case .groupUnusable: (.warning, "the stored network of a group cannot be used, a new one is begun")
        case .initialMissing:
            (.warning, "model.initial names a file that is missing; new streams begin with random weights")
        case .initialMisfit:
            (
                .warning,
                "model.initial does not fit a stream, which begins with random weights; others may follow untold"
            )
        case .lineRejected: (.warning, "rejected a line")
        case .imported: (.notice, "streams have the weights of a file")
        case .clientRefused: (.warning, "refused a client")
        case .setAside: (.error, "the damaged database was set aside and a new one begun")
        case .modelsMissing: (.error, "the models of some streams are in the damaged database only")
        case .commitFailed: (.error, "a commit failed and will be tried again")
        case .commitsFail: (.error, "commits still fail")
        case .committing: (.notice, "committing again")
        case .notSealed: (.warning, "points were not sealed into chunks, which will be tried again")
        case .notKept: (.warning, "the database was not kept in order, which will be tried again")
        case .expired: (.info, "points, roll-ups or anomalies have expired and are deleted")
        case .sizeUnmet: (.warning, "the database is larger than retention.max_size, and nothing more may be deleted")
        case .storingEnded: (.critical, "nothing more can be stored, stopping")
        case .restoredAfterAll: (.notice, "a stream is restored after all")
        case .unrestorable: (.error, "a stream cannot be restored; its points wait, and it will be tried again")
        case .silent: (.notice, "a stream has fallen silent")
        case .restored: (.notice, "all streams are restored")
        case .opened: (.notice, "an anomaly has opened")
        case .over: (.notice, "an anomaly is over")
        case .worsened: (.warning, "an anomaly has got worse")
        case .acknowledged: (.notice, "an anomaly is acknowledged")
        case .alertTest: (.notice, "a test of the log as a sink of alerts; nothing is wrong")
        case .hookSays: (.info, "a hook says")
        case .sinkFailed: (.warning, "a sink could not be told of anomalies, which will be tried again")
        case .sinkWorks: (.notice, "a sink is told of anomalies again")
        case .followerDropped: (.warning, "a follower of alerts that does not read was dropped")
        case .followersRefused: (.warning, "nobody can follow alerts, as their socket cannot be opened")
        case .alertsUnread: (.warning, "anomalies could not be read to tell of them, which will be tried again")
        case .alertsDropped: (.error, "a sink will not hear of some anomalies that are over, as too many waited for it")
        case .connectionsResumed: (.notice, "feed connections of the process before go on")
        case .connectionsNotLeft: (.warning, "feed connections end here, as the next process could not be told of them")
        case .passedUnused: (.warning, "a passed descriptor is of no use and was closed")
        case .stuck: (.critical, "a stage is stuck; the service manager's watchdog will end the daemon")
        case .reloaded: (.notice, "the configuration was read again")
        case .reloadRefused: (.error, "the configuration was not read again; the old one stays in force")
        case .memoryLimited: (.warning, "the memory limit is reached; streams sleep until their next point")
        case .memoryShort: (.notice, "memory is short; streams that have rested longest go to sleep")
        case .noPressureWatch: (.warning, "cannot watch for memory pressure as the service manager asks")
        }
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
