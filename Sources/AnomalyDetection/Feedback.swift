import RecurrentModel

/// What people have said of one stream's anomalies, and what follows from it.
///
/// A *false positive* makes evidence of that kind ask for more from then on: to be rarer than the labelled anomaly was, or
/// ten times rarer than before, whichever is less, so that no label blinds a stream. And its shape is remembered: the same
/// surprise again, not larger by half, is no anomaly whatever its rarity. A *true* one takes such a label back, and what has
/// its shape is held to the plain threshold.
///
/// Saying something twice is the same as saying it once, so that a replay may repeat it.
public struct Feedback: Sendable, Equatable {
    /// A label of one anomaly.
    public struct Label: Sendable, Equatable {
        /// Its `startSequence`.
        public var anomaly: Int64
        public var kind: AnomalyKind
        /// At the peak, in [0, 1].
        public var score: Double
        /// Whether it was one.
        public var isTrue: Bool
        /// The channel that stood out most at the peak.
        public var channel: Int
        /// Its residuals up to the peak, in the stream's units, `shapePoints` of them, 0 for missing ones; or none, if
        /// they say nothing of the anomaly.
        public var shape: [Float]

        public init(
            anomaly: Int64, kind: AnomalyKind, score: Double, isTrue: Bool, channel: Int = 0, shape: [Float] = []
        ) {
            self.anomaly = anomaly
            self.kind = kind
            self.score = score
            self.isTrue = isTrue
            self.channel = channel
            self.shape = shape
        }
    }

    /// Something that is said.
    public enum Act: Sendable, Equatable {
        case label(Label)
        /// Let the network, and the scaling, be as they are.
        case freeze
        /// Let them learn again.
        case thaw
        /// Neither learn from a range of time nor flag what is in it; or do so again.
        case exclude(StandingOrders.Exclusion)
        case include(StandingOrders.Exclusion)
        /// Do not tell of the anomaly that is open, nor of those that begin before a time.
        case mute(until: Int64)
        /// Do not tell of the anomaly with this `startSequence`.
        case muteAnomaly(Int64)
        /// Tell of them again.
        case unmute
        case unmuteAnomaly(Int64)
        /// Let another rule hold for what is an anomaly.
        case rule(ScoreRule)
    }

    /// Residuals in a shape.
    public static let shapePoints = 8
    /// Labels that are remembered; more make the oldest forgotten.
    public static let mostLabels = 32
    /// Decades that one label can raise the threshold of its kind by, and all of them.
    static let mostDecades = 1.0
    static let mostDecadesOfAll = 3.0
    /// Decades by which an anomaly must exceed one that was labelled.
    private static let margin = 0.05
    /// How alike two shapes must be (the cosine of their angle), and how much larger the later one may be.
    private static let likeness = 0.9
    private static let growth = 1.5

    public private(set) var labels: [Label] = []
    public private(set) var isFrozen = false
    /// What holds until it is taken back.
    public internal(set) var orders = StandingOrders()
    /// The last residuals of each channel, oldest first; empty unless a label has a shape.
    private var recent: [Float] = []

    public init() {}

    var isEmpty: Bool { labels.isEmpty && !isFrozen && orders.isEmpty }

    /// - Parameter open: `startSequence` of the anomaly that is open.
    package mutating func take(_ act: Act, channels: Int, open: Int64? = nil) {
        switch act {
        case .freeze: isFrozen = true
        case .thaw: isFrozen = false
        case .exclude, .include, .mute, .muteAnomaly, .unmute, .unmuteAnomaly, .rule: orders.take(act, open: open)
        case .label(let label):
            labels.removeAll { $0.anomaly == label.anomaly }
            labels.append(label)
            if labels.count > Self.mostLabels { labels.removeFirst() }
            if recent.isEmpty, !label.shape.isEmpty {
                recent = Array(repeating: 0, count: channels * Self.shapePoints)
            }
        }
    }

    /// What of it concerns a model that begins anew: not what was said of what others have found.
    var ofAnyModel: Feedback {
        var feedback = self
        feedback.labels = []
        feedback.recent = []
        return feedback
    }

    /// Takes the residual of a channel at the newest point.
    mutating func observe(_ residual: Double, channel: Int) {
        if recent.isEmpty { return }
        let first = channel * Self.shapePoints
        for i in first..<(first + Self.shapePoints - 1) { recent[i] = recent[i + 1] }
        recent[first + Self.shapePoints - 1] = residual.isNaN ? 0 : Float(residual)
    }

    /// Decades that evidence of a kind must have beyond the threshold, at the newest point; infinite if it is to be let go
    /// by.
    package func tolerance(of kind: AnomalyKind?, channel: Int, threshold: Double) -> Double {
        guard let kind, !labels.isEmpty else { return 0 }
        var sum = 0.0
        var isLetBy = false
        for label in labels where label.kind == kind {
            let resembles = label.channel == channel && resembles(label.shape, channel: channel)
            if label.isTrue {
                if resembles { return 0 }
                continue
            }
            isLetBy = isLetBy || resembles
            sum += max(Self.margin, min(Self.mostDecades, label.score * 10 + Self.margin - threshold))
        }
        return isLetBy ? .infinity : min(sum, Self.mostDecadesOfAll)
    }

    private func resembles(_ shape: [Float], channel: Int) -> Bool {
        guard shape.count == Self.shapePoints, recent.count >= (channel + 1) * Self.shapePoints else { return false }
        var (product, now, then) = (0.0, 0.0, 0.0)
        for i in 0..<Self.shapePoints {
            let (a, b) = (Double(recent[channel * Self.shapePoints + i]), Double(shape[i]))
            product += a * b
            now += a * a
            then += b * b
        }
        guard then > 0, now > 0, now <= then * Self.growth * Self.growth else { return false }
        return product >= Self.likeness * (now * then).squareRoot()
    }

    // MARK: State

    func encode(into writer: inout StateWriter) {
        writer.write(isFrozen)
        writer.write(Int64(labels.count))
        for label in labels {
            writer.write(label.anomaly)
            writer.write(UInt8(AnomalyKind.allCases.firstIndex(of: label.kind) ?? 0))
            writer.write(label.score)
            writer.write(label.isTrue)
            writer.write(Int64(label.channel))
            writer.write(label.shape)
        }
        writer.write(recent)
    }

    mutating func decode(from reader: inout StateReader, channels: Int) throws {
        isFrozen = try reader.readBool()
        let count = try reader.readCount("labels")
        guard count <= Int64(Self.mostLabels) else {
            throw StateError.invalid(field: "labels", found: "\(count)", expected: "at most \(Self.mostLabels)")
        }
        labels = try (0..<count).map { _ in
            let anomaly: Int64 = try reader.read()
            let number = Int(try reader.read(UInt8.self))
            guard number < AnomalyKind.allCases.count else {
                throw StateError.invalid(field: "kind of a label", found: "\(number)", expected: "a known one")
            }
            let score = try reader.readDouble()
            let isTrue = try reader.readBool()
            let channel = try reader.readCount("channel of a label")
            guard channel < Int64(channels) else {
                throw StateError.invalid(
                    field: "channel of a label", found: "\(channel)", expected: "less than \(channels)")
            }
            return Label(
                anomaly: anomaly, kind: AnomalyKind.allCases[number], score: score, isTrue: isTrue,
                channel: Int(channel),
                shape: try reader.readArray(of: Float.self, atMost: Self.shapePoints, field: "shape of a label"))
        }
        recent = try reader.readArray(of: Float.self, atMost: channels * Self.shapePoints, field: "recent residuals")
        guard recent.isEmpty || recent.count == channels * Self.shapePoints else {
            throw StateError.invalid(
                field: "recent residuals", found: "\(recent.count)", expected: "\(channels * Self.shapePoints)")
        }
    }
}
