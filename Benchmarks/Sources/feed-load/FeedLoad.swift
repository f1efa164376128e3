import BenchmarkSupport
import Glibc

/// Sends points to a feed socket as fast as it takes them, or at a given rate, and measures until all are committed.
@main
enum FeedLoad {
    static let usage = """
        usage: feed-load --socket PATH [options]
          --streams N      streams (1000)
          --points N       points of each stream (500)
          --connections N  connections, which share the streams (1)
          --rate R         points a second, all streams together (0: as fast as they are taken)
          --seed N         another seed, other series (1)
        Prints lines of "name value". The clock runs from the first byte to the last !synced; cpu_seconds is what the
        generator itself used in that time. All lines are made before: 44 bytes of memory a point.
        """
    /// Pause between two bursts when the rate is limited, in milliseconds.
    static let burst: Int32 = 2
    /// Silence after which the daemon counts as stuck, in milliseconds.
    static let patience: Int32 = 60_000

    static func main() {
        let arguments = Arguments(
            known: ["socket", "streams", "points", "connections", "rate", "seed"], usage: usage)
        let path = arguments.string("socket")
        let streams = arguments.integer("streams", default: 1000)
        let points = arguments.integer("points", default: 500)
        let count = min(streams, arguments.integer("connections", default: 1))
        let rate = Double(arguments.integer("rate", default: 0, least: 0))
        let seed = UInt64(arguments.integer("seed", default: 1, least: 0))

        let begun = Clocks.steady
        var connections = (0..<count).map { number in
            Connection(
                FeedLines(streams: stride(from: number, to: streams, by: count), points: points, seed: seed),
                path: path)
        }
        let total = connections.reduce(0) { $0 + $1.points }
        let cpu = Clocks.cpu
        let start = Clocks.steady
        run(&connections, seconds: rate > 0 ? Double(total) / rate : 0, start: start)
        let seconds = Clocks.steady - start

        var report = Report()
        report.add("points", total)
        report.add("seconds", seconds)
        report.add("points_per_second", Double(total) / seconds)
        report.add("cpu_seconds", Clocks.cpu - cpu)
        report.add("prepare_seconds", start - begun)
        report.write()
    }

    /// Sends all, and returns when every connection's `!sync` is answered.
    ///
    /// - Parameter seconds: time over which the points are spread evenly.
    private static func run(_ connections: inout [Connection], seconds: Double, start: Double) {
        var waits = connections.map { pollfd(fd: $0.descriptor, events: 0, revents: 0) }
        while true {
            let share = seconds > 0 ? min(1, (Clocks.steady - start) / seconds) : 1
            var isDone = true
            for index in connections.indices {
                if connections[index].hasDue(share) { connections[index].send(share) }
                var events = connections[index].isSynced ? 0 : POLLIN
                if connections[index].hasDue(share) { events |= POLLOUT }
                waits[index].events = Int16(events)
                isDone = isDone && connections[index].isSynced
            }
            if isDone { return }
            let isPaced = connections.contains { !$0.isSent } && seconds > 0
            let ready = poll(&waits, nfds_t(waits.count), isPaced ? burst : patience)
            if ready < 0 && errno != EINTR { Failure.end("cannot wait for the sockets", errno: errno) }
            if ready == 0 && !isPaced {
                Failure.end("for \(patience / 1000) s the daemon has neither read nor answered !sync: it is stuck")
            }
            for index in connections.indices where waits[index].revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 {
                if !connections[index].isSynced { connections[index].receive() }
            }
        }
    }
}
