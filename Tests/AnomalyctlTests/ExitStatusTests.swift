import Testing

import anomalyctl

@Suite struct ExitStatusTests {
    @Test func numbersAreThoseThatScriptsKnow() {
        #expect(ExitStatus.allCases.map(\.rawValue) == [0, 1, 2, 3, 4, 5, 6])
        #expect(ExitStatus.unknownStream.rawValue == 4)
    }
}
