import Glibc

/// A line on a terminal that is written over until the work is done, or nothing where there is no terminal.
final class ProgressLine {
    private let terminal: Terminal?
    private let output = Output(descriptor: STDERR_FILENO)
    private let started: ContinuousClock.Instant
    private var shown: ContinuousClock.Instant?

    /// - Parameter terminal: where standard error goes, if that is a terminal.
    init(on terminal: Terminal?) {
        self.terminal = terminal
        started = .now
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
        guard terminal != nil else { return }
        output.write("\r\u{1B}[K")
        try? output.flush()
    }
}
