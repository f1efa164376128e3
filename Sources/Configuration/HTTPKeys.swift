extension ConfigurationKey {
    /// The keys of `[http]`.
    static let httpGroup = ConfigurationGroup(
        name: "http", heading: "Where browsers and Prometheus ask, if anywhere.",
        keys: [
            ConfigurationKey(
                "http.listen", daemon: \.http.listen, .httpAddresses,
                "Where HTTP is answered: \"127.0.0.1:9477\", \"[::1]:9477\", \"unix:/run/anomalyd/http.sock\". An empty "
                    + "array: nowhere.",
                choosing: "a Unix socket behind a web server, 127.0.0.1 for a Prometheus or a browser on this machine. "
                    + "The installed service has no network: let systemd open the port (anomalyd-http.socket)."),
            ConfigurationKey(
                "http.page", daemon: \.http.page, .boolean,
                "Whether the live page is there, at /, with the names and values of all streams.",
                choosing: "false where http.listen is a port for Prometheus alone, which every local user can reach."),
            ConfigurationKey(
                "http.allow_remote", daemon: \.http.allowRemote, .boolean,
                "Whether http.listen may name addresses that other machines reach.",
                choosing: "leave it: HTTP as it is here is not encrypted, and whoever reaches it may read everything."),
            ConfigurationKey(
                "http.socket_mode", daemon: \.http.socketMode, .fileMode,
                "Permissions of the Unix sockets in http.listen: who may connect needs to write.",
                choosing: "\"0660\" admits the owner and the group, \"0666\" every local user."),
            ConfigurationKey(
                "http.token_file", daemon: \.http.tokenFile, .optionalFile,
                "File with a secret of 16 to 1024 letters, digits and signs, which \"Authorization: Bearer\" must bring to "
                    + "change something. Empty: the credential http-token, if systemd passes one; else nothing can be "
                    + "changed over HTTP.",
                choosing: "a credential (LoadCredential=http-token:/etc/anomalyd/http-token), which only root need be "
                    + "able to read."),
            ConfigurationKey(
                "http.hosts", daemon: \.http.hosts, .hostNames,
                "Names by which browsers find this server over TCP, besides localhost and IP addresses. A request for "
                    + "another is refused, as a page of an attacker's may have sent it.",
                choosing: "the name in the address bar, if a web server hands it on."),
        ])
}

extension ValueKind where Value == String {
    /// A file to read, or none.
    static let optionalFile = Self(
        expectation: "a path, or \"\" for none",
        decode: { value in
            guard case .string(let path) = value, !path.utf8.contains(0) else { return nil }
            return path
        },
        encode: { .string($0) }, namesFile: true)
}

extension ValueKind where Value == [String] {
    /// Any number of places to answer HTTP at; one alone needs no brackets.
    static let httpAddresses = texts(
        "an array of \"ADDRESS:PORT\" with an IP address ([…] around IPv6), or \"unix:/PATH\" (1 to 107 bytes)"
    ) { HTTPAddress($0) != nil }

    /// Any number of names of machines; one alone needs no brackets.
    static let hostNames = texts("an array of host names, without ports") { name in
        !name.isEmpty && name.utf8.count <= 253
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    private static func texts(_ expectation: String, _ accepts: @escaping @Sendable (String) -> Bool) -> Self {
        Self(
            expectation: expectation,
            decode: { value in
                let values: [ConfigurationValue]
                if case .array(let several) = value { values = several } else { values = [value] }
                var texts: [String] = []
                for value in values {
                    guard case .string(let text) = value, accepts(text) else { return nil }
                    texts.append(text)
                }
                return texts
            },
            encode: { .array($0.map { .string($0) }) })
    }
}
