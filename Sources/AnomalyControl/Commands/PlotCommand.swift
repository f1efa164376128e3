package import ArgumentParser
import PointStore
import Presentation

/// `anomalyctl plot`: a stream as a picture.
package struct PlotCommand: ReportingCommand {
    package static let configuration = CommandConfiguration(
        commandName: "plot",
        abstract: "Draw a stream: values, what was expected, and anomalies.",
        discussion: """
            Draws the newest 1,000 points of a stream, or those of a range of time, with what was expected, the band in \
            which values were expected, and the anomalies by their numbers. Works with the daemon running or stopped. \
            Where there are more points than columns, each column reaches from its lowest to its highest value, so that no \
            spike is lost. Missing values, and long times without points, are gaps. Without a locale of UTF-8 the \
            picture is made of ASCII.

            EXAMPLES:
              The last day of a stream:
                anomalyctl plot cpu.load --since -1d
              The night of the marathon:
                anomalyctl plot nyc.taxi -S '2014-11-01 12:00' -U '2014-11-02 12:00' --utc
              All channels of a multivariate stream, one above the other:
                anomalyctl plot web --channel all
              A picture for a ticket:
                anomalyctl plot cpu.load --since yesterday -o cpu.png

            TIMES:
              \(TimeExpressionError.exampleLines)

            FILES:
              \(PictureFormat.explanation)
            """)

    @Argument(help: "The name of a stream.", completion: .streams)
    var stream: String

    @OptionGroup
    var range: TimeRangeOptions

    @Option(
        name: [.customShort("n", allowingJoined: true), .long], parsing: .unconditional,
        help: ArgumentHelp(
            "Only the newest so many points, or \"all\" (default: 1000, or all since a given time).",
            valueName: "number"),
        transform: LineLimit.init(_:))
    var lines: LineLimit?

    @Option(
        help: ArgumentHelp(
            "The channel to draw, from 0 on, or \"all\" (default: the first).", valueName: "number"),
        transform: ChannelChoice.init(_:))
    var channel: ChannelChoice?

    @Option(
        help: ArgumentHelp(
            "Columns of the terminal (default: as it has, else 80), or pixels of a file (default: 960).",
            valueName: "number"))
    var width: Int?

    @Option(
        help: ArgumentHelp(
            "Lines of each channel on the terminal (default: 16), or pixels of a file (default: 420, and 260 for each "
                + "further channel).", valueName: "number"))
    var height: Int?

    @Option(
        name: [.customShort("o", allowingJoined: true), .customLong("output")],
        help: ArgumentHelp("Write a file; its ending says of which kind.", valueName: "file"), completion: .file())
    var output: String?

    @Flag(help: "Print times in UTC rather than in the local zone ($TZ).")
    var utc = false

    @OptionGroup(title: "GLOBAL OPTIONS")
    var common: CommonOptions

    /// Points that are drawn unless an option says otherwise.
    private static let newest = 1000

    package init() {}

    package func validate() throws {
        if lines?.count == 0 { throw ValidationError("-n 0 leaves no point to draw.") }
        if let output, PictureFormat(path: output) == nil {
            throw ValidationError(
                "\(output) has no known ending, expected \(PictureFormat.all.map { ".\($0.ending)" }.joined(separator: " or "))."
            )
        }
        let bounds =
            output == nil
            ? (width: TerminalPlot.leastWidth...2000, height: TerminalPlot.leastRows...500)
            : (width: PictureFormat.widths, height: PictureFormat.heights)
        for (name, number, bounds) in [("--width", width, bounds.width), ("--height", height, bounds.height)] {
            if let number, !bounds.contains(number) {
                throw ValidationError("\(name) \(number) is outside of \(bounds.lowerBound) to \(bounds.upperBound).")
            }
        }
    }

    package func run(in surroundings: Surroundings, output standardOutput: Output) throws {
        let query = try range.query(in: surroundings)
        let store = try common.openStore(in: surroundings)
        let record = try store.streams().named(stream)
        let channels = try (channel ?? .one(0)).channels(of: record)
        let newest = lines.map(\.count) ?? (range.since == nil && range.until == nil ? Self.newest : nil)
        let zone = surroundings.zone(utc: utc)
        let reader = PictureReader(store: store, zone: zone)
        let line = ProgressLine(on: surroundings.progress, after: .seconds(2))
        defer { line.leave() }
        let found = try reader.picture(of: record, query, newest: newest, channels: channels) { share in
            line.show(share) { _ in ["reading points"] }
        }
        line.leave()
        guard let picture = found else { throw try noPoints(of: record, in: store, zone: zone) }
        guard let path = output, let format = PictureFormat(path: path) else {
            let terminal = surroundings.terminal
            TerminalPlot(
                picture, terminal: terminal, width: width ?? max(TerminalPlot.leastWidth, terminal.columns ?? 80),
                rows: height ?? 16
            ).write(to: standardOutput)
            return writeChannels(of: record, to: standardOutput)
        }
        let height = height ?? 420 + 260 * (channels.count - 1)
        guard height <= PictureFormat.heights.upperBound, height / channels.count >= PictureDrawing.leastHeight else {
            throw Failure(
                .usage, "\(channels.count) channels have no room in a picture of \(height) pixels",
                hint: "choose one with --channel NUMBER")
        }
        let drawing = PictureDrawing(picture, width: width ?? 960, height: height).drawing
        try FileBytes.replace(path, with: format.bytes(drawing))
        standardOutput.write("\(path): \(PictureCaption(picture).counts)\n")
        writeChannels(of: record, to: standardOutput)
    }

    /// Says that there is more to be seen, if nobody has chosen.
    private func writeChannels(of stream: StreamRecord, to output: Output) {
        guard channel == nil, stream.channels > 1 else { return }
        output.write("channel 0 of \(stream.channels); see also --channel all\n")
    }

    private func noPoints(of stream: StreamRecord, in store: StoreReader, zone: any Zone) throws -> Failure {
        let name = "the stream \"\(stream.name)\""
        guard let summary = try store.streamSummaries([stream.id]).first, let first = summary.firstTime,
            let last = summary.lastTime
        else {
            return Failure(.failure, "\(name) has no points yet", hint: "a new point is there at the next commit")
        }
        var clock = ZoneClock(zone: zone)
        return Failure(
            .failure, "\(name) has no points in that time",
            hint: "its points are from \(clock.longText(first)) to \(clock.longText(last)); try: --since and --until")
    }
}

/// The value of `--channel`.
enum ChannelChoice: Sendable, Equatable {
    case one(Int)
    case all

    init(_ text: String) throws {
        if text == "all" {
            self = .all
        } else if let number = Int(text), number >= 0 {
            self = .one(number)
        } else {
            throw ValidationError("expected a channel's number, from 0 on, or \"all\"")
        }
    }

    /// - Throws: `Failure` if the stream does not have it.
    func channels(of stream: StreamRecord) throws(Failure) -> [Int] {
        switch self {
        case .all: return Array(0..<stream.channels)
        case .one(let channel) where channel < stream.channels: return [channel]
        case .one(let channel):
            throw Failure(
                .usage, "the stream \"\(stream.name)\" has no channel \(channel)",
                hint: stream.channels == 1 ? "it has one channel, 0" : "it has the channels 0 to \(stream.channels - 1)"
            )
        }
    }
}
