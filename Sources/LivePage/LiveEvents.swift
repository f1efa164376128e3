import Synchronization

/// Tells open pages that something was committed: at once, but a few times a second at most, and every now and then that
/// the connection is alive. A page that is slow to listen hears of the newest commit only.
final class LiveEvents: Sendable {
    /// Pages that may listen at once.
    static let most = 64
    /// Shortest time between two events, and the longest.
    private static let pause = Duration.milliseconds(250)
    private static let beat = Duration.seconds(15)

    /// Calls back once when there has been another commit than the given number of them, which is at once if there has
    /// been already. Returns what cancels it.
    typealias Wait =
        @Sendable (
            _ after: Int64?, _ committed: @escaping @Sendable (_ commits: Int64) -> Void
        ) -> @Sendable () -> Void

    private struct State {
        var listeners: [Int: AsyncStream<Int64>.Continuation] = [:]
        var known = 0
        var commits: Int64?
        var cancel: (@Sendable () -> Void)?
        /// Which wait is the one that counts.
        var turn = 0
        var isBeating = false
        var isClosed = false
    }

    private let wait: Wait
    private let state = Mutex(State())

    init(wait: @escaping Wait) { self.wait = wait }

    /// The numbers of commits as they grow; the first one comes soon. Nil if too many listen.
    func listen() -> AsyncStream<Int64>? {
        let (stream, continuation) = AsyncStream<Int64>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let place = state.withLock { state -> (number: Int, isFirst: Bool)? in
            guard !state.isClosed, state.listeners.count < Self.most else { return nil }
            state.known += 1
            state.listeners[state.known] = continuation
            if let commits = state.commits { continuation.yield(commits) }
            return (state.known, state.listeners.count == 1)
        }
        guard let place else { return nil }
        continuation.onTermination = { [weak self] _ in self?.leave(place.number) }
        if place.isFirst {
            arm()
            beat()
        }
        return stream
    }

    /// How many pages listen.
    var count: Int { state.withLock { $0.listeners.count } }

    /// Ends all streams, and gives out no more.
    func close() {
        let (listeners, cancel) = state.withLock { state in
            state.isClosed = true
            return (Array(state.listeners.values), state.cancel)
        }
        cancel?()
        for listener in listeners { listener.finish() }
    }

    private func leave(_ number: Int) {
        let cancel = state.withLock { state -> (@Sendable () -> Void)? in
            state.listeners[number] = nil
            guard state.listeners.isEmpty else { return nil }
            // The next page must not be told an old number.
            state.commits = nil
            state.turn += 1
            defer { state.cancel = nil }
            return state.cancel
        }
        cancel?()
    }

    /// Waits for the next commit.
    private func arm() {
        let next = state.withLock { state -> (turn: Int, after: Int64?)? in
            guard !state.isClosed, !state.listeners.isEmpty else { return nil }
            state.turn += 1
            return (state.turn, state.commits)
        }
        guard let next else { return }
        let cancel = wait(next.after) { [weak self] commits in self?.committed(commits, next.turn) }
        state.withLock { state in
            // It may have been answered already.
            if state.turn == next.turn { state.cancel = cancel }
        }
    }

    private func committed(_ commits: Int64, _ turn: Int) {
        let listeners = state.withLock { state -> [AsyncStream<Int64>.Continuation] in
            guard state.turn == turn else { return [] }
            state.commits = commits
            return Array(state.listeners.values)
        }
        if listeners.isEmpty { return }
        for listener in listeners { listener.yield(commits) }
        Task { [weak self] in
            try? await Task.sleep(for: Self.pause)
            guard let self, self.state.withLock({ $0.turn == turn }) else { return }
            self.arm()
        }
    }

    private func beat() {
        let isFirst = state.withLock { state in
            defer { state.isBeating = true }
            return !state.isBeating
        }
        guard isFirst else { return }
        Task { [weak self] in
            while true {
                try? await Task.sleep(for: Self.beat)
                guard let self else { return }
                let (listeners, commits) = state.withLock { state in
                    state.isBeating = !state.listeners.isEmpty
                    return (Array(state.listeners.values), state.commits)
                }
                if listeners.isEmpty { return }
                for listener in listeners { listener.yield(commits ?? 0) }
            }
        }
    }
}
