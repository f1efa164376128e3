import Foundation

/// Answers on their way to stdout, written by a thread of their own, so that a reader who does not read holds up
/// neither the commits nor, for a while, the input.
final class AnswerPipe: Sendable {
    /// Bytes that may wait, or be promised, before whoever asks for more answers must wait.
    static let capacity = 16 << 20

    private enum Item {
        case bytes([UInt8])
        case call(@Sendable () -> Void)

        var weight: Int {
            switch self {
            case .bytes(let bytes): bytes.count
            case .call: 0
            }
        }
    }

    private struct Contents {
        var items: [Item] = []
        var weight = 0
    }

    private let contents = Monitor(Contents())

    init() {
        StageThread.start("answers") { [contents] in
            while true {
                let items = contents.wait(for: { !$0.items.isEmpty }) { contents in
                    defer { contents.items = [] }
                    return contents.items
                }
                for item in items {
                    switch item {
                    case .bytes(let bytes): Self.write(bytes)
                    case .call(let body): body()
                    }
                    contents.change { $0.weight -= item.weight }
                }
            }
        }
    }

    /// Writes lines that `waitForRoom` has made room for. Never waits.
    func send(_ lines: [UInt8]) { add(.bytes(lines)) }

    /// Calls `body` once all answers before it have been written.
    func whenWritten(_ body: @escaping @Sendable () -> Void) { add(.call(body)) }

    /// Waits until there is room for more, and keeps it for so many bytes, which need not be known yet.
    func waitForRoom(for bytes: Int) { contents.wait(for: { $0.weight < Self.capacity }) { $0.weight += bytes } }

    private func add(_ item: Item) { contents.change { $0.items.append(item) } }

    private static func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno != EINTR {
                // Nobody listens on stdout any more, which is no reason to stop (SIGPIPE is ignored).
                return
            }
        }
    }
}
