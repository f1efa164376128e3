import AnomalyConfiguration
package import ModelFiles
import Presentation
import RecurrentModel

/// What a training came to, for the person who asked for it.
package struct TrainingSummary {
    package var windows: TrainingWindows
    package var schedule: TrainingSchedule
    package var end: TrainingSchedule.End
    package var file: ModelFile
    /// Where the file lies, from the root.
    package var path: String
    /// Validation loss of the forecast "as before".
    package var naive: Double
    package var rows: Int
    package var seconds: Double
    package var threads: Int
    /// Keys of `[model]` that the daemon must have besides `initial`, each as a line of TOML.
    package var keys: [String]

    /// One fact a line.
    package var lines: [String] {
        let best = schedule.best ?? (0, .nan)
        let options = windows.options
        let shape = file.shape
        var facts = [
            (
                "windows",
                "\(number(windows.training.count)) for training, \(number(windows.validation.count)) for validation, of "
                    + "\(options.rows) points, from \(windows.series) series"
            ),
            (
                "network",
                "\(shape.cell.rawValue), \(shape.layers) × \(shape.hidden) units"
                    + (shape.attention > 0 ? ", attention over \(shape.attention) states" : "")
                    + ", \(number(file.parameters.count)) parameters"
            ),
            ("epochs", "\(schedule.epoch), the best was \(best.epoch); \(ending)"),
            (
                "val loss",
                "\(NumberText.compact(best.loss)), \(comparison(best.loss)); the forecast \"as before\" has "
                    + NumberText.compact(naive)
            ),
        ]
        if seconds > 0 {
            let rate = number(Int(Double(rows) / seconds))
            facts.append(("speed", "\(rate) points/s on \(threads) thread\(threads == 1 ? "" : "s")"))
        }
        facts.append(("model", path))
        return facts.map { $0.0 + String(repeating: " ", count: 10 - $0.0.count) + $0.1 } + ["", usage] + usageLines
    }

    private func number(_ count: Int) -> String { NumberText.grouped(Int64(count)) }

    private var ending: String {
        switch end {
        case .epochs: "that was the last"
        case .patience(let epochs): "\(epochs) epochs without a better one"
        case .interrupted: "interrupted"
        }
    }

    private func comparison(_ loss: Double) -> String {
        if !(loss < naive) { return "no better than no model at all" }
        // A logarithm has no percents.
        if file.loss == .gaussian { return "\(NumberText.compact(naive - loss)) better than no model" }
        return "\(Int((1 - loss / naive) * 100))% better than no model"
    }

    /// Whether the daemon can use the file. A head that learned from last rows only is as good: it is the same head.
    private var isForDaemon: Bool { windows.options.horizon == 1 }

    private var usage: String {
        isForDaemon
            ? "To start new streams from it, put this into the daemon's configuration:"
            : "It forecasts \(windows.options.horizon) points ahead, which is for studies: the daemon does not take it."
    }

    private var usageLines: [String] {
        isForDaemon ? ["", "[model]", "initial = \(ConfigurationValue.string(path).toml)"] + keys : []
    }
}
