import AnomalyConfiguration
import FeedProtocol
import Testing

/// The configuration may not import the decoders, so it repeats their names.
@Test func theConfigurationKnowsEveryFormat() {
    #expect(DaemonConfiguration.Feed.formats == FeedFormat.allCases.map(\.rawValue))
}
