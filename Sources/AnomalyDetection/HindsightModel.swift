public import RecurrentModel

/// A bidirectional network that fills in what is masked, and the limits of the series that it has learned from.
public struct HindsightModel: Sendable, Equatable {
    public let cell: CellKind
    public let hidden: Int
    public let layers: Int
    public let window: Int
    /// One for each channel of the stream.
    public let limits: [HindsightLimits]
    /// The flat buffer of `network`.
    public let parameters: [Float]

    /// - Precondition: the parameters are as many as the network's.
    public init(
        cell: CellKind, hidden: Int, layers: Int, window: Int, limits: [HindsightLimits], parameters: [Float]
    ) {
        self.cell = cell
        self.hidden = hidden
        self.layers = layers
        self.window = window
        self.limits = limits
        self.parameters = parameters
        precondition(parameters.count == network.layout.count, "the parameters are those of another network")
    }

    public var channels: Int { limits.count }

    /// Not `gaussian`, to measure residuals by how sure the network is: it learns to be unsure around what is strange,
    /// and a holiday that it has not foreseen then counts for little.
    public static let loss = LossKind.huber

    public var shape: NetworkShape {
        Self.shape(cell: cell, hidden: hidden, layers: layers, channels: channels)
    }

    var network: Network<Float> { Network(shape) }

    /// Of the network for a stream of so many channels.
    public static func shape(cell: CellKind, hidden: Int, layers: Int, channels: Int) -> NetworkShape {
        NetworkShape(
            cell: cell, inputs: HindsightFrame.inputs(channels: channels), hidden: hidden, layers: layers,
            outputs: channels, isBidirectional: true)
    }

    /// The same network for a series with other limits, such as another stream.
    public func scaled(to series: HindsightSeries) -> HindsightModel {
        HindsightModel(
            cell: cell, hidden: hidden, layers: layers, window: window, limits: Self.limits(of: series),
            parameters: parameters)
    }

    static func limits(of series: HindsightSeries) -> [HindsightLimits] {
        (0..<series.channels).map { HindsightLimits(of: series, channel: $0) }
    }
}
