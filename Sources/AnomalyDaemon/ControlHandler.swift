import AnomalyConfiguration
import ControlProtocol
import FeedProtocol
import Logging
import NIOCore

/// One control connection: a request a line, a reply a line, one after the other.
///
/// It reads no further while a request is being worked on or its reply has not left, keeps at most one request, and
/// ends when a request does not become whole, or its reply is not read, in time.
final class ControlHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What all control connections share.
    struct Surroundings: Sendable {
        var configuration: DaemonConfiguration.Control
        /// Who may change something.
        var operators: AccessList
        var status: @Sendable () -> DaemonStatus
        var metrics: MetricsReporter
        var models: ModelImport
        var hindsight: HindsightIntake
        var feedback: FeedbackIntake
        var alerts: AlertInbox
        var vacuum: VacuumIntake
        var commits: CommitWatch
        var followers: VerdictFollowers
        var refusals: RefusalLog
        var logger: Logger
    }

    /// Longest request of a peer that may only ask, in bytes.
    private static let longestQuestion = 4096

    private let daemon: Surroundings
    private let peer: Peer
    private let mayChange: Bool
    private let longest: Int
    private var received: [UInt8] = []
    /// How many of them are known to be no line feed: a line of megabytes comes in many pieces.
    private var scanned = 0
    /// The line that is coming was refused as too long; its rest is thrown away.
    private var isSkipping = false
    private var context: ChannelHandlerContext?
    /// A request is being worked on.
    private var isWorking = false
    /// A reply has not left yet.
    private var isReplying = false
    private var wantsRead = false
    private var inputClosed = false
    private var timeout: Scheduled<Void>?
    /// What ends the wait for a commit, once there was one.
    private var watching: Int?
    /// What ends the telling of points.
    private var following: Int?

    init(_ daemon: Surroundings, peer: Peer) {
        self.daemon = daemon
        self.peer = peer
        mayChange = daemon.operators.admits(peer)
        longest = mayChange ? daemon.configuration.maxRequest : Self.longestQuestion
    }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        startTimeout(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        timeout?.cancel()
        if let watching { daemon.commits.cancel(watching) }
        if let following { daemon.followers.remove(following) }
        context.fireChannelInactive()
    }

    func read(context: ChannelHandlerContext) {
        if isWorking || isReplying { wantsRead = true } else { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.append(contentsOf: unwrapInboundIn(data).readableBytesView)
        answerNext(context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            inputClosed = true
            answerNext(context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    // MARK: Requests

    private func answerNext(_ context: ChannelHandlerContext) {
        if isWorking || isReplying { return }
        guard let end = received[scanned...].firstIndex(of: UInt8(ascii: "\n")) else {
            scanned = received.count
            if isSkipping || scanned > longest { skip(context) }
            if inputClosed, !isReplying { context.close(promise: nil) }
            return
        }
        let line = Array(received[..<end])
        received.removeSubrange(...end)
        scanned = 0
        // What made room for a model is not kept for the next question.
        if received.isEmpty { received = [] }
        if isSkipping {
            isSkipping = false
            return answerNext(context)
        }
        if line.count > longest { return refuseLength(context) }
        answer(line, context)
    }

    /// Throws away what has come of a line that is too long, and says so once.
    private func skip(_ context: ChannelHandlerContext) {
        received = []
        scanned = 0
        if isSkipping { return }
        isSkipping = true
        refuseLength(context)
    }

    private func refuseLength(_ context: ChannelHandlerContext) {
        daemon.refusals.refuse(
            .controlRequest, peer, ["expected": "a request of at most \(longest) bytes (control.max_request)"])
        reply(
            .error(
                mayChange
                    ? ControlError(
                        code: .badRequest,
                        message: "the request has more than \(longest) bytes, which are allowed (control.max_request)")
                    : notPermitted("send a request of more than \(longest) bytes")), context)
    }

    private func answer(_ line: [UInt8], _ context: ChannelHandlerContext) {
        do throws(ControlError) {
            switch try ControlLine.decodeRequest(line) {
            case .status: reply(.status(daemon.status()), context)
            case .metrics: reply(.metrics(MetricsReply(families: daemon.metrics.families())), context)
            case .awaitCommit(let request):
                // Half of the connections stay free for others.
                watching = daemon.commits.wait(
                    after: request.after, most: daemon.configuration.maxConnections / 2, answer: answerer(context))
            case .follow(let request):
                following = try daemon.followers.add(
                    request, most: daemon.configuration.maxConnections / 2, send: sender(context))
                isWorking = true
            case .importModel(let request):
                try permit("import a model", ["streams": "\(request.streams.joined(separator: " "))"])
                daemon.models.take(request, answer: answerer(context))
            case .hindsight(let request):
                // A run comes in many pieces; the first one is news.
                try permit("store hindsight", request.begin == nil ? nil : ["streams": "\(request.stream)"])
                daemon.hindsight.take(request, answer: answerer(context))
            case .testAlerts(let request):
                try permit("test sinks", ["sink": "\(request.sink ?? "all")"])
                let trial = AlertTrial(sink: request.sink, answer: answerer(context))
                daemon.alerts.add { $0.tests.append(trial) }
            case .vacuum(let request):
                try permit("make the database small", request.begin ? [:] : nil)
                daemon.vacuum.take(request, answer: answerer(context))
            case .feedback(let request):
                try permit(
                    "say \(request.action.prefix(40))",
                    Self.detail(of: request))
                daemon.feedback.take(request, user: peer.uid, answer: answerer(context))
            }
        } catch {
            reply(.error(error), context)
        }
    }

    /// Lets the peer change something, and logs that it does.
    ///
    /// - Parameter detail: what it is done to; nil if it is not worth a message.
    /// - Throws: `ControlError` with `notPermitted`.
    private func permit(_ action: String, _ detail: Logger.Metadata?) throws(ControlError) {
        guard mayChange else {
            daemon.refusals.refuse(
                .controlPeer, peer,
                ["expected": "a user or group in control.allow_users or control.allow_groups", "asked": "\(action)"])
            throw notPermitted(action)
        }
        guard let detail else { return }
        daemon.logger.tell(.changing, detail.merging(peer.metadata) { $1 }.merging(["asked": "\(action)"]) { $1 })
    }

    /// What the log says of what somebody says.
    static func detail(of request: FeedbackRequest) -> Logger.Metadata {
        func time(_ time: Int64?) -> Logger.MetadataValue? { time.map { "\(RFC3339.string($0))" } }
        let optional: [String: Logger.MetadataValue?] = [
            "anomaly": request.anomaly.map { "\($0)" }, "snapshot": request.snapshot.map { "\($0)" },
            "since": time(request.since), "until": time(request.until),
            "rule": request.rule.map { "\($0.prefix(200))" },
        ]
        return optional.compactMapValues(\.self).merging([
            "streams": "\(request.stream)", "message": "\(request.message.prefix(200))",
        ]) { $1 }
    }

    private func notPermitted(_ action: String) -> ControlError {
        ControlError(
            code: .notPermitted,
            message:
                "\(peer.uid.map { "uid \($0)" } ?? "a client without a user") may not \(action), expected a user or "
                + "group in control.allow_users or control.allow_groups")
    }

    // MARK: Replies

    /// What gives the answer to the request at hand, from any thread.
    private func answerer(_ context: ChannelHandlerContext) -> @Sendable (ControlReply) -> Void {
        isWorking = true
        let loop = context.eventLoop
        let handler = NIOLoopBound(self, eventLoop: loop)
        return { answer in
            loop.execute {
                let handler = handler.value
                handler.isWorking = false
                if let context = handler.context { handler.reply(answer, context) }
            }
        }
    }

    /// What sends lines from any thread.
    private func sender(_ context: ChannelHandlerContext) -> VerdictFollowers.Send {
        let loop = context.eventLoop
        let handler = NIOLoopBound(self, eventLoop: loop)
        return { line, left in
            loop.execute {
                guard let context = handler.value.context else { return left() }
                let buffer = context.channel.allocator.buffer(bytes: line)
                context.writeAndFlush(handler.value.wrapOutboundOut(buffer)).whenComplete { _ in left() }
            }
        }
    }

    private func reply(_ reply: ControlReply, _ context: ChannelHandlerContext) {
        guard let bytes = try? ControlLine.encode(reply) else { return context.close(promise: nil) }
        isReplying = true
        let buffer = context.channel.allocator.buffer(bytes: bytes)
        context.writeAndFlush(wrapOutboundOut(buffer)).assumeIsolated().whenSuccess { [self] in
            // In the loop's next round, so that a flood of questions does not keep the feeds waiting.
            context.eventLoop.assumeIsolated().execute { [self] in replyHasLeft() }
        }
    }

    private func replyHasLeft() {
        isReplying = false
        guard let context else { return }
        startTimeout(context)
        answerNext(context)
        if wantsRead, !isWorking, !isReplying {
            wantsRead = false
            context.read()
        }
    }

    /// Gives the peer its time for the next request and for reading the reply.
    private func startTimeout(_ context: ChannelHandlerContext) {
        timeout?.cancel()
        let time = TimeAmount.microseconds(daemon.configuration.timeout)
        timeout = context.eventLoop.assumeIsolated().scheduleTask(in: time) { [self] in
            guard let context = self.context else { return }
            // That it takes long is not the peer's fault then.
            if isWorking { return startTimeout(context) }
            let limit = daemon.configuration.timeout / 1000
            daemon.refusals.refuse(
                .controlTimeout, peer,
                ["expected": "a request, and its reply read, within \(limit) ms (control.timeout)"])
            context.close(promise: nil)
        }
    }
}
