import Foundation
import Synchronization

/// Work on a thread of its own, while this one shows how far it is.
final class BackgroundWork<Step: Sendable, Outcome: Sendable>: Sendable {
    private struct State {
        var step: Step
        var result: Result<Outcome, any Error>?
    }

    private let state: Mutex<State>

    /// - Parameters:
    ///   - begun: the first step.
    ///   - work: gets a function to tell of each further one.
    init(begun: Step, _ work: @escaping @Sendable (_ report: (Step) -> Void) throws -> Outcome) {
        state = Mutex(State(step: begun))
        Thread { [self] in
            let result = Result { try work { step in state.withLock { $0.step = step } } }
            state.withLock { $0.result = result }
        }.start()
    }

    /// Waits for its end, and calls `show` ten times a second until then.
    ///
    /// - Throws: what the work threw.
    func wait(_ show: (_ step: Step, _ seconds: Double) -> Void) throws -> Outcome {
        let started = ContinuousClock.now
        while true {
            let (step, result) = state.withLock { ($0.step, $0.result) }
            if let result { return try result.get() }
            show(step, (ContinuousClock.now - started) / .seconds(1))
            Thread.sleep(forTimeInterval: started.duration(to: .now) < .milliseconds(100) ? 0.005 : 0.1)
        }
    }
}
