import Presentation

extension RecordFormat {
    package static let table = RecordFormat(
        name: "table", summary: "aligned columns for people, times in the local zone"
    ) { TableWriter(options: $0) }
}

/// Rows in aligned columns. Widths are known before the first row, so that rows go out as they come.
struct TableWriter: RecordWriter {
    private let options: FormatOptions
    private let layout: TableLayout
    /// Index of the field that names the stream; rows of channels add "[0]", "[1]", … to it.
    private let nameField: Int?
    private var clock: ZoneClock
    private var rows = 0

    init(options: FormatOptions) {
        self.options = options
        layout = TableLayout(schema: options.schema, columns: options.terminal.columns)
        nameField = options.schema.columns.firstIndex { $0.cell == .text }
        clock = ZoneClock(zone: options.zone)
    }

    mutating func write(_ record: Record, to output: Output) {
        if rows == 0, options.hasHeader { writeHeader(to: output) }
        rows += 1
        guard options.schema.hasChannelRows, let channels = Self.channels(of: record), channels > 1 else {
            return writeRow(record, channel: nil, to: output)
        }
        for channel in 0..<channels {
            writeRow(record, channel: channel, to: output)
        }
    }

    mutating func finish(_ output: Output) {
        let text = options.schema.emptyText
        if rows == 0, !text.isEmpty { output.write("-- \(text) --\n") }
    }

    private func writeHeader(to output: Output) {
        // Underlined to the end of the table, so that the line is not broken between the titles.
        if options.terminal.colour { output.write(Style.header.start) }
        for (place, slot) in layout.slots.enumerated() {
            if place > 0 { output.pad(TableLayout.gap) }
            var title = options.schema.columns[slot.field].title
            if options.schema.columns[slot.field].cell == .time, let zone = options.zone.fixedName {
                title += " (\(zone))"
            }
            writeCell(title, in: slot, to: output)
        }
        if options.terminal.colour {
            output.write(Style.reset)
        } else {
            output.trimSpaces()
        }
        output.write(UInt8(ascii: "\n"))
    }

    /// - Parameter channel: the channel whose numbers to show; nil shows all.
    private mutating func writeRow(_ record: Record, channel: Int?, to output: Output) {
        let style = options.terminal.colour ? record.note?.style : nil
        if let style { output.write(style.start) }
        for (place, slot) in layout.slots.enumerated() {
            if place > 0 { output.pad(TableLayout.gap) }
            writeCell(cell(record, slot, channel: channel), in: slot, to: output)
        }
        if let note = record.note {
            output.pad(TableLayout.gap)
            output.write(note.text)
        } else {
            output.trimSpaces()
        }
        if style != nil { output.write(Style.reset) }
        output.write(UInt8(ascii: "\n"))
    }

    private mutating func cell(_ record: Record, _ slot: TableLayout.Slot, channel: Int?) -> String {
        let cell = options.schema.columns[slot.field].cell
        switch record.fields[slot.field] {
        case .none: return ""
        case .text(let text):
            let suffix = slot.field == nameField ? channel.map { "[\($0)]" } ?? "" : ""
            let name = TextWidth.harmless(text)
            // Off the terminal, a row that is not aligned (a stream that is new while we follow) harms nobody, but a
            // name that is not whole does.
            if options.terminal.columns == nil { return name + suffix }
            return TextWidth.shorten(name, to: slot.width - suffix.utf8.count) + suffix
        case .time(let time): return time.map { clock.text($0) } ?? ""
        case .number(let number):
            return cell.text(number)
        case .numbers(let numbers):
            if let channel { return NumberText.compact(numbers[channel]) }
            return TextWidth.shorten(numbers.map(NumberText.compact).joined(separator: ","), to: slot.width)
        case .integer(let integer): return cell == .identifier ? "\(integer)" : NumberText.grouped(integer)
        case .flag(let flag): return flag ? "yes" : ""
        }
    }

    private func writeCell(_ text: String, in slot: TableLayout.Slot, to output: Output) {
        let padding = slot.width - TextWidth.of(text)
        if slot.isRightAligned { output.pad(padding) }
        output.write(text)
        if !slot.isRightAligned { output.pad(padding) }
    }

    private static func channels(of record: Record) -> Int? {
        for case .numbers(let numbers) in record.fields { return numbers.count }
        return nil
    }
}

extension Column.Cell {
    /// A number as people read it in a cell of this kind; empty for none.
    func text(_ number: Double) -> String {
        switch self {
        case .score: NumberText.score(number)
        case .duration: number.isNaN ? "still open" : RelativeSpan.text(seconds: number)
        case .identifier: number.isFinite ? String(NumberText.shortest(number)) : NumberText.compact(number)
        default: NumberText.compact(number)
        }
    }
}
