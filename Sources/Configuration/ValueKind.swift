import AnomalyDetection

/// What values a key takes, and how they are written in TOML.
struct ValueKind<Value: Sendable>: Sendable {
    /// Completes "expected …".
    let expectation: String
    /// The value, or nil if it is not what is expected.
    let decode: @Sendable (ConfigurationValue) -> Value?
    let encode: @Sendable (Value) -> ConfigurationValue
    /// Whether the value names a file, whose path counts from the folder of the file that names it.
    var namesFile = false
}

extension ValueKind where Value == Int {
    static func integer(_ range: ClosedRange<Int>) -> Self {
        Self(
            expectation: "an integer from \(range.lowerBound) to \(range.upperBound)",
            decode: { value in
                guard case .integer(let number) = value, range.contains(number) else { return nil }
                return number
            },
            encode: { .integer($0) })
    }
}

extension ValueKind where Value == UInt64 {
    /// What TOML's signed 64-bit integers can hold of it.
    static let seed = Self(
        expectation: "an integer from 0 to \(Int.max)",
        decode: { value in
            guard case .integer(let number) = value else { return nil }
            return UInt64(exactly: number)
        },
        encode: { .integer(Int(clamping: $0)) })
}

extension ValueKind where Value == Double {
    static func number(_ range: ClosedRange<Double>) -> Self {
        number("a number from \(plain(range.lowerBound)) to \(plain(range.upperBound))") { range.contains($0) }
    }

    static func number(above lower: Double, through upper: Double) -> Self {
        number("a number above \(plain(lower)) and at most \(plain(upper))") { $0 > lower && $0 <= upper }
    }

    private static func number(_ expectation: String, _ accepts: @escaping @Sendable (Double) -> Bool) -> Self {
        Self(
            expectation: expectation,
            decode: { value in
                switch value {
                case .number(let number): return accepts(number) ? number : nil
                // "1" for "1.0" is what people write.
                case .integer(let number): return accepts(Double(number)) ? Double(number) : nil
                default: return nil
                }
            },
            encode: { .number($0) })
    }

    private static func plain(_ number: Double) -> String {
        Int(exactly: number).map(String.init) ?? "\(number)"
    }
}

extension ValueKind where Value == ExpectedRange? {
    /// A lowest and a highest value, or none.
    static let range = Self(
        expectation: "an array of two numbers, the lower one first, or [] for none",
        decode: { value in
            guard case .array(let ends) = value else { return nil }
            let numbers = ends.compactMap {
                ValueKind<Double>.number(-.greatestFiniteMagnitude...(.greatestFiniteMagnitude)).decode($0)
            }
            if ends.isEmpty { return .some(nil) }
            guard ends.count == 2, numbers.count == 2, let range = ExpectedRange(numbers[0], numbers[1]) else {
                return nil
            }
            return range
        },
        encode: { range in .array(range.map { [.number($0.low), .number($0.high)] } ?? []) })
}

extension ValueKind where Value == Bool {
    static let boolean = Self(
        expectation: "true or false",
        decode: { value in
            guard case .boolean(let flag) = value else { return nil }
            return flag
        },
        encode: { .boolean($0) })
}

extension ValueKind where Value: RawRepresentable<String> & CaseIterable {
    /// One of an enumeration's words.
    static var choice: Self {
        Self(
            expectation: oneOf(Value.allCases.map(\.rawValue)),
            decode: { value in
                guard case .string(let word) = value else { return nil }
                return Value(rawValue: word)
            },
            encode: { .string($0.rawValue) })
    }
}

extension ValueKind where Value == String {
    /// One of a list of words.
    static func choice(of words: [String]) -> Self {
        Self(
            expectation: oneOf(words),
            decode: { value in
                guard case .string(let word) = value, words.contains(word) else { return nil }
                return word
            },
            encode: { .string($0) })
    }

    /// A file.
    static let path = Self(
        expectation: "a path (a string that is not empty)",
        decode: { value in
            guard case .string(let path) = value, !path.isEmpty else { return nil }
            return path
        },
        encode: { .string($0) })

    /// A model to begin with: a file to read, the shipped one, or none.
    static let initialModel = Self(
        expectation: "\"\(StreamSettings.shippedModel)\", a path, or \"\" for none",
        decode: { value in
            guard case .string(let path) = value, !path.utf8.contains(0) else { return nil }
            return path
        },
        encode: { .string($0) }, namesFile: true)

    /// A Unix socket.
    static let socketPath = Self(
        expectation: "the path of a Unix socket (\(socketPathLength) bytes)",
        decode: { value in
            guard case .string(let path) = value, isSocketPath(path) else { return nil }
            return path
        },
        encode: { .string($0) })
}

extension ValueKind where Value == [String] {
    /// Any number of Unix sockets; one alone needs no brackets.
    static let socketPaths = Self(
        expectation: "an array of paths of Unix sockets (each \(socketPathLength) bytes), with FORMAT: before those of "
            + "another format",
        decode: { value in
            let paths: [ConfigurationValue]
            if case .array(let values) = value { paths = values } else { paths = [value] }
            var result: [String] = []
            for path in paths {
                guard case .string(let text) = path, let listener = FeedListener(text), isSocketPath(listener.path)
                else { return nil }
                result.append(text)
            }
            return result
        },
        encode: { .array($0.map { .string($0) }) })
}

extension ValueKind where Value == [Account] {
    /// Any number of users; one alone needs no brackets.
    static let users = accounts("users", Account.user)
    /// Any number of groups; one alone needs no brackets.
    static let groups = accounts("groups", Account.group)

    private static func accounts(_ what: String, _ named: @escaping @Sendable (String) -> Account) -> Self {
        Self(
            expectation: "an array of \(what), each by its name or number",
            decode: { value in
                let values: [ConfigurationValue]
                if case .array(let several) = value { values = several } else { values = [value] }
                var accounts: [Account] = []
                for value in values {
                    switch value {
                    case .string(let name) where !name.isEmpty && !name.utf8.contains(0): accounts.append(named(name))
                    case .integer(let number) where Account.isID(number): accounts.append(named(String(number)))
                    default: return nil
                    }
                }
                return accounts
            },
            encode: { .array($0.map { .string($0.text) }) })
    }
}

extension ValueKind where Value == UInt32 {
    /// Permission bits. A string, because 660 without quotes is a decimal number and would mean 0o1224.
    static let fileMode = Self(
        expectation: "file permissions in octal, from \"0000\" to \"0777\"",
        decode: { value in
            guard case .string(let text) = value, (3...4).contains(text.utf8.count),
                text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }),
                let mode = UInt32(text, radix: 8), mode <= 0o777
            else { return nil }
            return mode
        },
        encode: { mode in
            let digits = String(mode, radix: 8)
            return .string(String(repeating: "0", count: max(0, 4 - digits.count)) + digits)
        })
}

extension ValueKind where Value == Int64 {
    /// A length of time in microseconds.
    static func duration(_ range: ClosedRange<Int64>) -> Self {
        Self(
            expectation: "a duration from \"\(TimeSpan.format(range.lowerBound))\""
                + " to \"\(TimeSpan.format(range.upperBound))\" (or a number of seconds)",
            decode: { value in
                let span: Int64?
                switch value {
                case .string(let text): span = TimeSpan.parse(text)
                case .integer(let seconds): span = TimeSpan.seconds(Double(seconds))
                case .number(let seconds): span = TimeSpan.seconds(seconds)
                default: span = nil
                }
                return span.flatMap { range.contains($0) ? $0 : nil }
            },
            encode: { .string(TimeSpan.format($0)) })
    }
}

extension ValueKind where Value == Int64 {
    /// How long something is kept: a duration from a second on, or "forever".
    static let lifetime = Self(
        expectation: "a duration from \"1s\" to \"5200w\" (or a number of seconds), or \"forever\"",
        decode: { value in
            if value == .string("forever") { return StreamRetention.forever }
            return duration(1_000_000...3_144_960_000_000_000).decode(value)
        },
        encode: { $0 == StreamRetention.forever ? .string("forever") : duration(0...$0).encode($0) })

    /// A number of bytes, or 0: as many as there is room for.
    static func size(_ range: ClosedRange<Int64>) -> Self {
        Self(
            expectation: "0 for no limit, or a size from \"\(ByteSize.format(range.lowerBound))\" to "
                + "\"\(ByteSize.format(range.upperBound))\" (or a number of bytes)",
            decode: { value in
                let bytes: Int64?
                switch value {
                case .string(let text): bytes = ByteSize.parse(text)
                case .integer(let number): bytes = Int64(number)
                default: bytes = nil
                }
                return bytes.flatMap { $0 == 0 || range.contains($0) ? $0 : nil }
            },
            encode: { $0 == 0 ? .integer(0) : .string(ByteSize.format($0)) })
    }
}

extension ValueKind where Value == LocalTime {
    /// A time zone by its name in the system's zone database.
    static let timeZone = Self(
        expectation: "a time zone such as \"Europe/Berlin\", or \"UTC\"",
        decode: { value in
            guard case .string(let name) = value else { return nil }
            return ZoneTable.shared.zone(named: name)
        },
        encode: { .string($0.name) })
}

private func oneOf(_ words: [String]) -> String {
    "one of " + words.map { "\"\($0)\"" }.joined(separator: ", ")
}

/// sun_path has 108 bytes, and the last one is a NUL.
private let socketPathLength = "1 to 107"

private func isSocketPath(_ path: String) -> Bool {
    (1...107).contains(path.utf8.count)
}
