import AnomalyDetection
import FeedProtocol
import PointStore
import Presentation

/// What `anomalyctl anomalies show` prints of one anomaly: all that is stored of it, and its points.
struct AnomalyReport {
    let details: AnomalyDetails
    /// Its points, and some before and after.
    let points: PointListing
    let store: StoreReader

    // MARK: Text

    /// - Parameter now: microseconds since 1970.
    func write(to output: Output, terminal: Terminal, zone: any Zone, now: Int64) throws {
        let heading = AnomalyHeading(details, now: now, zone: zone)
        heading.write(to: output, terminal: terminal)
        var lines = LabelledLines()
        lines.add(heading.lines)
        let anomaly = details.stored.anomaly
        if !anomaly.peakValue.isNaN {
            let channel = details.stream.channels > 1 ? " in channel \(anomaly.peakChannel)" : ""
            lines.add("Value", NumberText.compact(anomaly.peakValue) + channel)
            lines.add("Expected", NumberText.compact(anomaly.peakPrediction))
        }
        if !anomaly.peakScore.isNaN { lines.add("Score", NumberText.score(anomaly.peakScore)) }
        if let kind = details.stored.kind { lines.add("Kind", "\(kind.rawValue): \(kind.meaning)") }
        if let channels = heading.channels { lines.add("Channels", channels) }
        if let silence = details.silence {
            var clock = ZoneClock(zone: zone)
            lines.add("Silence", "for longer than ever before from \(clock.longText(silence)) on")
        }
        lines.write(to: output, columns: terminal.columns)
        output.write("\n")

        let columns: HindsightColumns = try points.hasHindsight(in: store) ? .score : .hidden
        let schema = Schema.points(of: [details.stream], hindsight: columns)
        var printer = PointPrinter(
            streams: [details.stream], hindsight: columns,
            writer: RecordFormat.table.writer(FormatOptions(schema: schema, terminal: terminal, zone: zone)),
            output: output)
        _ = try points.forEach(in: store) { try printer.print($0) }
        printer.finish()
    }

    // MARK: JSON

    /// One line: the anomaly as the list has it, and its points as `query` has them.
    func writeJSON(to output: Output) throws {
        func writer(_ schema: Schema) -> JSONWriter {
            JSONWriter(
                options: FormatOptions(
                    schema: schema, terminal: Terminal(columns: nil, colour: false), zone: FixedZone.utc))
        }
        let streams = [details.stream]
        let name = details.stream.name
        output.write("{\"anomaly\":")
        writer(.anomalies(of: streams, largestID: details.stored.id))
            .writeObject(
                Record(details.stored, stream: name, said: details.feedback.verdict, orders: details.orders), to: output
            )
        output.write(",\"silence\":" + (details.silence.map { "\"\(RFC3339.string($0))\"" } ?? "null"))
        output.write(",\"points\":[")
        let points = writer(.points(of: streams))
        var isFirst = true
        _ = try self.points.forEach(in: store) { point in
            if !isFirst { output.write(UInt8(ascii: ",")) }
            isFirst = false
            points.writeObject(Record(point, stream: name), to: output)
            try output.checkpoint()
        }
        output.write("]}\n")
    }
}
