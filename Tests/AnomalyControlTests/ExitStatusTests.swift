import AnomalyControl
import PointStore
import Testing

@Suite struct ExitStatusTests {
    @Test func numbersAreThoseThatScriptsKnow() {
        #expect(AnomalyControl.ExitStatus.allCases.map(\.rawValue) == [0, 1, 2, 3, 4, 5, 6])
        for status in AnomalyControl.ExitStatus.allCases {
            #expect(AnomalyControl.ExitStatus.explanation.contains("\n  \(status.rawValue)  "))
        }
    }

    @Test(
        arguments: [
            (.missing, .failure), (.notPermitted, .notPermitted), (.damaged, .damagedDatabase),
            (.foreign, .damagedDatabase), (.newer(migrations: ["v9"]), .failure), (.outdated, .failure),
            (.busy, .failure), (.inputOutput, .failure), (.readOnly, .failure),
        ] as [(StoreError.Cause, AnomalyControl.ExitStatus)])
    func errorsOfTheStore(cause: StoreError.Cause, status: AnomalyControl.ExitStatus) {
        let error = StoreError(operation: "open", path: "/x.db", cause: cause, detail: "it is so", hint: "do this")
        let failure = Failure(explaining: error)
        #expect(failure == Failure(status, "cannot open /x.db: it is so", hint: "do this"))
        #expect(failure?.text == "anomalyctl: cannot open /x.db: it is so\ndo this\n")
    }

    @Test func errorsOfTheParserAreNotExplainedHere() {
        #expect(Failure(explaining: CancellationError()) == nil)
    }
}
