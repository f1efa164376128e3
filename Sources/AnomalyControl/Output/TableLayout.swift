import AnomalyDetection
import Presentation

/// Which columns a table has room for, and how wide they are.
package struct TableLayout: Sendable, Equatable {
    /// One column of the table.
    package struct Slot: Sendable, Equatable {
        /// Index of the column in its schema.
        package var field: Int
        package var width: Int
        package var isRightAligned: Bool
    }

    /// Spaces between two columns.
    package static let gap = 2
    /// Below this, names are not shortened to make room.
    private static let shortestText = 12
    /// A column is dropped rather than names be shortened to fewer columns than this.
    private static let comfortableText = 24

    package private(set) var slots: [Slot]

    /// Fits `schema` into a terminal.
    ///
    /// First columns are dropped, those of the highest rank together, then names are shortened. What still does not
    /// fit is left to the terminal, which breaks the lines.
    ///
    /// - Parameter columns: width of the terminal; nil for any.
    package init(schema: Schema, columns: Int?) {
        slots = schema.columns.indices.filter { schema.columns[$0].cell != .hidden }.map { index in
            let column = schema.columns[index]
            return Slot(field: index, width: Self.width(of: column), isRightAligned: Self.isRightAligned(column.cell))
        }
        if let lead = slots.firstIndex(where: { schema.columns[$0.field].key == schema.tableLead }) {
            slots.insert(slots.remove(at: lead), at: 0)
        }
        guard let columns else { return }
        let room = columns - Self.noteWidth
        func rank(_ slot: Slot) -> Int { schema.columns[slot.field].rank }
        while let worst = slots.map(rank).max(), worst > 0, room < width(textAtMost: Self.comfortableText, in: schema) {
            slots.removeAll { rank($0) == worst }
        }
        let excess = width(textAtMost: .max, in: schema) - room
        guard excess > 0, let text = slots.firstIndex(where: { schema.columns[$0.field].cell == .text }) else { return }
        slots[text].width = max(min(slots[text].width, Self.shortestText), slots[text].width - excess)
    }

    /// Room for the note at the end of a row, with the gap before it. Not a column: most rows have none.
    private static let noteWidth = gap + (AnomalyKind.allCases.map { $0.rawValue.utf8.count }.max() ?? 0)

    private func width(textAtMost limit: Int, in schema: Schema) -> Int {
        slots.reduce(-Self.gap) { sum, slot in
            let isText = schema.columns[slot.field].cell == .text
            return sum + Self.gap + (isText ? min(slot.width, limit) : slot.width)
        }
    }

    private static func width(of column: Column) -> Int {
        let content =
            switch column.cell {
            case .text: column.textWidth
            case .time: ZoneClock.width
            case .number: max(NumberText.compactWidth, column.textWidth)
            case .score: max(5, column.textWidth)
            case .integer, .identifier: column.textWidth
            case .duration: 11
            case .hidden: 0
            }
        return max(content, TextWidth.of(column.title))
    }

    private static func isRightAligned(_ cell: Column.Cell) -> Bool {
        switch cell {
        case .number, .score, .integer, .identifier, .duration: true
        case .text, .time, .hidden: false
        }
    }
}
