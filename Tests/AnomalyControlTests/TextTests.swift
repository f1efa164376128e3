import AnomalyControl
import Presentation
import Testing

@Suite struct NumberTextTests {
    @Test(
        arguments: [
            (0, "0"), (1, "1"), (-0.0, "-0"), (0.1, "0.1"), (1.0 / 3, "0.3333333333333333"), (1e-5, "1e-05"),
            (1e22, "1e+22"), (123_456_789, "123456789"),
            (.leastNonzeroMagnitude, "5e-324"),
        ] as [(Double, String)])
    func shortestReadsBack(number: Double, text: String) {
        #expect(NumberText.shortest(number) == text)
        #expect(Double(text)?.bitPattern == number.bitPattern)
    }

    @Test(
        arguments: [
            (0, "0"), (42, "42"), (-1.5, "-1.5"), (0.1, "0.1"), (12.3456789, "12.34568"), (123.456, "123.456"),
            (2.0000001, "2"), (99_999.95, "99999.95"), (12_345_678.9, "12345679"), (999_999_999, "999999999"),
            (1e9, "1e+09"), (999_999_999.7, "1e+09"), (1.5e-7, "1.5e-07"), (-1.239e300, "-1.24e+300"), (.nan, ""),
            (.infinity, "inf"),
        ] as [(Double, String)])
    func compactForPeople(number: Double, text: String) {
        #expect(NumberText.compact(number) == text)
    }

    @Test func compactNeverExceedsItsWidth() {
        for exponent in -320...308 {
            for digit in [1.0, 1.2345678, 9.9999999] {
                let number = -digit * NumberTextTests.power(exponent)
                #expect(NumberText.compact(number).utf8.count <= NumberText.compactWidth, "\(number)")
            }
        }
    }

    private static func power(_ exponent: Int) -> Double { Double("1e\(exponent)") ?? 0 }

    @Test func otherNumbers() {
        #expect(NumberText.grouped(0) == "0")
        #expect(NumberText.grouped(999) == "999")
        #expect(NumberText.grouped(-1_234_567) == "-1,234,567")
        #expect(NumberText.bytes(1023) == "1023B")
        #expect(NumberText.bytes(1536) == "1.5K")
        #expect(NumberText.bytes(12_345_678) == "11.8M")
        #expect(NumberText.score(0.6126) == "0.613")
        #expect(NumberText.score(.nan) == "")
    }
}

@Suite struct TextWidthTests {
    @Test func widths() {
        #expect(TextWidth.of("cpu.load") == 8)
        #expect(TextWidth.of("größe") == 5)
        #expect(TextWidth.of("gro\u{308}ße") == 5)
        #expect(TextWidth.of("温度") == 4)
        #expect(TextWidth.of("🚀x") == 3)
    }

    @Test func shortensInTheMiddle() {
        #expect(TextWidth.shorten("web.frontend.latency", to: 20) == "web.frontend.latency")
        #expect(TextWidth.shorten("web.frontend.latency", to: 11) == "web.f…tency")
        #expect(TextWidth.shorten("web.frontend.latency", to: 1) == "…")
        #expect(TextWidth.shorten("web.frontend.latency", to: 0) == "")
        #expect(TextWidth.of(TextWidth.shorten("温度温度温度", to: 6)) <= 6)
    }

    @Test func namesCannotSteerTheTerminal() {
        #expect(TextWidth.harmless("plain") == "plain")
        #expect(TextWidth.harmless("a\u{1B}[31mb") == "a�[31mb")
        #expect(TextWidth.harmless("a\u{9B}2Jb") == "a�2Jb")
        #expect(TextWidth.harmless("a\u{202E}b") == "a�b")
    }
}

@Suite struct TerminalTests {
    @Test func coloursNeedATerminal() {
        let terminal = Terminal(descriptor: -1, environment: [:])
        #expect(terminal == Terminal(columns: nil, colour: false, isUnicode: false))
        #expect(Style.alarm("x", on: terminal) == "x")
        #expect(Style.alarm("x", on: Terminal(columns: 80, colour: true)) == "\u{1B}[1;31mx\u{1B}[0m")
    }

    @Test func localesOfUTF8() {
        func isUnicode(_ environment: [String: String]) -> Bool {
            Terminal(descriptor: -1, environment: environment).isUnicode
        }
        #expect(isUnicode(["LANG": "de_DE.UTF-8"]))
        #expect(isUnicode(["LC_CTYPE": "C.utf8", "LANG": "C"]))
        #expect(!isUnicode(["LC_ALL": "POSIX", "LANG": "de_DE.UTF-8"]))
        #expect(isUnicode(["LC_ALL": "", "LANG": "de_DE.UTF-8"]))
    }

    @Test func columnsFromTheEnvironment() {
        #expect(Terminal(descriptor: -1, environment: ["COLUMNS": "120"]).columns == 120)
        #expect(Terminal(descriptor: -1, environment: ["COLUMNS": "wide"]).columns == nil)
    }
}
