import AnomalyConfiguration
import ArgumentParser
import FeedProtocol
import Foundation
import PointStore

/// How the program ends when something went wrong: the message on stderr, and an exit status that scripts and
/// `RestartPreventExitStatus=` can act on.
enum ExitStatus: Int32 {
    case failure = 1
    case usage = 2
    case notPermitted = 5
    case damaged = 6

    static func exit(for error: any Error) -> Never {
        switch error {
        case let error as ConfigurationError:
            complain("\(error)")
            Foundation.exit(usage.rawValue)
        case let error as FeedLineError:
            complain("anomalyd: --stream: \(error.message)")
            Foundation.exit(usage.rawValue)
        case let error as StoreError:
            complain("anomalyd: \(error)")
            Foundation.exit(status(of: error).rawValue)
        default:
            let code = Anomalyd.exitCode(for: error)
            if code.isSuccess || code == .validationFailure {
                let text = Anomalyd.fullMessage(for: error)
                if code.isSuccess { print(text) } else { complain(text) }
                Foundation.exit(code.isSuccess ? 0 : usage.rawValue)
            }
            complain("anomalyd: \(error)")
            Foundation.exit(failure.rawValue)
        }
    }

    private static func status(of error: StoreError) -> ExitStatus {
        switch error.cause {
        case .notPermitted: .notPermitted
        case .damaged, .foreign, .newer, .newerCheckpoint: .damaged
        default: .failure
        }
    }

    private static func complain(_ text: String) {
        FileHandle.standardError.write(Data((text + "\n").utf8))
    }
}
