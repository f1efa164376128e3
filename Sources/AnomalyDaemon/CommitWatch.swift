import ControlProtocol

/// Those who wait for the next commit, as `anomalyctl query -f` does.
final class CommitWatch: Sendable {
    typealias Answer = @Sendable (ControlReply) -> Void

    private struct State {
        var commits: Int64 = 0
        var asked = 0
        var waiting: [Int: Answer] = [:]
    }

    private let state = Monitor(State())
    private let database: String

    init(database: String) { self.database = database }

    /// Something was committed, by the thread that calls.
    func committed() {
        let (waiting, commits) = state.with { state -> ([Answer], Int64) in
            state.commits += 1
            defer { state.waiting = [:] }
            return (Array(state.waiting.values), state.commits)
        }
        for answer in waiting { answer(said(commits)) }
    }

    /// - Parameters:
    ///   - after: what the last answer said; another number of commits is answered at once.
    ///   - most: so many may wait; one more is refused, as each takes a connection that somebody else may need.
    ///   - answer: called once, on any thread, unless it is cancelled.
    /// - Returns: what cancels it.
    func wait(after: Int64?, most: Int, answer: @escaping Answer) -> Int {
        let (number, reply) = state.with { state -> (Int, ControlReply?) in
            state.asked += 1
            if state.commits != after { return (state.asked, said(state.commits)) }
            if state.waiting.count >= most {
                let message = "\(most) clients wait for commits already"
                return (state.asked, .error(ControlError(code: .unavailable, message: message)))
            }
            state.waiting[state.asked] = answer
            return (state.asked, nil)
        }
        if let reply { answer(reply) }
        return number
    }

    func cancel(_ number: Int) { state.with { $0.waiting[number] = nil } }

    private func said(_ commits: Int64) -> ControlReply {
        .commit(CommitReply(commits: commits, database: database))
    }
}
