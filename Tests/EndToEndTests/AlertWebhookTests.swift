import Foundation
import Testing

/// Webhooks get what Alertmanager would send them.
@Suite struct AlertWebhookTests {
    let folder: TemporaryFolder
    let rig: AlertRig
    init() throws {
        folder = try TemporaryFolder()
        rig = try AlertRig(folder)
    }

    private func configure(_ url: String, _ more: String = "") throws {
        try rig.configure(
            """
            [alerts]
            group_wait = 0
            group_interval = 0
            group_by = "tag:host"
            link = "https://show.example/a/{id}"
            [[sink]]
            name = "chat"
            url = "\(url)"
            \(more)
            """)
    }

    /// The message of Alertmanager's webhook, version 4: these fields of these types, and no others.
    private func checkSchema(_ body: [String: Any]) throws -> [[String: Any]] {
        let fields = [
            "version", "groupKey", "truncatedAlerts", "status", "receiver", "groupLabels", "commonLabels",
            "commonAnnotations", "externalURL", "alerts",
        ]
        #expect(Set(body.keys) == Set(fields))
        #expect(body["version"] as? String == "4" && body["groupKey"] is String && body["truncatedAlerts"] is Int)
        #expect(["firing", "resolved"].contains(body["status"] as? String) && body["receiver"] as? String == "chat")
        #expect(body["externalURL"] as? String == "https://show.example")
        for key in ["groupLabels", "commonLabels", "commonAnnotations"] {
            #expect(body[key] is [String: String], "\(key)")
        }
        let alerts = try #require(body["alerts"] as? [[String: Any]])
        for alert in alerts {
            #expect(
                Set(alert.keys) == [
                    "status", "labels", "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint",
                ])
            let labels = try #require(alert["labels"] as? [String: String])
            #expect(alert["annotations"] is [String: String] && labels["alertname"] == "anomaly")
            for name in labels.keys { #expect(name.wholeMatch(of: /[a-zA-Z_][a-zA-Z0-9_]*/) != nil, "\(name)") }
            #expect((alert["fingerprint"] as? String)?.wholeMatch(of: /[0-9a-f]{16}/) != nil)
            for key in ["startsAt", "endsAt"] {
                let time = try #require(alert[key] as? String)
                #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/) != nil, "\(time)")
            }
        }
        // What Alertmanager says is common to all.
        let all = alerts.compactMap { $0["labels"] as? [String: String] }
        let common = all.first?.filter { pair in all.allSatisfy { $0[pair.key] == pair.value } }
        #expect(body["commonLabels"] as? [String: String] == common)
        return alerts
    }

    @Test(arguments: [Webhook.Transport.tcp, .unix]) func aWebhookThatFailsTwiceIsToldInTheEnd(
        _ transport: Webhook.Transport
    ) throws {
        let webhook = try Webhook(folder, transport, answers: ["500", "503:1"])
        try folder.write(" secret of mine \n", to: "token")
        try configure(webhook.url, "bearer_token_file = \"\(folder("token"))\"")
        let daemon = try rig.start()
        try daemon.feed("web.cpu;host=a;0x-y=z 1 60\nweb.cpu;host=a;0x-y=z 50 120\n")
        try eventually("the webhook is told; log:\n\(daemon.process.errors)") { try webhook.requests().count >= 3 }
        let requests = try webhook.requests()
        #expect(requests.map(\.answer) == [500, 503, 200])
        for request in requests {
            #expect(request.headers["Authorization"] == "Bearer secret of mine")
            #expect(request.headers["Content-Type"] == "application/json")
            let alerts = try checkSchema(request.body)
            #expect(alerts.count == 1 && request.body["status"] as? String == "firing")
            #expect(request.body["groupLabels"] as? [String: String] == ["host": "a"])
            let labels = try #require(alerts[0]["labels"] as? [String: String])
            #expect(labels["host"] == "a" && labels["_0x_y"] == "z" && labels["severity"] == "critical")
            #expect(labels["stream"] == "web.cpu;host=a;0x-y=z", "\(labels)")
            #expect(alerts[0]["startsAt"] as? String == "1970-01-01T00:02:00.000000Z")
            #expect(alerts[0]["endsAt"] as? String == "0001-01-01T00:00:00Z")
            #expect(alerts[0]["generatorURL"] as? String == "https://show.example/a/1")
            let annotations = alerts[0]["annotations"] as? [String: String]
            #expect(annotations?["value"] == "50" && annotations?["event"] == "opened")
        }
        #expect(daemon.log("a sink could not be told")[0].contains("answers 500"))
        try daemon.feed("web.cpu;host=a;0x-y=z 1 180\n")
        try eventually("the webhook is told of the end") { try webhook.requests().count == 4 }
        let last = try webhook.requests()[3]
        let ended = try checkSchema(last.body)
        #expect(last.body["status"] as? String == "resolved" && ended[0]["status"] as? String == "resolved")
        #expect(ended[0]["endsAt"] as? String == "1970-01-01T00:02:00.000000Z")
        #expect(
            ended[0]["fingerprint"] as? String == (requests[0].body["alerts"] as? [[String: Any]])?[0]["fingerprint"]
                as? String)
        #expect(!daemon.process.errors.contains("secret of mine"))
        try daemon.stop()
    }

    /// Whoever takes Alertmanager's messages knows an alert by its beginning.
    @Test func whatIsOverAlreadyBeginsFirst() throws {
        let webhook = try Webhook(folder)
        try configure(webhook.url)
        let daemon = try rig.start()
        try daemon.feed("b 1 60\nb 50 120\nb 1 180\n")
        try eventually("both are told") { try webhook.requests().count == 2 }
        #expect(try webhook.requests().map { $0.body["status"] as? String } == ["firing", "resolved"])
        try daemon.stop()
    }

    @Test(.enabled(if: access("/usr/bin/openssl", X_OK) == 0, "openssl is not installed")) func encrypted() throws {
        let webhook = try Webhook(folder, .tls)
        try configure(webhook.url)
        let daemon = try rig.start()
        let refused = try folder.anomalyctl("alerts", "test", "chat")
        #expect(refused.exit == .code(1) && refused.output.lowercased().contains("certificate"), "\(refused)")
        try daemon.stop()
        try configure(webhook.url, "ca_file = \"\(folder("cert.pem"))\"")
        let second = try rig.start()
        let told = try folder.anomalyctl("alerts", "test", "chat")
        #expect(told.exit == .code(0) && told.output.hasSuffix("(webhook)\n"), "\(told)")
        try second.stop()
    }

    @Test func nobodyListensAndARefusal() throws {
        try configure("http://127.0.0.1:9/x", "bearer_token_file = \"missing.token\"")
        let daemon = try rig.start()
        let token = try folder.anomalyctl("alerts", "test", "chat")
        #expect(token.exit == .code(1) && token.output.contains("the unit needs LoadCredential="), "\(token)")
        try daemon.stop()
        try configure("http://127.0.0.1:9/x")
        let second = try rig.start()
        let dead = try folder.anomalyctl("alerts", "test", "chat")
        #expect(dead.exit == .code(1) && dead.output.contains("http://127.0.0.1:9"), "\(dead)")
        try second.stop()
        let webhook = try Webhook(folder, answers: ["401"])
        try configure(webhook.url)
        let third = try rig.start()
        let refused = try folder.anomalyctl("alerts", "test", "chat")
        #expect(refused.output.contains("answers 401 Unauthorized"), "\(refused)")
        try third.stop()
    }
}
