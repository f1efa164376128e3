import AnomalyDaemon
import Foundation
import Testing

/// The journal's catalog explains every message, and nothing else.
@Suite struct DaemonEventTests {
    private static let catalog: String = {
        let root = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        return (try? String(contentsOf: root.appending(path: "systemd/anomalyd.catalog"), encoding: .utf8)) ?? ""
    }()

    @Test func theCatalogKnowsEachOfThem() {
        let known = Self.catalog.split(separator: "\n").filter { $0.hasPrefix("-- ") }.map { String($0.dropFirst(3)) }
        #expect(known == DaemonEvent.allCases.map(\.id))
        for event in DaemonEvent.allCases {
            #expect(Self.catalog.contains("-- \(event.id)\nSubject: anomalyd: \(event.text)\n"), "\(event.text)")
        }
    }

    @Test func identifiersAreUniqueAndWellFormed() {
        #expect(Set(DaemonEvent.allCases.map(\.id)).count == DaemonEvent.allCases.count)
        for event in DaemonEvent.allCases { #expect(event.id.wholeMatch(of: #/[0-9a-f]{32}/#) != nil) }
    }

    @Test func fieldsOfTheJournal() {
        #expect(JournalLog.field("stream") == "ANOMALYD_STREAM")
        #expect(JournalLog.field("feed.max_connections") == "ANOMALYD_FEED_MAX_CONNECTIONS")
    }
}
