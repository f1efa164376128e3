import Foundation

/// A webhook, in Python: it answers what it is told to, and keeps what it got.
final class Webhook {
    let url: String
    private let folder: TemporaryFolder
    private let process: ChildProcess

    enum Transport { case tcp, unix, tls }

    /// - Parameter answers: status codes, each with the seconds of a Retry-After behind a colon if it has one; then 200.
    init(_ folder: TemporaryFolder, _ transport: Transport = .tcp, answers: [String] = []) throws {
        self.folder = folder
        try folder.write(Self.program, to: "webhook.py")
        process = try ChildProcess(
            ["python3", folder("webhook.py"), folder.path, "\(transport)"] + answers, in: folder)
        let process = process
        try eventually("the webhook listens; \(process.errors)") { process.output.hasSuffix("\n") }
        url = process.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    deinit { process.signal(SIGKILL) }

    struct Request {
        var answer: Int
        var headers: [String: String]
        var body: [String: Any]
    }

    func requests() throws -> [Request] {
        try contents(of: folder("requests")).split(separator: "\n").map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
            return Request(
                answer: object["answer"] as? Int ?? 0, headers: object["headers"] as? [String: String] ?? [:],
                body: object["body"] as? [String: Any] ?? [:])
        }
    }

    private static let program = """
        import http.server, json, os, socketserver, ssl, sys
        folder, transport, answers = sys.argv[1], sys.argv[2], sys.argv[3:]
        class Handler(http.server.BaseHTTPRequestHandler):
            def address_string(self): return "client"
            def log_message(self, *arguments): pass
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                code, _, pause = (answers.pop(0) if answers else "200").partition(":")
                with open(folder + "/requests", "a") as file:
                    file.write(json.dumps({"answer": int(code), "headers": dict(self.headers), "body": json.loads(body)}) + "\\n")
                self.send_response(int(code))
                if pause: self.send_header("Retry-After", pause)
                self.send_header("Content-Length", "0")
                self.end_headers()
        if transport == "unix":
            class Server(socketserver.ThreadingUnixStreamServer): pass
            server = Server(folder + "/webhook.sock", Handler)
            print("http+unix://" + (folder + "/webhook.sock").replace("/", "%2F") + "/hook", flush=True)
        else:
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            scheme = "http"
            if transport == "tls":
                os.system(f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext "
                    f"subjectAltName=DNS:localhost -keyout {folder}/key.pem -out {folder}/cert.pem 2>/dev/null")
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(folder + "/cert.pem", folder + "/key.pem")
                server.socket = context.wrap_socket(server.socket, server_side=True)
                scheme = "https"
            print(f"{scheme}://localhost:{server.server_address[1]}/hook", flush=True)
        server.serve_forever()
        """
}
