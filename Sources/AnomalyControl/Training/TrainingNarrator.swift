import Glibc

/// Says on standard error what a training does: one line that is written over on a terminal, a line for each epoch
/// elsewhere, and sentences about what was changed. What cannot be said stops nothing.
struct TrainingNarrator {
    private let terminal: Terminal?
    private let isQuiet: Bool
    private let output = Output(descriptor: STDERR_FILENO)
    private let line: ProgressLine

    /// - Parameter terminal: where standard error goes, if that is a terminal.
    init(on terminal: Terminal?, isQuiet: Bool) {
        self.terminal = terminal
        self.isQuiet = isQuiet
        line = ProgressLine(on: isQuiet ? nil : terminal)
    }

    /// Names what is not trained on.
    func tell(of windows: TrainingWindows, from all: [TrainingSeries]) {
        for series in all where series.dropped > 0 {
            say(
                "\(series.name): \(series.dropped) row\(series.dropped == 1 ? " is" : "s are") left out, with times that "
                    + "are not after those before")
        }
        for name in windows.constant {
            say("\(name) is left out: all values of its training part are equal or missing")
        }
        for name in windows.short { say("\(name) is left out: it is too short for a window") }
    }

    func report(_ event: TrainingSession.Event) {
        switch event {
        case .batch(let progress): line.rewrite(every: .milliseconds(100), progress.line)
        case .epoch(let progress, let isBest):
            if terminal == nil, !isQuiet {
                output.write(progress.epochLine(isBest: isBest) + "\n")
                try? output.flush()
            } else {
                line.rewrite(progress.line)
            }
        case .adaptation(let adaptation): say(adaptation.sentence)
        }
    }

    func leave() { line.leave() }

    private func say(_ sentence: String) {
        if isQuiet { return }
        line.leave()
        output.write("anomalyctl: \(sentence)\n")
        try? output.flush()
    }
}
