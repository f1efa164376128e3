import Glibc

/// Sends lines to a daemon that comes and goes, as a client should that wants each point stored once: after each
/// restart from the first line on whose storage nobody has confirmed.
struct CarefulSender {
    let lines: [String]
    /// Lines from the first on that a `!synced` has confirmed.
    private(set) var confirmed = 0

    init(_ lines: [String]) { self.lines = lines }

    /// Sends from the first unconfirmed line up to (not including) `end`, in pieces of any length, with `!sync`s at
    /// random places. Does not wait for answers.
    func send(upTo end: Int, to client: FeedClient, using generator: inout SplitMix) throws {
        var text = ""
        var untilSync = 0
        for index in confirmed..<end {
            if untilSync == 0 {
                text += "!sync \(index)\n"
                untilSync = Int.random(in: 20...400, using: &generator)
            }
            untilSync -= 1
            text += lines[index] + "\n"
        }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 1...20_000, using: &generator))
            try client.send(piece)
            rest = rest.dropFirst(piece.count)
        }
    }

    /// Sends all that is left and waits until it is stored.
    mutating func sendRest(to client: FeedClient) throws {
        try client.send(lines[confirmed...].map { $0 + "\n" }.joined())
        try client.sync()
        confirmed = lines.count
    }

    /// Takes note of the confirmations that a daemon has sent before it died.
    mutating func takeAnswers(from client: FeedClient) throws {
        for line in try client.readLines() {
            guard line.hasPrefix("!synced "), let position = Int(line.dropFirst(8)), position >= confirmed else {
                throw HarnessError("unexpected answer to !sync: \(line)")
            }
            confirmed = position
        }
    }
}
