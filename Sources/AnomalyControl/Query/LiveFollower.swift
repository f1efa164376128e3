import AnomalyDetection
package import ControlProtocol
import Glibc
import PointStore
import Presentation

/// Prints points as soon as the daemon has scored them, until nobody reads them any more.
package struct LiveFollower {
    private let client: ControlClient
    private let request: FollowRequest
    /// Told of points that were left out, as they came faster than they were read.
    private let note: (String) -> Void

    package init(_ client: ControlClient, _ request: FollowRequest, note: @escaping (String) -> Void) {
        self.client = client
        self.request = request
        self.note = note
    }

    /// Does not return.
    ///
    /// - Throws: `Failure` when the daemon can't be asked, or ends; `OutputClosed` when the reader has gone.
    package func run(printer: inout PointPrinter) throws -> Never {
        let connection = try client.connect()
        defer { close(connection) }
        let line = try ControlLine.encode(ControlRequest.follow(request))
        guard Glibc.send(connection, line, line.count, Int32(MSG_NOSIGNAL)) == line.count else { throw ended }
        var received: [UInt8] = []
        while true {
            try printer.output.flush()
            guard try printer.output.sleep(milliseconds: 5000, or: connection) else { continue }
            try receive(from: connection, to: &received)
            while let end = received.firstIndex(of: UInt8(ascii: "\n")) {
                let line = Array(received[..<end])
                received.removeSubrange(...end)
                try print(ControlLine.decodeReply(line), to: &printer)
            }
        }
    }

    private func print(_ reply: ControlReply, to printer: inout PointPrinter) throws {
        switch reply {
        case .follow(let reply):
            if reply.missed > 0 { note("\(NumberText.grouped(reply.missed)) points came too fast to be shown") }
            for point in reply.points {
                printer.add([
                    StreamRecord(id: point.id, name: point.stream, channels: point.channels.count, created: 0)
                ])
                try printer.print(StoredPoint(point))
            }
        case .error(let error) where error.code == .unknownRequest:
            throw Failure(
                .failure, "the daemon at \(client.path) can't be followed live: it is of an older version",
                hint: "restart it after the upgrade; try: systemctl restart anomalyd")
        case .error(let error): throw Failure(.failure, "the daemon at \(client.path) refuses: \(error.message)")
        default: throw Failure(.failure, "the daemon at \(client.path) answers another question than it was asked")
        }
    }

    private func receive(from connection: Int32, to received: inout [UInt8]) throws(Failure) {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(connection, &chunk, chunk.count, Int32(MSG_DONTWAIT))
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        guard count > 0, received.count < ControlLine.maxLength else { throw ended }
        received += chunk[..<count]
    }

    private var ended: Failure {
        Failure(
            .daemonNotRunning, "the daemon at \(client.path) has ended the connection",
            hint: "is the daemon running? try: systemctl start anomalyd")
    }
}

extension StoredPoint {
    /// What a daemon says of a point; what it leaves out, or a newer one says in addition, is nothing here.
    fileprivate init(_ point: FollowReply.Point) {
        self.init(
            stream: point.id, sequence: point.sequence, time: point.time, score: point.score ?? .nan,
            flags: PointFlags(rawValue: .init(truncatingIfNeeded: point.flags)),
            channels: point.channels.map { channel in
                func number(_ place: Int) -> Double { (place < channel.count ? channel[place] : nil) ?? .nan }
                return ChannelVerdict(
                    value: number(0), prediction: number(1), lower: number(2), upper: number(3), residual: number(4))
            })
    }
}
