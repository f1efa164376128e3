import AnomalyControl
import AnomalyDetection
import Foundation
import PointStore
import Presentation
import Testing

/// `anomalyctl report`. What the page does in a browser is tried by Tests/BrowserTests.
@Suite struct ReportCommandTests {
    let store: SampleStore
    init() throws { store = try .withAnomalies() }

    private func page(_ arguments: String...) throws -> String {
        try InProcess(database: store.path).output(["report", "--utc"] + arguments)
    }

    /// What a Python script prints of a page, of which it knows `page`, its `data` and its `cells` row by row.
    private func ask(_ page: String, _ script: String) throws -> String {
        let path = store.folder + "/page.html"
        try Data(page.utf8).write(to: URL(filePath: path))
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        let reader = """
            import base64, hashlib, html.parser, json, re, sys
            page = open(sys.argv[1], encoding="utf-8").read()

            class Reader(html.parser.HTMLParser):
                def __init__(self):
                    super().__init__()
                    self.inside, self.texts, self.cells, self.tags, self.row = "", {}, [], [], False
                def handle_starttag(self, tag, attributes):
                    self.tags.append(tag)
                    attributes = dict(attributes)
                    if tag in ("script", "style"):
                        self.inside = tag + attributes.get("type", "")
                    if tag == "tr":
                        self.cells.append([])
                    if tag in ("th", "td"):
                        self.cells[-1].append("")
                        self.row = True
                def handle_endtag(self, tag):
                    if tag in ("script", "style"):
                        self.inside = ""
                    if tag in ("th", "td"):
                        self.row = False
                    if tag == "table":
                        self.cells.append(None)
                def handle_data(self, text):
                    if self.inside:
                        self.texts[self.inside] = self.texts.get(self.inside, "") + text
                    elif self.row:
                        self.cells[-1][-1] += text

            reader = Reader()
            reader.feed(page)
            data = json.loads(reader.texts["scriptapplication/json"])

            """
        process.arguments = ["python3", "-c", reader + script, path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func theWorstStreamsComeFirst() throws {
        let page = try page()
        // Open ones before those that are over, then by the score.
        let names = page.matches(of: #/<h3 id="name-[0-9]">([^<]*)</#).map { String($0.1) }
        #expect(names == ["cpu.load", "quiet", "web, channel 1 of 2"])
        #expect(page.contains("<dt>anomalies</dt><dd>5</dd>"))
        #expect(page.contains("<div class=\"bad\"><dt>still open</dt><dd>2</dd>"))
        let two = try self.page("--streams", "2")
        #expect(two.matches(of: #/<h3 /#).count == 2)
    }

    @Test func anomaliesAndModels() throws {
        let said = try ask(
            page(),
            """
            for row in reader.cells:
                print("|".join(row) if row else "")
            """)
        #expect(
            said == """
                ID|Stream|Kind|Since|Lasted|Peak|Found|Expected|Score|Said
                5|cpu.load|shift|2026-11-23 14:50:00|still open||2.4|2|0.340|
                4|quiet|gap|2026-11-23 14:40:00|still open||||0.330|
                3|web (channel 1)|range|2026-11-23 14:20:30|0s||150|50|0.500|
                2|cpu.load|spike|2026-11-23 14:19:00|1min||12|2|0.420|
                1|cpu.load|spike|2026-11-23 14:09:00|0s||9|2|0.350|

                Stream|State|Points|Newest|Score|Network|Learned|Updates|Last loss|Gradients
                cpu.load|anomaly open|60|2026-11-23 14:59:00|0.010|no checkpoint yet||||
                quiet|silent since Mon 2026-11-23 14:40:00 UTC, anomaly open|30|2026-11-23 14:29:00|0.010|\
                no checkpoint yet||||
                web|ordinary|30|2026-11-23 14:29:30|0.020|no checkpoint yet||||


                """)
    }

    /// The data of a chart are those of the picture.
    @Test func dataOfCharts() throws {
        let said = try ask(
            page(),
            """
            chart = data["charts"][0]
            print(data["zones"])
            print(len(chart["time"]), chart["start"], chart["length"], chart["time"][:3])
            print(chart["valueLow"][8:11], "valueHigh" in chart, chart["lower"][0], chart["upper"][0])
            print(chart["flagged"], chart["valueBreaks"])
            print(chart["marks"][0], chart["marks"][1])
            """)
        let start = SampleStore.start / 1000
        #expect(
            said == """
                [[1795442400, 0, 'UTC']]
                60 \(start) 3540000 [0, 60000, 60000]
                [2, 9, 2] False 1.5 2.5
                [9, 19, 50] [0]
                [1, 540000, 540000, 540000, 1, 0, 'spike'] [2, 1140000, 1200000, 1140000, 1, 0, 'spike']

                """)
    }

    /// Many points become few columns, but not around an anomaly.
    @Test func longRangesStaySmall() throws {
        let long = try SampleStore()
        try long.fill(hours: 30_000, peak: 20_000)
        let page = try InProcess(database: long.path).output("report", "--since", "2026-11-01", "--utc")
        #expect(page.utf8.count < 250_000)
        let said = try ask(
            page,
            """
            chart = data["charts"][0]
            places = [i for i, low in enumerate(chart["valueLow"]) if 19950 <= low < 20050]
            print(len(chart["time"]) < 1200, len(places), max(chart["valueHigh"]), min(chart["valueLow"]))
            """)
        #expect(said == "True 100 29999 0\n")
    }

    /// The page names the digests of what it holds, and Python finds the same.
    @Test func thePolicyLetsNothingElseIn() throws {
        let said = try ask(
            page(),
            """
            def digest(text): return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"
            policy = re.search('Content-Security-Policy" content="([^"]*)"', page).group(1)
            print(policy.replace(digest(reader.texts["script"]), "SCRIPT").replace(digest(reader.texts["style"]), "STYLE"))
            print(re.findall(' (?:style|on[a-z]+)="', page.split("<script")[0]))
            print(re.findall('(?:src|href)="(?!#)[^"]*', page), "http" in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", ""))
            """)
        #expect(
            said == """
                default-src 'none'; script-src SCRIPT; style-src STYLE; base-uri 'none'; form-action 'none'
                []
                [] False

                """)
    }

    @Test func namesAndWordsAreNoMarkup() throws {
        let name = "</script><img/src=x/onerror=alert(1)>\"'&\u{2028}"
        var commit = Commit()
        commit.streams = [StreamRecord(id: 9, name: name, channels: 1, created: SampleStore.start)]
        commit.points = [
            PointRow(
                stream: 9, channel: 0, sequence: 1, time: SampleStore.start, value: 1, prediction: 1, lower: 0,
                upper: 2,
                residual: 0, score: 0.9, flags: [.anomaly, .unpredicted])
        ]
        commit.anomalies = [
            AnomalyRecord(
                stream: 9,
                anomaly: Anomaly(
                    startSequence: 1, start: SampleStore.start, end: SampleStore.start, peak: SampleStore.start,
                    peakScore: 0.9, peakChannel: 0, peakValue: 1, peakPrediction: 1, evidence: .unpredicted, points: 1,
                    isOpen: false))
        ]
        commit.feedback = [
            FeedbackRecord(
                stream: 9, sequence: 1, isSilent: false, time: SampleStore.start, action: .truePositive, anomaly: 6,
                message: "</td><script>alert(2)</script>")
        ]
        try store.writer.commit(&commit)
        let said = try ask(
            page(),
            """
            print(reader.tags.count("script"), reader.tags.count("img"))
            row = next(row for row in reader.cells if row and row[0] == "6")
            print(row[1], row[9])
            """)
        #expect(
            said == """
                2 0
                </script><img/src=x/onerror=alert(1)>\"'&\u{FFFD} true, said Mon 2026-11-23 14:00:00 UTC: \
                </td><script>alert(2)</script>

                """)
    }

    @Test func ranges() throws {
        let early = try page("--until", "2026-11-23 14:10")
        #expect(early.contains("<dt>anomaly</dt><dd>1</dd>"))
        // Without a begin: the week before the newest point.
        #expect(try page().contains("Mon 2026-11-16 14:59:00 UTC</time> to <time>Mon 2026-11-23 14:59:00 UTC"))
        let none = try page("--until", "2026-11-20")
        #expect(none.contains("<p>None in this time.</p>"))
        #expect(none.contains("No stream has points in this time."))
    }

    @Test func whereNothingIsWrong() throws {
        let calm = try SampleStore()
        try calm.fill(points: 50)
        let page = try InProcess(database: calm.path).output("report", "--utc")
        #expect(page.contains("<p>Nothing was wrong in this time.</p>"))
        #expect(page.contains("<h3 id=\"name-0\">filled</h3>"))
    }

    @Test func filesAndErrors() throws {
        let path = store.folder + "/report.html"
        #expect(try page("-o", path) == "\(path): 5 anomalies, 3 charts\n")
        #expect(try String(contentsOfFile: path, encoding: .utf8).hasSuffix("</html>\n"))
        let empty = try SampleStore()
        #expect(throws: Failure.self) { try InProcess(database: empty.path).output("report") }
        let terminal = try BuiltProgram().runOnTerminal(columns: 80, ["report", "--database", store.path])
        #expect(!terminal.contains("<html"))
        let piped = try BuiltProgram().run("report", "--database", store.path)
        #expect(piped.status == 0 && piped.output.hasPrefix("<!DOCTYPE html>"))
        #expect(try BuiltProgram().run("report", "--streams", "-1", "--database", store.path).status == 2)
    }

    /// The vectors of FIPS 180-4, and lengths around a block's.
    @Test func digests() {
        func hex(_ text: String) -> String {
            SHA256.digest(of: text.utf8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        #expect(hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
        #expect(SHA256.base64(of: "") == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
    }

    /// Scripts are told when a clock was turned.
    @Test func clocksThatAreTurned() throws {
        let berlin = try #require(NamedZone("Europe/Berlin"))
        let page = try InProcess(zone: berlin, database: store.path).output("report", "-S", "2026-10-01")
        #expect(page.contains(">2026-11-23 15:50:00</time>"))
        let said = try ask(page, "print([zone[:2] for zone in data['zones']])")
        #expect(said == "[[1795442400, 3600]]\n")
    }
}
