package import ArgumentParser
import PointStore

/// `anomalyctl model reset`: lets models begin anew.
package struct ModelResetCommand: ModelChangeCommand {
    package static let configuration = CommandConfiguration(
        commandName: "reset",
        abstract: "Let models begin anew, as at a stream's first point.",
        discussion: """
            From the next point on, the network, the scaling of its values and all that scoring knows are those of a new \
            stream: the first weights are those of model.initial, nothing is flagged during the warm-up (score.warmup), \
            and what anomalyctl label said of earlier anomalies is forgotten. Stored points and anomalies stay; so do \
            an anomaly that is open, until ordinary points have followed, and what else was said (model freeze). To keep \
            the model as it is now, take a snapshot first. The daemon must be running.

            EXAMPLES:
              After a sensor was replaced:
                anomalyctl model snapshot boiler.temperature
                anomalyctl model reset boiler.temperature -m "new sensor"
            """)
    static let action = FeedbackRecord.Action.reset
    static let outcome = "begins anew"

    @OptionGroup var change: ModelChangeOptions
    @OptionGroup(title: "GLOBAL OPTIONS") var common: CommonOptions

    package init() {}
}
