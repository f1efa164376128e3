import AnomalyDetection
import ControlProtocol
import PointStore
import Presentation

/// A report as one page of HTML that needs nothing but itself.
package struct ReportPage {
    private let report: Report
    private let output: Output

    /// - Parameter output: gets the page.
    package init(_ report: Report, output: Output) {
        self.report = report
        self.output = output
    }

    package func write() {
        writeHead()
        writeFigures()
        writeCharts()
        writeAnomalies()
        writeModels()
        output.write(
            "<footer>anomalyd \(XMLText.escaped(ProgramVersion.current)); nothing here was fetched from anywhere.")
        output.write("</footer>\n<script type=\"application/json\" id=\"data\">")
        writeData()
        output.write("</script>\n<script>\(Self.scripts)</script>\n</body>\n</html>\n")
    }

    private static let scripts = ChartScript.text + ReportScript.text

    // MARK: Parts

    private func writeHead() {
        let title = "anomalyd, \(text(report.range.lowerBound)) to \(text(report.range.upperBound))"
        // Only what is in the page, by its digest: a name that got through as markup would still do nothing.
        let policy = [
            "default-src 'none'", "script-src 'sha256-\(SHA256.base64(of: Self.scripts))'",
            "style-src 'sha256-\(SHA256.base64(of: PageStyle.text))'", "base-uri 'none'", "form-action 'none'",
        ].joined(separator: "; ")
        output.write(
            """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="\(policy)">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="referrer" content="no-referrer">
            <meta name="color-scheme" content="light dark">
            <title>\(XMLText.escaped(title))</title>
            <style>\(PageStyle.text)</style>
            </head>
            <body>
            <header>
            <h1>What anomalyd saw</h1>
            <p>\(time(report.range.lowerBound)) to \(time(report.range.upperBound)), as of \(time(report.made))</p>
            </header>
            <main>

            """)
    }

    private func writeFigures() {
        let figures: [(number: Int64, one: String, many: String, isBad: Bool)] = [
            (Int64(report.anomalies), "anomaly", "anomalies", false),
            (Int64(report.openAnomalies), "still open", "still open", report.openAnomalies > 0),
            (Int64(report.silent.count), "silent stream", "silent streams", !report.silent.isEmpty),
            (Int64(report.streams), "stream", "streams", false),
            (report.points, "point stored", "points stored", false),
        ]
        output.write("<dl class=\"figures\">\n")
        for figure in figures {
            output.write(
                "<div\(figure.isBad ? " class=\"bad\"" : "")><dt>\(figure.number == 1 ? figure.one : figure.many)</dt>")
            output.write("<dd>\(NumberText.grouped(figure.number))</dd></div>\n")
        }
        output.write("</dl>\n")
    }

    private func writeCharts() {
        let hasAnomalies = report.charts.contains { $0.worst != nil }
        output.write("<section aria-labelledby=\"streams\">\n<h2 id=\"streams\">")
        output.write(hasAnomalies ? "The worst streams" : "Some streams")
        output.write("</h2>\n")
        if !hasAnomalies, !report.charts.isEmpty { output.write("<p>Nothing was wrong in this time.</p>\n") }
        if !report.charts.isEmpty {
            output.write(
                "<p>Where there are more points than a chart has columns, each column reaches from the lowest to ")
            output.write("the highest; around the worst anomalies, all points are there.</p>\n")
        }
        if report.charts.isEmpty { output.write("<p>No stream has points in this time.</p>\n") }
        for (index, chart) in report.charts.enumerated() {
            let caption = PictureCaption(chart.picture)
            output.write(
                "<article id=\"chart-\(index)\">\n<h3 id=\"name-\(index)\">\(XMLText.escaped(caption.title))</h3>\n")
            output.write("<p id=\"facts-\(index)\">\(caption.counts)")
            if let worst = chart.worst {
                output.write("; the worst: \(link(to: worst)), \(kind(of: worst)), \(time(worst.anomaly.peak))")
                if worst.anomaly.isOpen { output.write(", <strong>still open</strong>") }
            }
            output.write("</p>\n<figure data-chart=\"\(index)\"><noscript>Charts need this page's own script; ")
            output.write("the tables below do not.</noscript></figure>\n</article>\n")
        }
        output.write("</section>\n")
    }

    private func writeAnomalies() {
        output.write("<section aria-labelledby=\"anomalies\">\n<h2 id=\"anomalies\">Anomalies</h2>\n")
        defer { output.write("</section>\n") }
        guard !report.listed.isEmpty else { return output.write("<p>None in this time.</p>\n") }
        if report.listed.count < report.anomalies {
            let (shown, all) = (
                NumberText.grouped(Int64(report.listed.count)), NumberText.grouped(Int64(report.anomalies))
            )
            output.write("<p>The \(shown) strangest of \(all), the newest first.</p>\n")
        }
        let charts = Dictionary(
            report.charts.enumerated().map { ($1.picture.stream.id, $0) }, uniquingKeysWith: { first, _ in first })
        writeTable(["ID", "Stream", "Kind", "Since", "Lasted", "Peak", "Found", "Expected", "Score", "Said"]) { row in
            for listed in report.listed {
                let anomaly = listed.stored.anomaly
                let id = "\(listed.stored.id)"
                let number = charts[listed.stored.stream].map { chart in
                    "<a href=\"#chart-\(chart)\" data-anomaly=\"\(id)\" data-in=\"\(chart)\">\(id)</a>"
                }
                let channel = listed.stream.channels > 1 ? " (channel \(anomaly.peakChannel))" : ""
                let lasted = anomaly.isOpen ? "still open" : RelativeSpan.text(seconds: listed.stored.seconds)
                row(
                    "id=\"anomaly-\(id)\"" + (anomaly.isOpen ? " class=\"bad\"" : ""),
                    [
                        number ?? id, XMLText.escaped(listed.stream.name) + channel, kind(of: listed.stored),
                        shortTime(anomaly.start), lasted,
                        anomaly.peak == anomaly.start ? "" : shortTime(anomaly.peak),
                        NumberText.compact(anomaly.peakValue), NumberText.compact(anomaly.peakPrediction),
                        NumberText.score(anomaly.peakScore), said(listed.feedback),
                    ])
            }
        }
        let kinds = Set(report.listed.compactMap(\.stored.kind)).sorted { $0.rawValue < $1.rawValue }
        output.write("<dl class=\"kinds\">\n")
        for kind in kinds {
            output.write("<div><dt>\(kind.rawValue)</dt><dd>\(XMLText.escaped(kind.meaning))</dd></div>\n")
        }
        output.write("</dl>\n<p>Why it is thought so: <code>anomalyctl explain ID</code>. If it was none: ")
        output.write("<code>anomalyctl label ID --false-positive</code>.</p>\n")
    }

    private func writeModels() {
        output.write("<section aria-labelledby=\"models\">\n<h2 id=\"models\">Streams and their models</h2>\n")
        if !report.silent.isEmpty {
            let names = report.silent.prefix(20).map { "\(XMLText.escaped($0.name)) (since \(time($0.since)))" }
            let more = report.silent.count - names.count
            output.write("<p><strong>Silent for longer than ever:</strong> \(names.joined(separator: ", "))")
            output.write((more > 0 ? " and \(NumberText.grouped(Int64(more))) more" : "") + ".</p>\n")
        }
        if report.models.count < report.streams {
            output.write(
                "<p>\(report.models.count) of \(NumberText.grouped(Int64(report.streams))) streams: those above, ")
            output.write("silent ones, and the first by name. <code>anomalyctl streams</code> lists all.</p>\n")
        }
        output.write("<p>Networks as of their newest checkpoints, which may be a minute old.</p>\n")
        writeTable([
            "Stream", "State", "Points", "Newest", "Score", "Network", "Learned", "Updates", "Last loss", "Gradients",
        ]) { row in
            for model in report.models {
                let summary = model.summary
                let training = model.training
                let isBad =
                    model.silent != nil || summary.openAnomalies > 0
                    || ["vanishing", "exploding"].contains(training?.gradients)
                let left = training.map { $0.skipped > 0 ? ", \(NumberText.grouped($0.skipped)) left out" : "" } ?? ""
                row(
                    isBad ? "class=\"bad\"" : "",
                    [
                        XMLText.escaped(summary.stream.name), state(of: model), NumberText.grouped(summary.points),
                        summary.lastTime.map { shortTime($0) } ?? "", NumberText.score(summary.lastScore),
                        training?.network ?? "no checkpoint yet", training.map { NumberText.grouped($0.learned) } ?? "",
                        training.map { NumberText.grouped($0.updates) + left } ?? "",
                        training.map { NumberText.compact($0.loss) } ?? "", training?.gradients ?? "",
                    ])
            }
        }
        output.write("</section>\n</main>\n")
    }

    private func writeData() {
        let ranges = report.charts.map(\.picture.time)
        let from = ranges.map(\.start).min() ?? report.range.lowerBound
        let to = max(from, ranges.map(\.end).max() ?? report.range.upperBound)
        output.write("{\"zones\":[")
        for (index, zone) in ZoneHistory(of: report.zone, in: from...to).offsets.enumerated() {
            output.write("\(index > 0 ? "," : "")[\(zone.from),\(zone.offset),\"")
            // What a zone may be called, by POSIX.
            output.write(zone.name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || "+-".contains($0)) } + "\"]")
        }
        output.write("],\"charts\":[")
        for (index, chart) in report.charts.enumerated() {
            if index > 0 { output.write(",") }
            var json = ""
            ChartData(chart.picture).append(to: &json)
            output.write(json)
        }
        output.write("]}")
    }

    // MARK: Pieces

    /// - Parameter rows: gets a function that writes a row, with the attributes of its element and its cells, which are
    ///   markup. The first cell heads the row.
    private func writeTable(_ titles: [String], _ rows: ((_ attributes: String, _ cells: [String]) -> Void) -> Void) {
        output.write("<div class=\"wide\"><table>\n<thead><tr>")
        for title in titles { output.write("<th scope=\"col\">\(title)</th>") }
        output.write("</tr></thead>\n<tbody>\n")
        rows { attributes, cells in
            output.write("<tr\(attributes.isEmpty ? "" : " " + attributes)>")
            for (index, cell) in cells.enumerated() {
                let element = index == 0 ? "th scope=\"row\"" : "td"
                output.write("<\(element) data-title=\"\(titles[index])\">\(cell)</\(index == 0 ? "th" : "td")>")
            }
            output.write("</tr>\n")
        }
        output.write("</tbody>\n</table></div>\n")
    }

    private func text(_ time: Int64) -> String {
        var clock = ZoneClock(zone: report.zone)
        return clock.longText(time)
    }

    /// The same in an element that is not broken over two lines.
    private func time(_ time: Int64) -> String { "<time>\(XMLText.escaped(text(time)))</time>" }

    /// For tables, without the day of the week and the zone.
    private func shortTime(_ time: Int64) -> String {
        var clock = ZoneClock(zone: report.zone)
        return "<time>\(clock.text(time).prefix(19))</time>"
    }

    private func link(to anomaly: StoredAnomaly) -> String {
        let text = "anomaly \(anomaly.id)"
        let isListed = report.listed.contains { $0.stored.id == anomaly.id }
        return isListed ? "<a href=\"#anomaly-\(anomaly.id)\">\(text)</a>" : text
    }

    private func kind(of anomaly: StoredAnomaly) -> String { anomaly.kind?.rawValue ?? "" }

    private func said(_ feedback: [FeedbackRecord]) -> String {
        var clock = ZoneClock(zone: report.zone)
        return feedback.map { XMLText.escaped($0.line(&clock)) }.joined(separator: "<br>")
    }

    private func state(of model: ModelHealth) -> String {
        let summary = model.summary
        var states: [String] = []
        if let silent = model.silent { states.append("silent since \(time(silent))") }
        if summary.openAnomalies > 0 { states.append("anomaly open") }
        if let warming = summary.warmingPoints { states.append("warming up, \(NumberText.grouped(warming)) points") }
        if model.isFrozen { states.append("frozen") }
        if summary.pending > 0 { states.append("\(NumberText.grouped(summary.pending)) waiting for order") }
        return states.isEmpty ? summary.points > 0 ? "ordinary" : "no points" : states.joined(separator: ", ")
    }
}
