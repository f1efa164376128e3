import Foundation
package import PointStore
import Presentation

/// What `anomalyctl db` says of databases.
package enum DBReportText {
    /// Streams that are named one by one among those which have lost points.
    private static let mostLosses = 20

    package static func lines(_ report: VerifyReport, path: String) -> [String] {
        var lines = report.findings.map { finding in
            let stream = finding.stream.map { "\(TextWidth.harmless($0)): " } ?? ""
            return "\(finding.kind.rawValue): \(stream)\(TextWidth.harmless(finding.text))"
        }
        let more = report.damages - report.findings.count
        if more > 0 { lines.append("and \(count(Int64(more), "finding")) more") }
        let contents = [
            count(Int64(report.streams), "stream"), count(report.points, "point"),
            count(report.anomalies, "anomaly", "anomalies"), count(report.checkpoints, "saved model"),
            "\(count(report.hindsightPoints, "point")) in hindsight",
        ].joined(separator: ", ")
        lines.append("\(path): \(report.isSound ? "sound" : "damaged"); \(contents)")
        return lines
    }

    package static func lines(_ report: SalvageReport, new: String) -> [String] {
        var lines = [
            "Brought over into \(new):",
            "  " + count(Int64(report.streams), "stream"),
            "  \(count(report.points, "point")) with \(count(report.values, "value"))",
            "  " + count(Int64(report.anomalies), "anomaly", "anomalies"),
            "  " + count(Int64(report.checkpoints), "saved model"),
            "  \(count(report.hindsightPoints, "point")) in hindsight",
        ]
        let lost = losses(report)
        lines += lost.isEmpty ? ["Nothing seems to be lost."] : ["Lost:"] + lost.map { "  " + $0 }
        return lines
    }

    private static func losses(_ report: SalvageReport) -> [String] {
        var lines: [String] = []
        func add(_ number: Int, _ one: String, _ many: String, _ what: String) {
            if number > 0 { lines.append("\(count(Int64(number), one, many)) \(what)") }
        }
        add(report.unreadablePages, "page", "pages", "that the disk did not give")
        add(report.damagedFrames, "frame", "frames", "of the write-ahead log, damaged")
        add(report.damagedRows, "row", "rows", "found damaged")
        let points = report.losses.reduce(0) { $0 + $1.points }
        let incomplete = report.losses.reduce(0) { $0 + $1.incompletePoints }
        add(Int(points), "point", "points", "between others, of \(count(Int64(report.losses.count), "stream"))")
        add(Int(incomplete), "point", "points", "in part")
        for loss in report.losses.prefix(mostLosses) {
            lines.append("  \(TextWidth.harmless(loss.stream)): \(count(loss.points + loss.incompletePoints, "point"))")
        }
        if report.losses.count > mostLosses { lines.append("  and others; --json names all of them") }
        add(report.namelessStreams, "name", "names", "of streams; they are called salvaged.stream.NUMBER")
        add(report.damagedCheckpoints, "saved model", "saved models", "whose checksum is wrong")
        add(
            report.streamsWithoutCheckpoint, "stream", "streams",
            "without a saved model: what it knew is learned again from the points that are there")
        add(report.lostAnomalies, "anomaly", "anomalies", "of which no point is left")
        add(report.shortenedAnomalies, "anomaly", "anomalies", "in part")
        return lines
    }

    package static func json(_ report: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(report), as: UTF8.self) + "\n"
    }

    package static func count(_ number: Int64, _ one: String, _ many: String? = nil) -> String {
        "\(NumberText.grouped(number)) \(number == 1 ? one : many ?? one + "s")"
    }
}
