import ModelFiles
import RecurrentModel
import Testing

/// Whatever is wrong with a file, it is refused with what was found and what was expected; nothing traps.
@Suite struct CorruptionTests {
    /// A file with this header and so many bytes of data.
    static func file(_ header: String, data: Int = 0, length: UInt64? = nil) -> [UInt8] {
        let header = Array(header.utf8)
        let size = length ?? UInt64(header.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) } + header
            + [UInt8](repeating: 0, count: data)
    }

    static func entry(_ dtype: String, _ shape: String, _ begin: Int, _ end: Int) -> String {
        #"{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":[\#(begin),\#(end)]}"#
    }

    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var bytes: [UInt8]
        var message: String
    }

    static let cases: [Case] = [
        Case(
            testDescription: "empty", bytes: [],
            message: "the file is 0 bytes long, expected 8 bytes or more"),
        Case(
            testDescription: "a length that is no length", bytes: Array("PK\u{3}\u{4}abcdefghijkl".utf8),
            message: "the header's length is 7233733595305823056 bytes, expected at most 100000000 (is this a "
                + "safetensors file?)"),
        Case(
            testDescription: "longest length", bytes: file("{}", length: .max),
            message: "the header's length is 18446744073709551615 bytes, expected at most 100000000 (is this a "
                + "safetensors file?)"),
        Case(
            testDescription: "longer than the file", bytes: file("{}", length: 3),
            message: "the header's length is 3 bytes, expected at most the 2 that follow it (was the file cut off?)"),
        Case(
            testDescription: "no header", bytes: file(""), message: "the header's first byte is missing, expected \"{\""
        ),
        Case(
            testDescription: "space first", bytes: file(" {}"), message: "the header's first byte is 32, expected \"{\""
        ),
        Case(
            testDescription: "not UTF-8", bytes: file("{\"a\":1}").map { $0 == UInt8(ascii: "a") ? 0xFF : $0 },
            message: "the header is not valid UTF-8, expected JSON in UTF-8"),
        Case(
            testDescription: "cut JSON", bytes: file(#"{"a":"#),
            message: #"the header is at its end, expected tensor "a", an object"#),
        Case(
            testDescription: "not JSON", bytes: file("{a}"),
            message: #"byte 9 of the file is "a}", expected a key of the header, a string"#),
        Case(
            testDescription: "something after it", bytes: file("{} x"),
            message: #"byte 11 of the file is "x", expected nothing after the header's object but spaces"#),
        Case(
            testDescription: "one name twice",
            bytes: file("{\"a\":\(entry("F32", "[1]", 0, 4)),\"a\":\(entry("F32", "[1]", 4, 8))}", data: 8),
            message: #"the header is an object with two keys "a", expected each key once"#),
        Case(
            testDescription: "one name twice, once escaped",
            bytes: file("{\"a\":\(entry("F32", "[1]", 0, 4)),\"\\u0061\":\(entry("F32", "[1]", 4, 8))}", data: 8),
            message: #"the header is an object with two keys "a", expected each key once"#),
        Case(
            testDescription: "no dtype", bytes: file(#"{"a":{"shape":[0],"data_offsets":[0,0]}}"#),
            message: #"tensor "a" is without dtype, expected dtype, shape and data_offsets"#),
        Case(
            testDescription: "another key", bytes: file(#"{"a":{"dtype":"F32","strides":[0]}}"#),
            message: #"a key of tensor "a" is "strides", expected dtype, shape and data_offsets"#),
        Case(
            testDescription: "integers", bytes: file("{\"a\":\(entry("I64", "[1]", 0, 8))}", data: 8),
            message: #"dtype of tensor "a" is "I64", expected one of F64, F32, F16, BF16"#),
        Case(
            testDescription: "wrong dtype", bytes: file("{\"a\":\(entry("F64", "[1]", 0, 4))}", data: 4),
            message: #"the length of tensor "a" is 4 bytes, expected 8 bytes for the shape [1] of F64"#),
        Case(
            testDescription: "wrong shape", bytes: file("{\"a\":\(entry("F32", "[2,3]", 0, 20))}", data: 20),
            message: #"the length of tensor "a" is 20 bytes, expected 24 bytes for the shape [2, 3] of F32"#),
        Case(
            testDescription: "overflowing shape",
            bytes: file("{\"a\":\(entry("F32", "[4294967296,4294967296,4]", 0, 0))}"),
            message: #"the length of tensor "a" is 0 bytes, expected more than 2⁶³ bytes for the shape "#
                + "[4294967296, 4294967296, 4] of F32"),
        Case(
            testDescription: "overflowing number", bytes: file(#"{"a":{"shape":[9223372036854775808]}}"#),
            message: #"a number in shape of tensor "a" is 2⁶³ or more, expected an integer below 2⁶³"#),
        Case(
            testDescription: "fraction", bytes: file(#"{"a":{"shape":[1.5]}}"#),
            message: #"byte 23 of the file is "1.5]}}", expected an integer in shape of tensor "a", not negative and "#
                + "without leading zeros"),
        Case(
            testDescription: "negative", bytes: file(#"{"a":{"data_offsets":[-1,2]}}"#),
            message: #"byte 30 of the file is "-1,2]}}", expected an integer in data_offsets of tensor "a", not "#
                + "negative and without leading zeros"),
        Case(
            testDescription: "three offsets", bytes: file(#"{"a":{"data_offsets":[0,1,2]}}"#),
            message: #"data_offsets of tensor "a" is a list of more than 2 numbers, expected at most 2"#),
        Case(
            testDescription: "backwards", bytes: file("{\"a\":\(entry("F32", "[1]", 4, 0))}", data: 4),
            message: #"data_offsets of tensor "a" is [4, 0], expected [BEGIN, END], BEGIN ≤ END"#),
        Case(
            testDescription: "overlap",
            bytes: file("{\"a\":\(entry("F32", "[2]", 0, 8)),\"b\":\(entry("F32", "[2]", 4, 12))}", data: 12),
            message:
                #"the beginning of tensor "b" is at 4, expected at 8, where the tensor before it ends: no gap and "#
                + "no overlap"),
        Case(
            testDescription: "gap",
            bytes: file("{\"a\":\(entry("F32", "[1]", 0, 4)),\"b\":\(entry("F32", "[1]", 8, 12))}", data: 12),
            message:
                #"the beginning of tensor "b" is at 8, expected at 4, where the tensor before it ends: no gap and "#
                + "no overlap"),
        Case(
            testDescription: "too little data", bytes: file("{\"a\":\(entry("F32", "[2]", 0, 8))}", data: 7),
            message: "the data after the header is 7 bytes, expected 8, where the last tensor ends"),
        Case(
            testDescription: "too much data", bytes: file("{\"a\":\(entry("F32", "[2]", 0, 8))}", data: 9),
            message: "the data after the header is 9 bytes, expected 8, where the last tensor ends"),
        Case(
            testDescription: "metadata that is no text", bytes: file(#"{"__metadata__":{"a":1}}"#),
            message: #"byte 29 of the file is "1}}", expected the value of "a" in __metadata__, a string"#),
        Case(
            testDescription: "half a surrogate pair", bytes: file(#"{"\ud800x":{}}"#),
            message: ##"byte 10 of the file is "\ud800x"", expected an escape of JSON in a key of the header"##),
        Case(
            testDescription: "hostile name", bytes: file("{\"\u{202E}\\u001b[2J\":{}}"),
            message: "tensor \"\u{FFFD}\u{FFFD}[2J\" is without dtype, shape, data_offsets, expected dtype, shape and "
                + "data_offsets"),
    ]

    @Test(arguments: cases) func isRefused(_ its: Case) {
        let fault = #expect(throws: FileFault.self) { try Safetensors.parse(its.bytes) }
        #expect(fault?.description == its.message)
        let error = #expect(throws: ModelFileError.self) { try ModelFile.decode(its.bytes, name: "x.safetensors") }
        #expect(error?.cause == .damaged)
        #expect(error?.description == "cannot read the model x.safetensors: \(its.message)")
    }

    @Test func whatIsAllowedIsRead() throws {
        // Deep spaces, escapes, tensors in any order, one without elements, one without dimensions.
        let header = """
            { "\\u00e9\\ud83d\\ude00\\n" : {"shape":[], "data_offsets": [4,8] ,"dtype":"F32"},\t"empty":
            \(Self.entry("F16", "[3,0]", 4, 4)), "z":\(Self.entry("BF16", "[2]", 0, 4)),"__metadata__":{} }  \n
            """
        let file = try Safetensors.parse(Self.file(header, data: 4) + [0, 0, 0x80, 0x3f])
        #expect(file.tensors.map(\.name) == ["z", "empty", "é😀\n"])
        #expect(file.tensors.map(\.count) == [2, 0, 1])
        #expect(file.values(of: file.tensors[2]) == [1])
        #expect(try Safetensors.parse(Self.file("{}")).tensors.isEmpty)
    }

    static let sample = model(NetworkShape(cell: .lstm, inputs: 2, hidden: 3, layers: 2, outputs: 1, attention: 2))

    @Test func cutAnywhere() {
        let bytes = Self.sample.encode()
        for length in bytes.indices {
            let error = #expect(throws: ModelFileError.self) {
                try ModelFile.decode(Array(bytes[..<length]), name: "cut")
            }
            #expect(error?.cause == .damaged, "\(length) bytes")
        }
        #expect(throws: ModelFileError.self) { try ModelFile.decode(bytes + [0], name: "longer") }
    }

    /// Every byte of the header, changed in several ways: refused, or still a network of the very same weights (a
    /// changed word of the metadata may be none of our business).
    @Test func changedAnywhereInTheHeader() throws {
        let bytes = Self.sample.encode()
        let length = 8 + bytes[..<8].enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
        var refused = 0
        for place in 0..<length {
            for change: UInt8 in [0x01, 0x02, 0x10, 0x20, 0x80, 0xFF] {
                var bytes = bytes
                bytes[place] ^= change
                do throws(ModelFileError) {
                    let file = try ModelFile.decode(bytes, name: "changed")
                    #expect(file.parameters.count == Self.sample.parameters.count)
                } catch {
                    refused += 1
                    #expect(!error.detail.isEmpty)
                }
            }
        }
        #expect(refused > length * 5)
    }

    /// Random changes of several bytes, headers of random pieces: nothing but the result is looked at.
    @Test func noiseNeverTraps() {
        var generator = SeededGenerator(seed: 9, name: "noise".utf8)
        let bytes = Self.sample.encode()
        let pieces = [
            "{", "}", "[", "]", ",", ":", "\"", "\\u", "\\", "d800", "dtype", "\"shape\":", "data_offsets", "F32", "0",
            "99999999999999999999", "\"weight_hh_l0\"", "\"weight_ih_l0\"", "__metadata__", " ", "é",
        ]
        for _ in 0..<20_000 {
            var changed = bytes
            for _ in 0..<(1 + generator.next() % 6) {
                changed[Int(generator.next() % UInt64(changed.count))] = UInt8(truncatingIfNeeded: generator.next())
            }
            _ = try? ModelFile.decode(changed, name: "noise")
            let header = "{" + (0..<(generator.next() % 12)).map { _ in pieces[Int(generator.next() % 21)] }.joined()
            _ = try? ModelFile.decode(Self.file(header, data: Int(generator.next() % 20)), name: "noise")
        }
        #expect(throws: Never.self) { try ModelFile.decode(bytes, name: "sound") }
    }
}
