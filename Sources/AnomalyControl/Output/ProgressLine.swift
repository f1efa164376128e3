import Glibc

/// A line on a terminal that is written over until the work is done, or nothing where there is no terminal.
final class ProgressLine {
    private let terminal: Terminal?
    private let patience: Duration
    private let output = Output(descriptor: STDERR_FILENO)
    private let started: ContinuousClock.Instant
    private var shown: ContinuousClock.Instant?

    /// - Parameters:
    ///   - terminal: where standard error goes, if that is a terminal.
    ///   - patience: nothing is shown for so long: short work needs no progress.
    init(on terminal: Terminal?, after patience: Duration = .zero) {
        self.terminal = terminal
        self.patience = patience
        started = .now
    }

    /// Shows how far the work is, ten times a second at most.
    ///
    /// - Parameters:
    ///   - share: 0…1; nil where nobody knows.
    ///   - texts: what is done and how fast, from the longest to the shortest, from the seconds since the begin.
    func show(_ share: Double?, _ texts: (_ seconds: Double) -> [String]) {
        rewrite(every: .milliseconds(100)) { columns in
            let seconds = (ContinuousClock.now - started) / .seconds(1)
            return Progress(share: share, texts: texts(seconds), seconds: seconds).line(columns: columns)
        }
    }

    func show(_ progress: BacktestProgress) {
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        rewrite { progress.line(seconds: seconds, columns: $0) }
        guard terminal != nil, progress.filesDone == progress.files else { return }
        output.write("\n")
        try? output.flush()
    }

    /// Shows a line that fits into so many columns.
    ///
    /// - Parameter interval: at least so long after the last line; before, nothing happens.
    func rewrite(every interval: Duration = .zero, _ line: (_ columns: Int) -> String) {
        guard let terminal else { return }
        let now = ContinuousClock.now
        if now - started < patience { return }
        if let shown, now - shown < interval { return }
        shown = now
        // To the start of the line, the text, and the rest of the line cleared (ECMA-48, 8.3.41). One column stays
        // free, where some terminals would break the line.
        output.write("\r" + line((terminal.columns ?? 80) - 1) + "\u{1B}[K")
        // Without its progress the work is still worth doing.
        try? output.flush()
    }

    /// Leaves the line, so that what comes next does not stand behind it.
    func leave() {
        guard shown != nil else { return }
        shown = nil
        output.write("\r\u{1B}[K")
        try? output.flush()
    }
}
