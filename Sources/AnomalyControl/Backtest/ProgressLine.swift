import Glibc

/// A line on a terminal that is written over until the work is done, or nothing where there is no terminal.
struct ProgressLine {
    private let terminal: Terminal?
    private let output = Output(descriptor: STDERR_FILENO)
    private let started: ContinuousClock.Instant

    /// - Parameter terminal: where standard error goes, if that is a terminal.
    init(on terminal: Terminal?) {
        self.terminal = terminal
        started = .now
    }

    func show(_ progress: BacktestProgress) throws {
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        try show(isLast: progress.filesDone == progress.files) { progress.line(seconds: seconds, columns: $0) }
    }

    func show(_ text: String) throws {
        try show(isLast: false) { TextWidth.shorten(text, to: $0) }
    }

    /// - Parameter text: what to show in so many columns.
    private func show(isLast: Bool, _ text: (Int) -> String) throws {
        guard let terminal else { return }
        // To the start of the line, the text, and the rest of the line cleared (ECMA-48, 8.3.41). One column stays
        // free, where some terminals would break the line.
        output.write("\r" + text((terminal.columns ?? 80) - 1) + "\u{1B}[K")
        if isLast { output.write("\n") }
        try output.flush()
    }

    /// Leaves the line, so that what comes next does not stand behind it.
    func leave() throws {
        guard terminal != nil else { return }
        output.write("\r\u{1B}[K")
        try output.flush()
    }
}
