import Presentation

extension RecordFormat {
    package static let short = RecordFormat(
        name: "short", summary: "a line as a log has it: time, name, what there is to say"
    ) { ShortWriter(options: $0) }
}

/// Lines such as `2026-11-23 14:00:03.000 cpu.load: value 17.75, expected 0.375, score 0.610, spike`: the columns that
/// a table never drops, without what is missing.
struct ShortWriter: RecordWriter {
    private let options: FormatOptions
    private let nameField: Int?
    private let timeField: Int?
    private let others: [Int]
    private var clock: ZoneClock
    private var isEmpty = true

    init(options: FormatOptions) {
        self.options = options
        let columns = options.schema.columns
        let name = columns.firstIndex { $0.cell == .text }
        let time = columns.firstIndex { $0.cell == .time }
        nameField = name
        timeField = time
        others = columns.indices.filter {
            $0 != name && $0 != time && columns[$0].cell != .hidden && columns[$0].rank == 0
        }
        clock = ZoneClock(zone: options.zone)
    }

    mutating func write(_ record: Record, to output: Output) {
        isEmpty = false
        let style = options.terminal.colour ? record.note?.style : nil
        if let style { output.write(style.start) }
        if let timeField, case .time(let time?) = record.fields[timeField] { output.write(clock.text(time) + " ") }
        if let nameField { output.write(text(of: record.fields[nameField], .text) + ":") }
        var separator = nameField == nil ? "" : " "
        for field in others {
            let cell = options.schema.columns[field].cell
            let text = text(of: record.fields[field], cell)
            guard text.utf8.contains(where: { $0 != UInt8(ascii: ",") }) else { continue }
            output.write("\(separator)\(options.schema.columns[field].title.lowercased()) \(text)")
            separator = ", "
        }
        if let note = record.note { output.write(separator + note.text) }
        if style != nil { output.write(Style.reset) }
        output.write(UInt8(ascii: "\n"))
    }

    mutating func finish(_ output: Output) {
        let text = options.schema.emptyText
        if isEmpty, !text.isEmpty { output.write("-- \(text) --\n") }
    }

    private mutating func text(of field: Field, _ cell: Column.Cell) -> String {
        switch field {
        case .none: ""
        case .text(let text): TextWidth.harmless(text)
        case .time(let time): time.map { clock.text($0) } ?? ""
        case .number(let number): cell.text(number)
        case .numbers(let numbers): numbers.map(NumberText.compact).joined(separator: ",")
        case .integer(let integer): cell == .identifier ? "\(integer)" : NumberText.grouped(integer)
        case .flag(let flag): flag ? "yes" : ""
        }
    }
}
