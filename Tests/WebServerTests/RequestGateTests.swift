import HTTPTypes
import Testing
import WebServer

@Suite struct RequestGateTests {
    private let gate = RequestGate(hosts: ["Monitor.example"], token: nil)

    private func request(
        _ method: HTTPRequest.Method = .get, host: String?, _ fields: HTTPFields = [:]
    ) -> HTTPRequest {
        HTTPRequest(method: method, scheme: "http", authority: host, path: "/", headerFields: fields)
    }

    @Test(arguments: [
        "localhost", "LOCALHOST:9477", "localhost.", "a.localhost:1", "127.0.0.1:9477", "127.0.0.1", "[::1]:9477",
        "[::1]", "192.0.2.1:80", "monitor.EXAMPLE:9477",
    ])
    func ourNamesPass(host: String) {
        #expect(gate.refuse(request(host: host), isLocal: false) == nil)
    }

    /// What a page would say whose name its owner has made to point here.
    @Test(arguments: [
        "attacker.example", "localhost.attacker.example", "127.0.0.1.attacker.example", "", "[::1",
        "[attacker.example]",
        "2130706433", "monitor.example.attacker.example", "xlocalhost",
    ])
    func otherNamesDoNot(host: String) throws {
        let refused = try #require(gate.refuse(request(host: host), isLocal: false))
        #expect(refused.refusal == .host && refused.status == .misdirectedRequest)
        #expect(gate.refuse(request(host: host), isLocal: true) == nil)
    }

    @Test func aRequestWithoutHostIsRefused() {
        #expect(gate.refuse(request(host: nil), isLocal: false)?.refusal == .host)
    }

    @Test func withoutATokenNothingChanges() {
        for method in [HTTPRequest.Method.post, .put, .patch, .delete] {
            let refused = gate.refuse(request(method, host: "localhost"), isLocal: true)
            #expect(refused?.status == .forbidden && refused?.refusal == .token)
        }
        for method in [HTTPRequest.Method.get, .head, .options] {
            #expect(gate.refuse(request(method, host: "localhost"), isLocal: false) == nil)
        }
    }

    @Test(arguments: [
        ("Bearer 0123456789abcdef", true), ("bearer  0123456789abcdef", true), ("Bearer 0123456789abcdeF", false),
        ("Bearer 0123456789abcde", false), ("Bearer 0123456789abcdef0", false), ("Basic 0123456789abcdef", false),
        ("Bearer 0123456789abcdef0123456789abcdef", false), ("0123456789abcdef", false), ("", false),
        ("Bearer ", false),
    ])
    func theTokenIsNeeded(field: String, passes: Bool) {
        let gate = RequestGate(hosts: [], token: "0123456789abcdef")
        let refused = gate.refuse(request(.post, host: "localhost", [.authorization: field]), isLocal: false)
        #expect((refused == nil) == passes)
        if !passes { #expect(refused?.status == .unauthorized && refused?.headers[.wwwAuthenticate] == "Bearer") }
    }

    @Test func aLongBodyIsRefusedBeforeItComes() {
        let long = request(host: "localhost", [.contentLength: "\(WebServer.largestBody + 1)"])
        #expect(gate.refuse(long, isLocal: false)?.status == .contentTooLarge)
    }
}
