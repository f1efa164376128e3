import ControlProtocol
import ModelFiles

extension FuzzTarget {
    /// A line of the control protocol, as a request and as a reply. What was understood is the same after it was said
    /// again.
    static let control = FuzzTarget(name: "control", longest: 4096) { bytes in
        if let request = try? ControlLine.decodeRequest(bytes) {
            let line = try ControlLine.encode(request)
            try expect(line.firstIndex(of: UInt8(ascii: "\n")) == line.count - 1, "a message is one line")
            let again = try ControlLine.decodeRequest(line)
            try expect(again == request, "a request is the same after it was written: \(request); read as \(again)")
            if case .importModel(let order) = request { _ = try? ModelFile.decode(order.model, name: order.file) }
        }
        if let reply = try? ControlLine.decodeReply(bytes) {
            let again = try ControlLine.decodeReply(ControlLine.encode(reply))
            try expect(again == reply, "a reply is the same after it was written: \(reply); read as \(again)")
        }
    }
}
