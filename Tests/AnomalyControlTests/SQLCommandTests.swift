import AnomalyControl
import Foundation
import Glibc
import PointStore
import Testing

@Suite struct SQLCommandTests {
    let store: SampleStore
    init() throws { store = try SampleStore.filled() }

    private func sql(_ arguments: String...) throws -> String {
        try InProcess(database: store.path).output(["sql"] + arguments)
    }

    /// Runs the program with some text on standard input.
    private func piped(_ input: String, _ arguments: String...) throws -> BuiltProgram.Result {
        let file = store.folder + "/input.sql"
        try Data(input.utf8).write(to: URL(filePath: file))
        let process = BuiltProgram().makeProcess(["--database", store.path, "sql"] + arguments)
        let (output, errors) = (Pipe(), Pipe())
        process.standardInput = FileHandle(forReadingAtPath: file)
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        let complaints = try errors.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return BuiltProgram.Result(
            status: process.terminationStatus, output: String(decoding: bytes, as: UTF8.self),
            errors: String(decoding: complaints, as: UTF8.self))
    }

    private func failure(_ arguments: String...) -> Failure? {
        do {
            _ = try InProcess(database: store.path).output(["sql"] + arguments)
            return nil
        } catch { return Failure(explaining: error) }
    }

    // MARK: Printing

    @Test func tables() throws {
        let points = try sql("SELECT t, value, anomaly FROM points WHERE stream = 'cpu.load' ORDER BY t LIMIT 4")
        #expect(
            points == """
                               t  value  anomaly
                1795442400000000    0.5        0
                1795442401000000   0.25        0
                1795442402000000               0
                1795442403000000  17.75        1

                """)
        let others = try sql("SELECT 1.0/3 AS third, 'a' || char(27) AS \"text\", x'00ff', NULL; SELECT 2 WHERE 0;")
        #expect(
            others == """
                             third  text  x'00ff'  NULL
                0.3333333333333333  a\u{FFFD}    x'00ff'

                -- no rows --

                """)
        #expect(try sql("/* nothing */;;") == "")
    }

    @Test func longTextIsCutOnATerminalOnly() throws {
        let statement = "SELECT 1 AS n, replace(hex(zeroblob(50)), '00', 'ab') AS long"
        let whole = String(repeating: "ab", count: 50)
        #expect(try sql(statement).contains(whole))
        let cut = try InProcess(columns: 80, database: store.path).output("sql", statement)
        #expect(cut.contains("…") && cut.split(separator: "\n").allSatisfy { $0.count < 80 })
    }

    /// Widths are chosen by the first rows; later ones are whole, too.
    @Test func laterRowsMayBeWider() throws {
        let text = try sql(
            "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT i, i * i * i * i AS p FROM n"
        )
        let lines = text.split(separator: "\n")
        #expect(lines.count == 1001 && lines[1000].split(separator: " ") == ["1000", "1000000000000"])
    }

    @Test func jsonAndCSV() throws {
        let statement =
            "SELECT stream, value, NULL AS \"a \"\"b\"\"\", 1 AS t, 2 AS t FROM points WHERE t % 2000000 = 1500000"
        #expect(
            try sql(statement, "-o", "json") == #"""
                {"stream":"disk\"a\",io","value":1e-07,"a \"b\"":null,"t":1,"t:1":2}
                {"stream":"disk\"a\",io","value":-1234567.891,"a \"b\"":null,"t":1,"t:1":2}

                """#)
        #expect(
            try sql(statement, "-o", "csv") == #"""
                stream,value,"a ""b""",t,t:1
                "disk""a"",io",1e-07,,1,2
                "disk""a"",io",-1234567.891,,1,2

                """#)
        #expect(try sql("SELECT 1 AS a WHERE 0", "-o", "csv") == "a\n")
        #expect(try sql("SELECT 1 AS a", "-o", "csv", "--no-header") == "1\n")
        #expect(try sql("SELECT 1 AS a WHERE 0", "-o", "json") == "")
    }

    @Test func parameters() throws {
        let statement = "SELECT count(*) AS n, typeof($n) AS type FROM points WHERE stream = :stream"
        let output = try sql("-p", "stream=disk\"a\",io", "--param", "n=-2.5", statement, "-o", "csv", "--no-header")
        #expect(output == "2,real\n")
        #expect(failure(statement)?.message == "$n has no value")
        #expect(failure("SELECT ?")?.message == "the parameter ? has no name, expected one such as :stream")
        #expect(failure("SELECT :n", "-p", "n") == nil)
        #expect(try BuiltProgram().run("sql", "SELECT :n", "-p", "n").status == 2)
    }

    // MARK: Errors

    @Test func errorsShowWhere() throws {
        #expect(
            failure("SELECT * FORM points")
                == Failure(.failure, "near \"FORM\": syntax error", hint: "  SELECT * FORM points\n           ^"))
        #expect(
            failure("SELECT 1;\nSELECT t,\n  valu FROM points")
                == Failure(.failure, "line 3: no such column: valu", hint: "    valu FROM points\n    ^"))
        let long = failure("SELECT " + String(repeating: "1, ", count: 100) + "nothing, 2 FROM points")
        #expect(long?.hint?.contains("…") == true && long?.hint?.hasSuffix("^") == true)
        #expect(long?.hint?.split(separator: "\n").allSatisfy { $0.count < 80 } == true)
        #expect(failure("SELECT abs(-9223372036854775808)")?.message == "integer overflow")
        #expect(failure("SELECT 'open")?.message.hasPrefix("unrecognized token") == true)
    }

    @Test(arguments: [
        ("DELETE FROM stream", "this would write to the table stream"),
        ("UPDATE chunk SET points = NULL", "this would write to the table chunk"),
        ("CREATE TABLE t (x)", "this would change the schema"),
        ("CREATE TEMP VIEW v AS SELECT 1", "this would change the schema"),
        ("DROP TABLE stream", "this would change the schema"),
        (
            "ATTACH ':memory:' AS other",
            "other databases cannot be attached or written; --database names the one to read"
        ),
        (
            "VACUUM INTO '/nowhere/new.db'",
            "this would write to the database"
        ),
        ("PRAGMA user_version = 5", "PRAGMA user_version can be read here, not set"),
        ("PRAGMA writable_schema", "PRAGMA writable_schema is not allowed here"),
        ("BEGIN", "there are no transactions here; each statement by itself sees one state of the database"),
        ("SELECT load_extension('x')", "not authorized to use function: load_extension"),
    ]) func whatWritesIsRefused(statement: String, message: String) throws {
        let refused = try #require(failure(statement))
        #expect(refused.status == .failure)
        #expect(refused.message == message)
    }

    @Test func whatAsksIsAllowed() throws {
        for statement in [
            "PRAGMA user_version", "PRAGMA table_info(stream)", "EXPLAIN QUERY PLAN SELECT * FROM points",
            "SELECT * FROM pragma_table_list", "WITH a AS (SELECT 1) SELECT * FROM a", "VALUES (1), (2)",
            "SELECT name FROM sqlite_schema", "PRAGMA integrity_check", "SELECT * FROM anomaly",
        ] { #expect(try !sql(statement).isEmpty, "\(statement)") }
    }

    @Test func damageHasAStatusOfItsOwn() throws {
        let damaged = try SampleStore()
        try damaged.fill(points: 100)
        try damaged.writer.close()
        let shell = Process()
        shell.executableURL = URL(filePath: "/usr/bin/env")
        shell.arguments = ["sqlite3", damaged.path, "UPDATE hot SET points = '[' || points"]
        try shell.run()
        shell.waitUntilExit()
        let result = try BuiltProgram().run("--database", damaged.path, "sql", "SELECT * FROM points")
        #expect(result.status == 6 && result.output == "")
        #expect(
            result.errors
                == "anomalyctl: the points of stream \"filled\" from 2026-11-23T14:00:00.000000Z on, in the table hot, "
                + "are damaged\nto find all damage, try: anomalyctl db verify\n")
        #expect(try BuiltProgram().run("--database", damaged.folder + "/none.db", "sql", "SELECT 1").status == 1)
    }

    // MARK: Standard input and files

    @Test func statementsFromAPipe() throws {
        let result = try piped("SELECT 1\nAS a;\n\nSELECT 'x;\ny' AS b; SELECT 3 AS c", "-o", "csv")
        #expect(result == BuiltProgram.Result(status: 0, output: "a\n1\nb\n\"x;\ny\"\nc\n3\n", errors: ""))
        let wrong = try piped("SELECT 1 AS a;\n\nSELECT\nfoo;\nSELECT 2;", "-o", "csv")
        #expect(
            wrong
                == BuiltProgram.Result(
                    status: 1, output: "a\n1\n", errors: "anomalyctl: line 4: no such column: foo\n  foo;\n  ^\n"))
        let commands = try piped(".mode json\nSELECT 1 AS a;\n.tables\n.quit\nSELECT 2;\n")
        #expect(commands.output.hasPrefix("{\"a\":1}\n"))
        #expect(commands.output.contains("{\"name\":\"points\",\"type\":\"virtual table\"}"))
        #expect(!commands.output.contains("2}") && commands.errors == "")
        let schema = try piped(".schema stream\n.schema points\n.sch\n")
        #expect(schema.output.hasPrefix("CREATE TABLE stream (\n") && schema.output.contains("VIRTUAL TABLE points"))
        #expect(schema.errors == "anomalyctl: line 3: there is no .sch; .help names what there is\n")
    }

    @Test func statementsFromAFile() throws {
        let file = store.folder + "/query.sql"
        try Data("SELECT count(*) AS n\nFROM points;".utf8).write(to: URL(filePath: file))
        #expect(try sql("-f", file, "-o", "json") == "{\"n\":7}\n")
        let missing = failure("-f", store.folder + "/none.sql")
        #expect(missing?.message == "cannot open \(store.folder)/none.sql: No such file or directory")
        #expect(try BuiltProgram().run("sql", "SELECT 1", "-f", file).status == 2)
    }

    /// The reader goes after the first line of many: the program ends at once and says nothing.
    @Test func aReaderThatGoesIsNoError() throws {
        let process = BuiltProgram().makeProcess([
            "--database", store.path, "sql",
            "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT i FROM n", "-o", "csv",
        ])
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        #expect(try output.fileHandleForReading.read(upToCount: 4) == Data("i\n1\n".utf8))
        try output.fileHandleForReading.close()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(try errors.fileHandleForReading.readToEnd() ?? Data() == Data())
    }

    // MARK: The prompt

    /// A conversation on a terminal: after what the program has shown, what a person types.
    private func converse(_ steps: [(shown: String, typed: String)]) throws -> String {
        var (primary, secondary): (Int32, Int32) = (0, 0)
        var size = winsize(ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0)
        try #require(openpty(&primary, &secondary, nil, nil, &size) == 0)
        let terminal = FileHandle(fileDescriptor: secondary, closeOnDealloc: false)
        // A session of its own, so that Ctrl-C on this terminal reaches the program.
        let process = BuiltProgram().makeProcess([])
        process.executableURL = URL(filePath: "/usr/bin/setsid")
        process.arguments = ["--ctty", "--wait", BuiltProgram.path, "--database", store.path, "sql"]
        (process.standardInput, process.standardOutput, process.standardError) = (terminal, terminal, terminal)
        try process.run()
        close(secondary)
        var bytes: [UInt8] = []
        var from = 0
        var steps = steps[...]
        var chunk = [UInt8](repeating: 0, count: 4096)
        while case let count = read(primary, &chunk, chunk.count), count > 0 {
            bytes += chunk[..<count]
            while let step = steps.first {
                let news = String(decoding: bytes[from...], as: UTF8.self)
                guard news.contains(step.shown) else { break }
                from = bytes.count
                steps.removeFirst()
                // What was echoed has to be read before Ctrl-C, which makes the terminal forget it.
                if step.typed == "\u{3}" { usleep(500_000) }
                _ = step.typed.withCString { write(primary, $0, strlen($0)) }
            }
        }
        process.waitUntilExit()
        close(primary)
        #expect(process.terminationStatus == 0)
        #expect(steps.isEmpty)
        return String(decoding: bytes, as: UTF8.self).replacing("\r\n", with: "\n")
    }

    @Test(.timeLimit(.minutes(1))) func aConversation() throws {
        let shown = try converse([
            ("sql> ", "SELECT 1 +\n"), ("...> ", "1 AS two;\n"), ("two", "SELEC;\n"),
            ("syntax error", "SELECT 'never\n"), ("...> ", "\u{3}"),
            ("sql> ", "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;\n"),
            ("FROM n;", "\u{3}"), ("interrupted", ".help\n"), (".quit", "\u{4}"),
        ])
        #expect(shown.hasPrefix("\(store.path), for reading only."))
        #expect(shown.contains("two\n  2\n") || shown.contains("two\u{1B}[0m\n  2\n"), "\(shown)")
        #expect(shown.contains("near \"SELEC\": syntax error\n  SELEC;\n  ^\n"))
    }
}
