import ControlProtocol
import Foundation
import HTTPTypes
import LivePage
import Synchronization
import Testing

/// What the live page asks for.
@Suite struct LivePageTests {
    private func streams(_ answer: PageFixture.Answer) throws -> [[String: Any]] {
        try answer.json()["streams"] as? [[String: Any]] ?? []
    }

    private func names(_ answer: PageFixture.Answer) throws -> [String] {
        try streams(answer).compactMap { $0["name"] as? String }
    }

    // MARK: The page

    @Test func thePageFetchesOnlyItsOwn() async throws {
        let fixture = try PageFixture()
        let page = try await fixture.get("/")
        #expect(page.status == 200 && page.fields[.contentType] == "text/html; charset=utf-8")
        let policy = try #require(page.fields[.contentSecurityPolicy])
        #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self';"))
        #expect(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"))
        #expect(!page.text.contains("style=\"") && !page.text.contains("<script>") && !page.text.contains("<style>"))
        let addresses = page.text.matches(of: /(?:src|href)="([^"#][^"]*)"/).map { String($0.output.1) }
        #expect(addresses.count == 3 && addresses.allSatisfy { $0.hasPrefix("assets/") })
        for address in addresses {
            let asset = try await fixture.get("/" + address)
            #expect(asset.status == 200 && asset.bytes.count > 200)
            #expect(asset.fields[.cacheControl]?.contains("immutable") == true)
            #expect(!asset.text.contains("http://") || asset.text.contains("www.w3.org"))
        }
    }

    // MARK: Streams

    @Test func theWorstComesFirst() async throws {
        let fixture = try PageFixture()
        let answer = try await fixture.get("/api/v1/streams")
        let json = try answer.json()
        #expect(json["total"] as? Int == 5 && json["matching"] as? Int == 5)
        let first = try #require(try streams(answer).first)
        #expect(first["name"] as? String == PageFixture.hostile)
        #expect(first["worst_score"] as? Double == 0.5 && first["last_score"] as? Double == 0)
        #expect(first["open"] as? Bool == false && first["anomaly"] as? Int == 1)
        #expect((first["recent"] as? [Any])?.count == 40 && first["points"] as? Int == 100)
        // Unless somebody has sorted them.
        #expect(try names(await fixture.get("/api/v1/streams?sort=name")).last == "wide")
    }

    @Test func aPieceOfManyStreams() async throws {
        let fixture = try PageFixture(streams: 500, points: 12)
        let answer = try await fixture.get("/api/v1/streams?sort=name&offset=2&limit=20")
        #expect(try names(answer).count == 20 && answer.json()["total"] as? Int == 502)
        let most = try await fixture.get("/api/v1/streams?limit=200")
        #expect(try names(most).count == 200)
        #expect(try await fixture.get("/api/v1/streams?limit=201").status == 400)
        #expect(try await fixture.get("/api/v1/streams?limit=0").status == 400)
        #expect(try names(await fixture.get("/api/v1/streams?offset=502")).isEmpty)
    }

    @Test(arguments: [
        ("WEB.1", ["web.1"]), ("web.*", ["web.0", "web.1", "web.2"]), ("*de", ["wide"]), ("nothing", []),
        (PageFixture.hostile, [PageFixture.hostile]), ("[", []),
    ])
    func search(text: String, expected: [String]) async throws {
        let answer = try await PageFixture().get("/api/v1/streams", [("search", text), ("sort", "name")])
        #expect(answer.status == 200)
        #expect(try names(answer) == expected)
    }

    // MARK: Points

    @Test func pointsAsTheChartHasThem() async throws {
        let fixture = try PageFixture()
        let answer = try await fixture.get("/api/v1/points", [("stream", PageFixture.hostile)])
        let json = try answer.json()
        #expect(answer.status == 200 && json["points"] as? Int == 100 && json["channels"] as? Int == 1)
        #expect(json["start"] as? Int64 == PageFixture.start / 1000)
        #expect((json["time"] as? [Int])?.count == 100 && (json["valueLow"] as? [Double])?.max() == 90)
        #expect((json["flagged"] as? [Int]) == [90])
        #expect((json["marks"] as? [[Any]])?.first?.first as? Int == 1)
        #expect((json["zones"] as? [[Any]])?.first?.last as? String == "UTC")
        #expect(!answer.text.contains("script"))
    }

    @Test func theNewestOnesOrThoseOfATime() async throws {
        let fixture = try PageFixture()
        func points(_ query: [(String, String)]) async throws -> Int? {
            try await fixture.get("/api/v1/points", [("stream", "web.1")] + query).json()["points"] as? Int
        }
        #expect(try await points([("newest", "7")]) == 7)
        #expect(try await points([("span", "600000000")]) == 11)
        let since = PageFixture.start + 10 * PageFixture.minute
        #expect(
            try await points([("since", "\(since)"), ("until", "\(since + 5 * PageFixture.minute)")]) == 5)
        #expect(try await points([("since", "\(since)"), ("until", "\(since + 1)")]) == 1)
        // Before anything came.
        #expect(try await points([("until", "1000")]) == 0)
    }

    /// However many points there are.
    @Test func aChartIsNoWiderThanAsked() async throws {
        let fixture = try PageFixture(streams: 1, points: 20_000)
        let answer = try await fixture.get("/api/v1/points?stream=web.0&columns=100")
        let json = try answer.json()
        #expect(json["points"] as? Int == 20_000 && (json["time"] as? [Int])?.count == 100)
        #expect(answer.bytes.count < 10_000)
        #expect((json["valueLow"] as? [Double])?.min() == 0 && (json["valueHigh"] as? [Double])?.max() == 9)
    }

    @Test func anotherZone() async throws {
        let json = try await PageFixture().get(
            "/api/v1/points", [("stream", "web.1"), ("zone", "Europe/Berlin")]
        ).json()
        #expect((json["zones"] as? [[Any]])?.first?[1] as? Int == 3600)
        let unknown = try await PageFixture().get("/api/v1/points", [("stream", "web.1"), ("zone", "Mars/Base")])
        #expect(unknown.status == 200)
    }

    @Test(arguments: [
        ("/api/v1/points", 400, "expected stream=NAME"), ("/api/v1/points?stream=none", 404, "no stream"),
        ("/api/v1/points?stream=wide&channel=2", 404, "2 channels"),
        ("/api/v1/points?stream=wide&columns=9", 400, "columns"),
        ("/api/v1/points?stream=wide&since=x", 400, "since"), ("/api/v1/points?stream=wide&sinc=1", 400, "unknown"),
        ("/api/v1/points?stream=wide&since=9223372036854775807", 400, "since"),
        ("/api/v1/points?stream=wide&since=5&until=5", 400, "before"), ("/api/v1/streams?sort=bad", 400, "score"),
        ("/api/v1/anomalies?open=maybe", 400, "true or false"), ("/api/v1/anomalies/x", 400, "number"),
        ("/api/v1/anomalies/99", 404, "no anomaly 99"), ("/api/v1/anomalies?stream=none", 404, "no stream"),
        ("/api/v1/status?x=1", 400, "unknown"),
    ])
    func whatIsWrongIsSaid(path: String, status: Int, words: String) async throws {
        let answer = try await PageFixture().get(path)
        #expect(answer.status == status)
        #expect(try (answer.json()["error"] as? String)?.contains(words) == true)
    }

    // MARK: Anomalies

    @Test func anomaliesAndOneInWords() async throws {
        let fixture = try PageFixture()
        let list = try await fixture.get("/api/v1/anomalies").json()
        let anomaly = try #require((list["anomalies"] as? [[String: Any]])?.first)
        #expect(anomaly["stream"] as? String == PageFixture.hostile && anomaly["kind"] as? String == "spike")
        #expect(list["more"] as? Bool == false)
        #expect(try (await fixture.get("/api/v1/anomalies?open=true").json()["anomalies"] as? [Any])?.isEmpty == true)

        let one = try await fixture.get("/api/v1/anomalies/1?zone=Europe%2FBerlin").json()
        let lines = try #require(one["lines"] as? [[String: String]])
        #expect(lines.map { $0["label"] }.contains("Rarity"))
        #expect(lines.first == ["label": "Began", "text": "Mon 2026-11-23 16:30:00 GMT+1"])
        #expect(lines.contains { $0["text"]?.hasPrefix("90, which is 85 above that: 17 times") == true })
        #expect((one["explanation"] as? [String: Any])?["once_per_points"] as? Double == 100_000)
    }

    // MARK: Changes

    private let json: HTTPFields = [.contentType: "application/json"]

    @Test func somethingIsSaid() async throws {
        let fixture = try PageFixture()
        let label = try await fixture.ask(
            .post, "/api/v1/feedback", body: #"{"anomaly":1,"action":"false-positive","message":"the <b>backup</b>"}"#,
            json)
        #expect(label.status == 200 && label.text == "{\"points\":100}\n")
        _ = try await fixture.ask(.post, "/api/v1/feedback", body: #"{"anomaly":1,"action":"mute"}"#, json)
        _ = try await fixture.ask(
            .post, "/api/v1/feedback", body: #"{"stream":"wide","action":"mute","seconds":60}"#, json)
        let said = fixture.said.withLock { $0 }
        #expect(said.map(\.action) == ["false-positive", "mute", "mute"])
        #expect(said[0].stream == PageFixture.hostile && said[0].message == "the <b>backup</b>")
        #expect(said[0].label?.kind == "spike" && said[0].label?.shape.count == 8 && said[0].label?.start == 91)
        #expect(said[1].start == 91 && said[1].anomaly == 1)
        #expect(said[2].until == PageFixture.start + 101 * PageFixture.minute && said[2].anomaly == nil)
    }

    @Test(arguments: [
        ("", 400), ("[]", 400), ("{}", 400), (#"{"anomaly":1,"action":"reset"}"#, 400),
        (#"{"anomaly":99,"action":"ack"}"#, 404), (#"{"stream":"wide","action":"freeze"}"#, 400),
        (#"{"stream":"wide","action":"mute"}"#, 400), (#"{"stream":"wide","action":"mute","seconds":-1}"#, 400),
        (#"{"anomaly":1,"stream":"wide","action":"ack"}"#, 400),
    ])
    func whatCannotBeSaid(body: String, status: Int) async throws {
        let fixture = try PageFixture()
        #expect(try await fixture.ask(.post, "/api/v1/feedback", body: body, json).status == status)
        #expect(fixture.said.withLock { $0.isEmpty })
    }

    @Test func otherPagesMaySayNothing() async throws {
        let fixture = try PageFixture()
        let body = #"{"anomaly":1,"action":"ack"}"#
        var fields = json
        fields[.origin] = "http://attacker.example"
        #expect(try await fixture.ask(.post, "/api/v1/feedback", body: body, fields).status == 403)
        fields[.origin] = "null"
        #expect(try await fixture.ask(.post, "/api/v1/feedback", body: body, fields).status == 403)
        #expect(
            try await fixture.ask(.post, "/api/v1/feedback", body: body, [.contentType: "text/plain"]).status == 415)
        #expect(fixture.said.withLock { $0.isEmpty })
        fields[.origin] = "http://localhost:1"
        #expect(try await fixture.ask(.post, "/api/v1/feedback", body: body, fields).status == 200)
    }

    @Test func withoutATokenNothingIsSaid() async throws {
        let fixture = try PageFixture(canChange: false)
        let answer = try await fixture.ask(.post, "/api/v1/feedback", body: #"{"anomaly":1,"action":"ack"}"#, json)
        #expect(answer.status == 403 && answer.text.contains("http.token_file"))
        #expect(try await fixture.get("/api/v1/status").json()["can_change"] as? Bool == false)
    }

    // MARK: Events

    @Test func eventsTellOfCommits() async throws {
        let text = try await PageFixture().beginning(of: "/api/v1/events", bytes: 40)
        #expect(text.hasPrefix("retry: 2000\n\nid: 7\nevent: commit\ndata: {"))
        #expect(text.hasSuffix("}\n\n") && text.contains("\"points_per_second\":1.3"))
    }

    @Test func aClosedPageAnswersNothing() async throws {
        let fixture = try PageFixture()
        #expect(try await fixture.get("/api/v1/streams").status == 200)
        await fixture.page.close()
        #expect(try await fixture.get("/api/v1/anomalies").status == 503)
        #expect(try await fixture.get("/api/v1/events").status == 503)
    }
}
