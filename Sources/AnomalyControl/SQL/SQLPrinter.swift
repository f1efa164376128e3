import PointStore
import Presentation

/// Prints the rows of one statement after the other.
struct SQLPrinter: SQLSink {
    var format: SQLFormat
    /// Whether an empty line comes between two tables.
    var partsTables = true
    private let hasHeader: Bool
    private let surroundings: Surroundings
    private let output: Output
    /// Whether something has been printed, so that a table begins behind an empty line.
    private var isFollowing = false
    private var columns: [String] = []
    /// Rows that wait until it is known how wide a table's columns are.
    private var waiting: [[SQLValue]] = []
    private var writer: (any RecordWriter)?

    /// Rows of a table by which the widths of its columns are chosen; later ones may be wider.
    private static let sample = 200
    /// Columns on a terminal that text takes at most, so that one long cell does not break all lines.
    private static let widestText = 60

    init(format: SQLFormat, hasHeader: Bool, in surroundings: Surroundings, output: Output) {
        self.format = format
        self.hasHeader = hasHeader
        self.surroundings = surroundings
        self.output = output
    }

    mutating func begin(columns: [String]) {
        self.columns = columns
        waiting = []
        writer = nil
        if isFollowing, partsTables, format == .table { output.write("\n") }
        isFollowing = true
    }

    mutating func write(_ row: [SQLValue]) throws {
        guard writer != nil else {
            waiting.append(row)
            if waiting.count >= (format == .table ? Self.sample : 1) { try start() }
            return
        }
        let output = output
        writer?.write(Record(row), to: output)
        try output.checkpoint()
    }

    mutating func end() throws {
        try start()
        let output = output
        writer?.finish(output)
        writer = nil
        try output.checkpoint()
    }

    /// Chooses the columns, and prints the rows that wait for that.
    private mutating func start() throws {
        guard writer == nil else { return }
        var writer = format.record.writer(
            FormatOptions(
                schema: .rows(
                    of: columns, like: waiting, widest: surroundings.terminal.columns.map { _ in Self.widestText }),
                terminal: surroundings.terminal, zone: surroundings.zone, hasHeader: hasHeader))
        for row in waiting {
            writer.write(Record(row), to: output)
            try output.checkpoint()
        }
        waiting = []
        self.writer = writer
    }
}

/// The formats of rows that have no stream and no time of their own.
enum SQLFormat: String, CaseIterable, Sendable {
    case table, json
    case jsonSeq = "json-seq"
    case csv

    var record: RecordFormat {
        switch self {
        case .table: .table
        case .json: .json
        case .jsonSeq: .jsonSeq
        case .csv: .csv
        }
    }
}

extension Schema {
    /// - Parameters:
    ///   - rows: some, from which it is seen what the columns hold.
    ///   - widest: columns that text takes at most.
    fileprivate static func rows(of names: [String], like rows: [[SQLValue]], widest: Int?) -> Schema {
        // In JSON, each key stands for itself: SELECT a.t, b.t.
        var uses: [String: Int] = [:]
        return Schema(
            columns: names.enumerated().map { index, name in
                let use = uses[name, default: 0]
                uses[name] = use + 1
                let cells = rows.lazy.map { $0[index] }
                let isNumber = cells.contains { $0.isNumber } && cells.allSatisfy { $0.isNumber || $0 == .null }
                let width = cells.map { TextWidth.of($0.cell) }.max() ?? 0
                return Column(
                    use == 0 ? name : "\(name):\(use)", TextWidth.harmless(name), isNumber ? .identifier : .text,
                    textWidth: isNumber ? width : min(width, widest ?? .max))
            },
            emptyText: "no rows", subject: "row")
    }
}

extension Record {
    fileprivate init(_ row: [SQLValue]) {
        self.init(
            fields: row.map { value in
                switch value {
                case .null: .none
                case .integer(let number): .integer(number)
                case .real(let number): .number(number)
                case .text(let text): .text(text)
                case .blob: .text(value.cell)
                }
            })
    }
}

extension SQLValue {
    fileprivate var isNumber: Bool {
        switch self {
        case .integer, .real: true
        case .null, .text, .blob: false
        }
    }

    /// As a table shows it.
    fileprivate var cell: String {
        switch self {
        case .null: return ""
        case .integer(let number): return "\(number)"
        case .real(let number): return Column.Cell.identifier.text(number)
        case .text(let text): return TextWidth.harmless(text)
        case .blob(let bytes):
            let digits = Array("0123456789abcdef".utf8)
            return "x'"
                + String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
                + "'"
        }
    }
}
