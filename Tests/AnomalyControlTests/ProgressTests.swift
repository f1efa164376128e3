import AnomalyControl
import Presentation
import Testing

/// The line that all long commands show.
@Suite struct ProgressTests {
    @Test func shareBarTextAndTime() {
        let progress = Progress(share: 0.25, texts: ["reading 2/8 streams", "2/8"], seconds: 30)
        #expect(progress.secondsLeft == 90)
        #expect(
            progress.line(columns: 79)
                == " 25% ███████░░░░░░░░░░░░░░░░░░░░░░░  reading 2/8 streams, 1min 30s left")
        #expect(progress.line(columns: 45) == " 25%  reading 2/8 streams, 1min 30s left")
        #expect(progress.line(columns: 30) == " 25% █░░░░  2/8, 1min 30s left")
    }

    @Test func whatNobodyKnowsIsLeftOut() {
        #expect(
            Progress(share: nil, texts: ["checking pages, 12s"], seconds: 12).line(columns: 79) == "checking pages, 12s"
        )
        #expect(Progress(share: 0, texts: ["a"], seconds: 5).line(columns: 20) == "  0% ░░░░░░░░░░░░  a")
        #expect(Progress(share: 1, texts: ["a"], seconds: 5).secondsLeft == nil)
    }

    @Test(arguments: 1...120) func itFits(columns: Int) {
        for share in [nil, 0, 0.001, 0.5, 1] as [Double?] {
            let progress = Progress(share: share, texts: ["a long text about the work", "short"], seconds: 100_000)
            #expect(TextWidth.of(progress.line(columns: columns)) <= columns)
        }
    }
}
