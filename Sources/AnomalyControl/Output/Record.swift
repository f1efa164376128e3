/// One thing that a command prints: a point, a stream. Commands make records, formats turn them into bytes, and
/// neither knows more of the other than this file.
package struct Record: Sendable, Equatable {
    /// One for each column of the schema.
    package var fields: [Field]
    /// What a table says and shows of the record beyond its fields; other formats leave it out.
    package var note: Note?

    package init(fields: [Field], note: Note? = nil) {
        self.fields = fields
        self.note = note
    }
}

/// One value of a record.
package enum Field: Sendable, Equatable {
    /// No text.
    case none
    case text(String)
    /// Microseconds since 1970; nil for none.
    case time(Int64?)
    /// NaN for none.
    case number(Double)
    /// One number for each channel; NaN for none.
    case numbers([Double])
    case integer(Int64)
    case flag(Bool)

    /// One number for a stream of one channel, all of them for a wider one.
    package static func channels(_ count: Int, _ value: (Int) -> Double) -> Field {
        count == 1 ? .number(value(0)) : .numbers((0..<count).map(value))
    }
}

/// A word at the end of a record's row, and the colour of the row.
package struct Note: Sendable, Equatable {
    package var text: String
    /// Nil for none.
    package var style: Style?

    package static let anomaly = Note(text: "anomaly", style: .alarm)
    package static let warmup = Note(text: "warm-up", style: .faint)
    package static let late = Note(text: "late", style: .faint)
    package static let excluded = Note(text: "excluded", style: .faint)
    package static let missing = Note(text: "missing", style: .faint)
}

/// What the records of one command have in common.
package struct Schema: Sendable, Equatable {
    package var columns: [Column]
    /// Key of the column that a table shows first, if it is not the first one.
    package var tableLead: String?
    /// Whether a table gives each channel a row of its own, rather than one row to all of them.
    package var hasChannelRows: Bool
    /// What a table says when there is no record, such as "no points"; nothing if that is empty.
    package var emptyText: String
    /// What a record is, in one word that may be part of a name in another program, such as "point".
    package var subject: String

    package init(
        columns: [Column], tableLead: String? = nil, hasChannelRows: Bool = false, emptyText: String,
        subject: String = "record"
    ) {
        self.columns = columns
        self.tableLead = tableLead
        self.hasChannelRows = hasChannelRows
        self.emptyText = emptyText
        self.subject = subject
    }
}

/// One field of a schema.
package struct Column: Sendable, Equatable {
    /// How the cell of a table is written.
    package enum Cell: Sendable, Equatable {
        case text, time, number, score, integer
        /// A number that stands for something, and is written without commas.
        case identifier
        /// Seconds; what has no length yet is still open.
        case duration
        case hidden
    }

    /// The key in JSON and the head of the column in CSV.
    package var key: String
    /// The head of the column in a table.
    package var title: String
    package var cell: Cell
    /// Columns on the terminal that the longest text takes, where a cell of this kind may need more than is known of it.
    package var textWidth: Int
    /// 0 stays in every table; of the others the highest goes first when the terminal is too narrow.
    package var rank: Int

    package init(_ key: String, _ title: String, _ cell: Cell, textWidth: Int = 0, rank: Int = 0) {
        self.key = key
        self.title = title
        self.cell = cell
        self.textWidth = textWidth
        self.rank = rank
    }
}
