import HTTPTypes
import NIOPosix
import PointStore
import Synchronization

/// Reads the database for requests: on threads of its own, with connections that only read, few at a time. Whoever asks
/// waits for those before; when too many do, or one takes too long, it is told.
///
/// Threads and connections are there while somebody asks, and gone a minute after.
final class StorePool: Sendable {
    /// Requests that may wait for those that are worked on.
    static let mostWaiting = 64
    /// Pages of the file that a connection keeps in memory, in KiB: few, as the kernel has them, too, and each commit of the
    /// daemon's makes SQLite forget them.
    private static let cache = 128
    /// Longest work for one request.
    static let limit = Duration.seconds(10)
    /// Time without a request after which the connections are closed.
    private static let rest = Duration.seconds(60)

    private struct State {
        var idle: [StoreReader] = []
        var asked = 0
        var isClosed = false
        var lastUse = ContinuousClock.now
        var isResting = false
    }

    private let path: String
    private let workers: Int
    private let threads: NIOThreadPool
    private let state = Mutex(State())

    /// - Parameters:
    ///   - path: of the database.
    ///   - workers: requests that are worked on at once.
    init(path: String, workers: Int) {
        self.path = path
        self.workers = workers
        threads = NIOThreadPool(numberOfThreads: workers)
        threads.start()
    }

    /// Runs `body` with a connection.
    ///
    /// - Parameter body: gets when it must be done; it should look at that between pieces of work.
    /// - Throws: ``PageError`` if too many wait or it takes too long, `StoreError`, and what `body` throws.
    func read<Answer: Sendable>(
        _ body: @escaping @Sendable (_ store: StoreReader, _ deadline: Deadline) throws -> Answer
    ) async throws -> Answer {
        let mayWait = state.withLock { state in
            guard !state.isClosed, state.asked < workers + Self.mostWaiting else { return false }
            state.asked += 1
            return true
        }
        guard mayWait else { throw PageError(.serviceUnavailable, "too many requests at once; ask again in a moment") }
        defer {
            state.withLock {
                $0.asked -= 1
                $0.lastUse = .now
            }
            restSoon()
        }
        // What waits in the queue counts, too.
        let deadline = Deadline(.now + Self.limit)
        return try await threads.runIfActive { [self] in
            try deadline.check()
            let store = try take()
            let answer = Result { try body(store, deadline) }
            give(back: store)
            return try answer.get()
        }
    }

    /// Ends the threads; requests are refused from now on.
    func close() async {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { state.idle = [] }
            return state.idle
        }
        for store in idle { try? store.close() }
        try? await threads.shutdownGracefully()
    }

    private func take() throws -> StoreReader {
        if let store = state.withLock({ $0.idle.popLast() }) {
            // After damage, the database of this path is another one.
            if !store.isReplaced { return store }
            try? store.close()
        }
        return try StoreReader(path: path, cache: Self.cache)
    }

    private func give(back store: StoreReader) {
        let isKept = state.withLock { state in
            guard !state.isClosed, state.idle.count < workers else { return false }
            state.idle.append(store)
            return true
        }
        if !isKept { try? store.close() }
    }

    private func restSoon() {
        let isFirst = state.withLock { state in
            defer { state.isResting = true }
            return !state.isResting && !state.isClosed
        }
        guard isFirst else { return }
        Task { [weak self] in
            while let self, !self.rested() { try? await Task.sleep(for: Self.rest) }
        }
    }

    /// Closes the connections if nobody asked for long.
    private func rested() -> Bool {
        let idle = state.withLock { state -> [StoreReader]? in
            if state.isClosed { return [] }
            guard state.asked == 0, state.lastUse + Self.rest <= .now else { return nil }
            state.isResting = false
            defer { state.idle = [] }
            return state.idle
        }
        guard let idle else { return false }
        for store in idle { try? store.close() }
        return true
    }
}

/// When the work for a request must be done.
struct Deadline: Sendable {
    private let end: ContinuousClock.Instant

    init(_ end: ContinuousClock.Instant) { self.end = end }

    /// - Throws: ``PageError`` if it is over.
    func check() throws(PageError) {
        if ContinuousClock.now < end { return }
        throw PageError(.serviceUnavailable, "this took longer than 10 seconds; ask for a shorter range of time")
    }
}
