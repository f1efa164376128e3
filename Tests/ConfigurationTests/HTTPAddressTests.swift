import AnomalyConfiguration
import Testing

@Suite struct HTTPAddressTests {
    @Test(arguments: [
        ("127.0.0.1:9477", HTTPAddress.tcp(host: "127.0.0.1", port: 9477), true),
        ("127.3.2.1:0", .tcp(host: "127.3.2.1", port: 0), true), ("[::1]:65535", .tcp(host: "::1", port: 65_535), true),
        ("[::ffff:127.0.0.1]:1", .tcp(host: "::ffff:127.0.0.1", port: 1), true),
        ("0.0.0.0:9477", .tcp(host: "0.0.0.0", port: 9477), false), ("[::]:9477", .tcp(host: "::", port: 9477), false),
        ("192.0.2.1:80", .tcp(host: "192.0.2.1", port: 80), false),
        ("[::ffff:192.0.2.1]:1", .tcp(host: "::ffff:192.0.2.1", port: 1), false),
        ("[2001:db8::1]:80", .tcp(host: "2001:db8::1", port: 80), false),
        ("unix:/run/anomalyd/http.sock", .unix(path: "/run/anomalyd/http.sock"), true),
    ])
    func isRead(text: String, address: HTTPAddress, isLoopback: Bool) {
        #expect(HTTPAddress(text) == address)
        #expect(HTTPAddress(text)?.isLoopback == isLoopback)
    }

    @Test(arguments: [
        "", ":", "9477", ":9477", "localhost:9477", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:+1",
        "127.0.0.1:99999999999999999999", "::1:9477", "[::1]", "[]:1", "[127.0.0.1]:1", "127.1:1", "unix:",
        "unix:http.sock",
        "/run/anomalyd/http.sock", "http://127.0.0.1:9477", "127.0.0.1:9477 ",
    ])
    func isRefused(text: String) { #expect(HTTPAddress(text) == nil) }
}
