import FeedProtocol
import Testing

@Suite struct DecimalNumberTests {
    private func parse(_ text: String) throws -> Double { try withBytes(text) { try FeedValue.parse($0) } }

    /// Both parsers agree to the last bit, where ours takes the text at all.
    private func check(_ text: String) {
        guard let expected = Double(text) else {
            Issue.record("the library does not read \(text)")
            return
        }
        let found = try? parse(text)
        if expected.isInfinite {
            #expect(found == nil, "\(text)")
        } else {
            #expect(found?.bitPattern == (expected + 0.0).bitPattern, "\(text)")
        }
    }

    @Test(arguments: [
        "0", "-0", "0.0", "1", "-1", "00012", "0.1", "0.3", "123456789.123456789", "9007199254740992",
        "9007199254740993", "9007199254740994.5", "9223372036854775808", "18446744073709551615",
        "18446744073709551616", "9999999999999999999", "99999999999999999999", "1e22", "1e23", "8.5e22", "1e-22",
        "1e-23", "1e27", "1e28", "1e-27", "1e-28", "0.0000000000000000000000000000000001",
        "0000000000000000000000000000001", "0000000000000000001e300", "0.00000000000000000000000e9999999",
        "1.7976931348623157e308", "1.7976931348623158e308", "1.7976931348623159e308", "1e309",
        "2.2250738585072014e-308",
        "2.2250738585072011e-308", "4.9e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "1e-324",
        "1e-400", "1e400", "0e999999999", "100000000000000000000000e-23", "9007199254740993e1", "9007199254740993e-1",
        "1.00000000000000011102230246251565404236316680908203125",
        "1.00000000000000011102230246251565404236316680908203124",
        "1.00000000000000011102230246251565404236316680908203126", "6.02214076e23", "-1.602176634e-19",
        "6.62607015e-34",
    ])
    func edges(text: String) { check(text) }

    @Test func allTextsOfRandomShape() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<100_000 {
            var text = Bool.random(using: &random) ? "-" : ""
            let digits = Int.random(in: 1...22, using: &random)
            let point = Int.random(in: 0...digits, using: &random)
            for place in 0..<digits {
                if place == point { text += place == 0 ? "0." : "." }
                text += String(Int.random(in: 0...9, using: &random))
            }
            switch Int.random(in: 0...3, using: &random) {
            case 0: text += "e\(Int.random(in: -345...310, using: &random))"
            case 1: text += "E+\(Int.random(in: 0...30, using: &random))"
            case 2: text += "e\(Int.random(in: -30...0, using: &random))"
            default: break
            }
            check(text)
        }
    }

    @Test func shortestTextsReadBack() throws {
        var random = SeededGenerator(seed: 2)
        for _ in 0..<50_000 {
            let anything = Double(bitPattern: random.next())
            let small = Double.random(in: -1...1, using: &random)
            let large = Double.random(in: 0...1e6, using: &random)
            for value in [anything, small, large] where value.isFinite {
                #expect(try parse("\(value)").bitPattern == (value + 0.0).bitPattern)
            }
        }
    }

    /// Numbers halfway between two doubles, and their neighbours in the last digit, where rounding can go wrong.
    @Test func halfwayTexts() {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<20_000 {
            let odd = UInt64.random(in: 1 << 53..<1 << 54, using: &random) | 1
            for shift in 0..<6 {
                let whole = odd << UInt64(shift)
                for neighbour in [whole - 1, whole, whole + 1] { check("\(neighbour)") }
            }
            for (places, scale) in [(1, 5), (2, 25)] as [(Int, UInt64)] {
                let scaled = odd * scale
                for neighbour in [scaled - 1, scaled, scaled + 1] { check("\(neighbour)e-\(places)") }
            }
        }
    }

    @Test func missingAndMalformed() throws {
        #expect(try parse("").isNaN)
        for text in ["nan", "NAN", "NaN", "nAn", "+nan", "-NaN"] { #expect(try parse(text).isNaN) }
        for text in ["inf", "-inf", "+Infinity", "1e999", "0x1", "1 ", " 1", "1,", "1e5.0", "e5", ".e5", "nul", "½"] {
            #expect(throws: FeedLineError.self, "\(text)") { try parse(text) }
        }
    }
}
