import Synchronization

/// Keeps the board while pages look at it, and makes a new one when there is news: by a tenth of a core at most, however
/// many look.
actor BoardKeeper {
    /// A board with its number, which a new one does not share.
    struct Numbered: Sendable {
        var board: StreamBoard
        var number: Int
    }

    /// Time without a question after which it is given up.
    private static let rest = Duration.seconds(60)
    /// Age up to which it is shown as it is, in how many times what making it took; and in any case.
    private static let dear = 10
    private static let young = Duration.milliseconds(500)
    /// Age from which on nobody is shown it.
    private static let old = Duration.seconds(30)

    private let make: @Sendable () async throws -> StreamBoard
    private let commits: @Sendable () -> Int64
    private var kept: (numbered: Numbered, made: ContinuousClock.Instant, cost: Duration, commits: Int64)?
    private var making: Task<Numbered, any Error>?
    private var made = 0
    private var lastUse = ContinuousClock.now
    private var isResting = false
    /// What was made of the board that is kept.
    private var answers: [String: [UInt8]] = [:]
    private static let mostAnswers = 16

    /// - Parameter commits: how many there have been.
    init(commits: @escaping @Sendable () -> Int64, make: @escaping @Sendable () async throws -> StreamBoard) {
        self.commits = commits
        self.make = make
    }

    /// The board, which may be some seconds old.
    func board() async throws -> Numbered {
        lastUse = .now
        restSoon()
        guard let kept else { return try await fresh() }
        let age = ContinuousClock.now - kept.made
        let isNews = commits() != kept.commits
        guard isNews, age > max(Self.young, kept.cost * Self.dear) else { return kept.numbered }
        if age > Self.old { return try await fresh() }
        // Who asks now is not kept waiting: a page asks again.
        if making == nil { Task { _ = try? await self.fresh() } }
        return kept.numbered
    }

    /// What was made before of the board of this number, by its name.
    func answer(_ name: String, of number: Int) -> [UInt8]? {
        kept?.numbered.number == number ? answers[name] : nil
    }

    func keep(_ answer: [UInt8], as name: String, of number: Int) {
        guard kept?.numbered.number == number, answers.count < Self.mostAnswers else { return }
        answers[name] = answer
    }

    private func fresh() async throws -> Numbered {
        if let making { return try await making.value }
        let (begun, seen) = (ContinuousClock.now, commits())
        made += 1
        let number = made
        let task = Task { [make] in Numbered(board: try await make(), number: number) }
        making = task
        defer { making = nil }
        let numbered = try await task.value
        kept = (numbered, .now, .now - begun, seen)
        answers = [:]
        return numbered
    }

    private func restSoon() {
        if isResting { return }
        isResting = true
        Task { [weak self] in
            while await self?.rested() == false { try? await Task.sleep(for: Self.rest) }
        }
    }

    private func rested() -> Bool {
        guard lastUse + Self.rest <= .now else { return false }
        (kept, answers, isResting) = (nil, [:], false)
        return true
    }
}
