import Foundation
import Synchronization
import Systemd

/// Lets feed connections outlive the process. The service manager keeps their descriptors, and when the daemon stops in
/// good order, a file in memory that says what each is in the middle of: the next process goes on there, and no client
/// sees an error, loses a line or has one stored twice.
///
/// A process that dies leaves the descriptors only. Nobody knows then what it had read and not stored, so a client that
/// has ever asked for `!synced` must hear of it: its descriptor is kept only while the daemon stops, and otherwise its
/// connection breaks as it would without us. Those of senders that never ask come back, without the rest of the line that
/// they are in.
final class ConnectionStore: Sendable {
    /// What the file in memory is kept under.
    private static let stateName = "state"
    /// Before the number of a connection in what it is kept under. Short, as the manager puts the names of all into one
    /// environment variable, for which Linux has 128 KiB.
    private static let prefix = "c"
    /// Time that the manager has to take in what it shall keep or drop.
    private static let patience = Duration.seconds(10)

    private enum Order {
        case keep(Int32, name: String)
        case drop(name: String)
        case call(@Sendable () -> Void)
    }

    private let notifier: Notifier
    /// Descriptors that the manager has room for.
    private let room: Mutex<Int>
    private let orders = Monitor<[Order]>([])

    /// Nil where the service manager keeps no descriptors.
    ///
    /// - Parameter kept: how many it keeps already.
    init?(_ notifier: Notifier, kept: Int) {
        guard notifier.address != nil, Notifier.storeCapacity > 0 else { return nil }
        self.notifier = notifier
        // One is for the file.
        room = Mutex(Notifier.storeCapacity - 1 - kept)
        // A thread, as the manager may be slow to take a message, which event loops must not wait for.
        StageThread.start("connections") { [orders, notifier] in
            while true {
                let next = orders.wait(for: { !$0.isEmpty }) { orders in
                    defer { orders = [] }
                    return orders
                }
                for order in next { Self.carryOut(order, notifier) }
            }
        }
    }

    private static func carryOut(_ order: Order, _ notifier: Notifier) {
        switch order {
        case .keep(let descriptor, let name):
            notifier.store(descriptor, name: name)
            close(descriptor)
        case .drop(let name): notifier.unstore(name: name)
        case .call(let body): body()
        }
    }

    /// What a connection is kept under.
    static func name(ofConnection number: Int) -> String { prefix + String(number, radix: 36) }

    /// The number of the connection that is kept under a name; nil if it is no such name.
    static func number(ofName name: String) -> Int? {
        name.hasPrefix(prefix) ? Int(name.dropFirst(prefix.count), radix: 36) : nil
    }

    /// Lets the manager keep a connection.
    ///
    /// - Parameter descriptor: a duplicate, which is closed here.
    /// - Returns: false if there is no room, and the descriptor is closed.
    func keep(_ descriptor: Int32, name: String) -> Bool {
        let hasRoom = room.withLock { room in
            guard room > 0 else { return false }
            room -= 1
            return true
        }
        guard hasRoom else {
            close(descriptor)
            return false
        }
        orders.change { $0.append(.keep(descriptor, name: name)) }
        return true
    }

    /// Lets the manager drop a connection that it keeps.
    func drop(name: String) {
        room.withLock { $0 += 1 }
        orders.change { $0.append(.drop(name: name)) }
    }

    /// Waits until the manager has acted on all that it was asked for.
    func settle() async {
        await withCheckedContinuation { continuation in
            orders.change { [notifier] orders in
                orders.append(
                    .call {
                        notifier.barrier(within: Self.patience)
                        continuation.resume()
                    })
            }
        }
    }

    // MARK: From one process to the next

    /// Leaves all connections to the next process; they are closed here. To be called when all that was read from them
    /// is stored, and they are sealed. It is done when ``settle()`` returns.
    ///
    /// - Parameter gathered: samples whose interval is not over.
    /// - Throws: if what they are in the middle of can't be kept; then they end here.
    func handOver(_ listeners: Listeners, _ gathered: SavedSamples?) async throws {
        let left = await listeners.onEachConnection(FeedHandler.leave).compactMap { $0 }
        // The file first: a connection without it would count as one whose process has died.
        do {
            let saved = SavedConnections(connections: left.map(\.saved), statsD: gathered)
            let file = try MemoryFile.make("anomalyd connections", try saved.encoded())
            orders.change { $0.append(.keep(file, name: Self.stateName)) }
        } catch {
            for (saved, copy) in left {
                if case .caller(let descriptor) = copy { close(descriptor) } else { drop(name: saved.name) }
            }
            throw error
        }
        for (saved, copy) in left {
            if case .caller(let descriptor) = copy { _ = keep(descriptor, name: saved.name) }
        }
    }

    /// A connection that the process before has left.
    struct Heirloom {
        var descriptor: Int32
        /// What it is kept under.
        var name: String
        var number: Int
        /// What it is in the middle of; nil if nobody knows.
        var saved: SavedConnection?
    }

    /// All that the process before has left.
    struct Inheritance {
        var connections: [Heirloom]
        /// Samples whose interval was not over.
        var statsD: SavedSamples?
    }

    /// Whether a passed descriptor is one that ``inherit(_:_:)`` takes over.
    static func hasKept(_ socket: PassedSocket) -> Bool {
        isFile(socket) || socket.kind == .connection && number(ofName: socket.name) != nil
    }

    private static func isFile(_ socket: PassedSocket) -> Bool { socket.kind == .other && socket.name == stateName }

    /// Takes over what was passed; the file is used up, so that a later process does not go by it, too.
    static func inherit(_ passed: [PassedSocket], _ notifier: Notifier) -> Inheritance {
        var gathered: SavedSamples?
        var saved: [String: SavedConnection] = [:]
        for file in passed where isFile(file) {
            let connections = (try? MemoryFile.read(file.descriptor)).flatMap(SavedConnections.decoded)
            for connection in connections?.connections ?? [] { saved[connection.name] = connection }
            gathered = connections?.statsD
            close(file.descriptor)
            notifier.unstore(name: stateName)
            // Before anything is read from the connections: a process that died behind that would leave both.
            notifier.barrier(within: patience)
        }
        let connections: [Heirloom] = passed.compactMap { socket in
            guard socket.kind == .connection, let number = number(ofName: socket.name) else { return nil }
            return Heirloom(
                descriptor: socket.descriptor, name: socket.name, number: number, saved: saved[socket.name])
        }
        return Inheritance(connections: connections, statsD: gathered)
    }
}
