package import ArgumentParser
import PointStore

/// `anomalyctl model freeze`: lets models be as they are.
package struct ModelFreezeCommand: ModelChangeCommand {
    package static let configuration = CommandConfiguration(
        commandName: "freeze",
        abstract: "Stop streams from learning.",
        discussion: """
            The network's weights, and the scaling of its values, stay as they are until anomalyctl model thaw, also over \
            restarts. Predictions, scores and the memory of what is usual go on. The daemon must be running.

            EXAMPLES:
              During a load test:
                anomalyctl model freeze 'web.*' -m "load test"
            """)
    static let action = FeedbackRecord.Action.freeze
    static let outcome = "frozen"

    @OptionGroup var change: ModelChangeOptions
    @OptionGroup(title: "GLOBAL OPTIONS") var common: CommonOptions

    package init() {}
}

/// `anomalyctl model thaw`: lets frozen models learn again.
package struct ModelThawCommand: ModelChangeCommand {
    package static let configuration = CommandConfiguration(
        commandName: "thaw",
        abstract: "Let streams learn again.",
        discussion: """
            Takes anomalyctl model freeze back. What came meanwhile is not learned from afterwards. The daemon must be \
            running.

            EXAMPLES:
              After a load test:
                anomalyctl model thaw 'web.*'
            """)
    static let action = FeedbackRecord.Action.thaw
    static let outcome = "learns again"

    @OptionGroup var change: ModelChangeOptions
    @OptionGroup(title: "GLOBAL OPTIONS") var common: CommonOptions

    package init() {}
}
