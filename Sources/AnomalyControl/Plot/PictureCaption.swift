import PointStore
import Presentation

/// What stands above a picture: which stream it is of, and of when.
struct PictureCaption {
    private let picture: Picture

    init(_ picture: Picture) { self.picture = picture }

    /// The stream's name, and the channel where only one of several is shown.
    var title: String {
        var title = TextWidth.harmless(picture.stream.name)
        if picture.stream.channels > 1, let panel = picture.panels.first, picture.panels.count == 1 {
            title += ", channel \(panel.channel) of \(picture.stream.channels)"
        }
        return title
    }

    /// Such as "Sat 2014-11-01 00:00:00 UTC to Tue 2014-11-04 00:00:00 UTC".
    var range: String { "\(times.from) to \(times.to)" }

    private var times: (from: String, to: String) {
        var clock = ZoneClock(zone: picture.zone)
        return (clock.longText(picture.time.start), clock.longText(picture.time.end))
    }

    /// Such as "145 points, 2 anomalies".
    var counts: String {
        let points = "\(NumberText.grouped(picture.points)) point\(picture.points == 1 ? "" : "s")"
        let count = picture.marks.count
        return points + ", " + (count == 0 ? "no anomaly" : "\(count) anomal\(count == 1 ? "y" : "ies")")
    }

    /// Lines of at most so many columns.
    func lines(to columns: Int, terminal: Terminal) -> [String] {
        let room = columns - TextWidth.of(counts) - 2
        let name = TextWidth.shorten(title, to: max(12, room))
        // Broken between the two times where both have no room.
        let isNarrow = TextWidth.of(range) > columns
        return ["\(Style.bold(name, on: terminal)): \(counts)"] + (isNarrow ? [times.from, "to " + times.to] : [range])
    }
}
