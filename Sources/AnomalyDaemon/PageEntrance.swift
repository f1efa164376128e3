import AnomalyConfiguration
import AnomalyDetection
import ControlProtocol
import LivePage
import Logging

/// The live page, with what it wants to know of this daemon.
enum PageEntrance {
    /// - Parameter canChange: whether there is a token with which something can be said.
    static func page(
        _ pipeline: Pipeline, _ reporter: StatusReporter, _ configuration: DaemonConfiguration, canChange: Bool,
        logger: Logger
    ) -> LivePage {
        let intake = FeedbackIntake(pipeline: pipeline)
        let watch = pipeline.writer.watch
        let feedback: @Sendable (FeedbackRequest, String, UInt32?) async -> ControlReply = { request, peer, user in
            let facts: Logger.Metadata = ["peer": "\(peer)", "asked": "say \(request.action.prefix(40))"]
            logger.tell(.changing, ControlHandler.detail(of: request).merging(facts) { $1 })
            return await withCheckedContinuation { answered in
                intake.take(request, user: user) { answered.resume(returning: $0) }
            }
        }
        return LivePage(
            LivePage.Surroundings(
                database: configuration.database.path, status: { reporter.status() },
                commits: { pipeline.statistics.commits.now },
                whenCommitted: { after, committed in
                    // One for all pages, so that it takes nobody's place.
                    let number = watch.wait(after: after, most: .max) { reply in
                        if case .commit(let reply) = reply { committed(reply.commits) }
                    }
                    return { watch.cancel(number) }
                },
                model: { configuration.settings(forStream: $0).detector.model },
                feedback: canChange ? feedback : nil, now: { WallClock.now }))
    }
}
