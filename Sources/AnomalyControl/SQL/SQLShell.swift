import PointStore
import Presentation

/// Runs statements as they come, line by line: a person's, who is shown a prompt, or those of a pipe or file.
struct SQLShell {
    private let session: SQLSession
    private let parameters: [String: SQLValue]
    private var printer: SQLPrinter
    private var input: SQLInput
    private let output: Output
    private let isInteractive: Bool
    /// Lines of a statement that does not end yet, and the number of their first.
    private var pending = ""
    private var firstLine = 1
    private var line = 0

    static let prompt = "sql> "
    static let continuation = "...> "
    static let help = """
        Statements end with a semicolon and only read. Times (t) are microseconds since 1970.
          .tables            the tables, views and virtual tables
          .schema [NAME]     how they are made, with what their columns mean
          .mode FORMAT       print as \(SQLFormat.allCases.map(\.rawValue).joined(separator: ", "))
          .help              this
          .quit              leave, as Ctrl-D does; Ctrl-C ends a statement

        """

    /// - Parameter isInteractive: whether to show prompts, and to go on after an error.
    init(
        _ session: SQLSession, parameters: [String: SQLValue], printer: SQLPrinter, input: SQLInput, output: Output,
        isInteractive: Bool
    ) {
        self.session = session
        self.parameters = parameters
        self.printer = printer
        self.input = input
        self.output = output
        self.isInteractive = isInteractive
        self.printer.partsTables = !isInteractive
    }

    /// - Throws: `Failure` where a statement fails and nobody is there to type a better one; `StoreError`, `OutputClosed`.
    mutating func run() throws {
        if isInteractive {
            Interruption.watch()
            output.write("\(session.path), for reading only. Statements end with a semicolon; .help tells more.\n")
        }
        while true {
            if isInteractive {
                output.write(pending.isEmpty ? Self.prompt : Self.continuation)
                try output.flush()
            }
            switch try input.next() {
            case .interrupted:
                Interruption.watch()
                input.discard()
                pending = ""
                output.write("\n")
            case .end:
                if isInteractive { output.write("\n") }
                if !pending.allSatisfy(\.isWhitespace) { try perform(pending) }
                return
            case .text(let text):
                line += 1
                let word = text.prefix { !$0.isWhitespace }
                if pending.isEmpty, word.hasPrefix(".") {
                    if try !obey(String(word), text.dropFirst(word.count).filter { !$0.isWhitespace && $0 != ";" }) {
                        return
                    }
                    continue
                }
                if pending.isEmpty { firstLine = line }
                pending += text + "\n"
                if text.contains(";"), SQLSession.isComplete(pending) {
                    let statement = pending
                    pending = ""
                    try perform(statement)
                } else if pending.allSatisfy(\.isWhitespace) {
                    pending = ""
                }
            }
        }
    }

    private mutating func perform(_ text: String) throws {
        if isInteractive { Interruption.watch() }
        do {
            try session.run(text, parameters: parameters, into: &printer)
        } catch let error as SQLError {
            let failure = Failure(error, in: text, firstLine: firstLine)
            guard isInteractive, error.cause != .damaged else { throw failure }
            complain(failure)
        }
        if isInteractive { Interruption.watch() }
        try output.checkpoint()
    }

    /// Messages stand where the person looks, after the rows that came before.
    private func complain(_ failure: Failure) {
        output.write(failure.message + "\n" + (failure.hint.map { $0 + "\n" } ?? ""))
    }

    /// Does what a line with a dot says. False: leave.
    private mutating func obey(_ command: String, _ argument: String) throws -> Bool {
        let user = "name NOT LIKE 'sqlite#_%' ESCAPE '#' AND name NOT LIKE 'grdb#_%' ESCAPE '#'"
        switch command {
        case ".quit", ".exit": return false
        case ".help": output.write(Self.help)
        case ".tables":
            firstLine = line
            try perform(
                """
                SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view') AND \(user)
                UNION ALL SELECT 'points', 'virtual table' ORDER BY 1
                """)
        case ".schema":
            let name = argument.replacing("'", with: "''")
            let condition = argument.isEmpty ? user : "tbl_name = '\(name)'"
            var schema = SchemaText(output: output)
            try session.run(
                "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND \(condition) ORDER BY rowid", into: &schema)
            if argument.isEmpty || argument == "points" { output.write(PointsTableText.schema) }
        case ".mode":
            if let format = SQLFormat(rawValue: argument) {
                printer.format = format
            } else {
                let names = SQLFormat.allCases.map(\.rawValue).joined(separator: ", ")
                try reject(".mode expects one of \(names), found \"\(TextWidth.harmless(argument))\"")
            }
        default: try reject("there is no \(TextWidth.harmless(command)); .help names what there is")
        }
        return true
    }

    private func reject(_ message: String) throws {
        guard isInteractive else { throw Failure(.failure, "line \(line): \(message)") }
        output.write(message + "\n")
    }

    /// Statements as they are.
    private struct SchemaText: SQLSink {
        let output: Output
        mutating func begin(columns: [String]) {}
        mutating func write(_ row: [SQLValue]) {
            if case .text(let sql) = row[0] { output.write(sql + ";\n") }
        }
        mutating func end() {}
    }
}

extension Failure {
    /// - Parameters:
    ///   - text: what was run.
    ///   - firstLine: number of its first line among those of the user; nil where there is but one.
    init(_ error: SQLError, in text: String, firstLine: Int? = nil) {
        var message = error.message
        var hint: String?
        if let offset = error.offset, offset <= text.utf8.count {
            let before = String(decoding: text.utf8.prefix(offset), as: UTF8.self)
            let lines = before.split(separator: "\n", omittingEmptySubsequences: false)
            let number = (firstLine ?? 1) + lines.count - 1
            if firstLine != nil || text.contains("\n") { message = "line \(number): \(message)" }
            hint = Self.excerpt(of: text, line: lines.count - 1, after: String(lines.last ?? ""))
        }
        if error.cause == .damaged {
            hint = "to find all damage, try: anomalyctl db verify"
        } else if error.cause == .refused, hint == nil {
            hint = "anomalyctl sql only reads"
        }
        self.init(error.cause == .damaged ? .damagedDatabase : .failure, message, hint: hint)
    }

    /// A line, and an arrow below the place behind `before`.
    private static func excerpt(of text: String, line: Int, after before: String) -> String {
        let whole = text.split(separator: "\n", omittingEmptySubsequences: false).dropFirst(line).first ?? ""
        // Long lines are shown from shortly before the place on.
        let start = TextWidth.harmless(before)
        let kept = String(start.suffix(48))
        let rest = TextWidth.harmless(String(whole.dropFirst(before.count).prefix(72 - min(48, kept.count))))
        let mark = kept.count < start.count ? "…" : ""
        return "  \(mark)\(kept)\(rest)\n  " + String(repeating: " ", count: TextWidth.of(mark + kept)) + "^"
    }
}

/// The virtual table in words, as the schemas of the others explain themselves.
enum PointsTableText {
    static let schema = """
        CREATE VIRTUAL TABLE points ( -- all stored points, a row for each channel; not in the file, but in anomalyctl
            stream TEXT,
            t INTEGER,         -- microseconds since 1970-01-01 UTC
            value REAL,        -- NULL: missing
            prediction REAL,   -- made before the value was seen
            lower REAL,        -- band in which the value was expected
            upper REAL,
            residual REAL,     -- value - prediction
            score REAL,        -- of the whole point, from 0 to 1
            anomaly INTEGER,   -- of the whole point: 1 if it was flagged
            -- and these, which SELECT * leaves out:
            channel INTEGER,   -- 0 for the first value of a point
            time TEXT,         -- t as UTC, RFC 3339
            sequence INTEGER,  -- place of the point in its stream, from 1; 0 for a late point
            flags INTEGER,     -- 1 missing, 2 warm-up, 4 anomaly, 128 late, others: what it was flagged for
            missing INTEGER,   -- 1 if the value is NULL
            late INTEGER       -- 1 if it came after later points and was kept, unscored
        );

        """
}
