import AnomalyDetection
import Presentation

/// A model for people: what it is, how its learning goes, and its tensors.
struct ModelReport {
    private let model: ModelSummary
    private let terminal: Terminal

    init(_ model: ModelSummary, terminal: Terminal) {
        self.model = model
        self.terminal = terminal
    }

    func write(to output: Output) {
        output.write("\(Style.bold(TextWidth.harmless(model.source), on: terminal))\n")
        var lines = LabelledLines(margin: 3)
        for line in description + (model.training.map(figures) ?? []) { lines.add(line.key, line.value) }
        lines.write(to: output)
        if let training = model.training, training.windowSteps > 0 {
            output.write("\n")
            writeLayers(training.layers, to: output)
        }
        output.write("\n")
        writeTensors(to: output)
    }

    private typealias Line = (key: String, value: String)

    private var description: [Line] {
        var network = "\(model.cell), \(count(model.inputs, "input")), \(count(model.layers, "layer")) of "
        network += "\(count(model.hidden, "unit"))\(model.bidirectional ? " each way" : "")"
        if model.attention > 0 {
            network += ", attention over \(count(model.attention, "state")) (scale \(model.attentionScale ?? "none"))"
        }
        network += model.hasHead ? ", \(count(model.outputs, "output"))" : ", no head"
        var lines: [Line] = [("Network", network)]
        if let target = model.target { lines.append(("Predicts", "the \(target)\(ahead)")) }
        if let loss = model.loss { lines.append(("Loss", loss)) }
        if let window = model.window { lines.append(("Window", count(window, "point"))) }
        if let purpose = model.purpose, model.training == nil { lines.append(("Purpose", purpose)) }
        if let version = model.programVersion, model.training == nil {
            lines.append(("Written by", "anomalyd \(TextWidth.harmless(version))"))
        }
        for (key, value) in model.metadata.sorted(by: { $0.key < $1.key }) {
            lines.append(("Metadata", TextWidth.harmless("\(key) = \(value)")))
        }
        return lines
    }

    private var ahead: String { model.horizon.map { $0 > 1 ? ", \(count($0, "point")) ahead" : "" } ?? "" }

    private func figures(_ training: ModelSummary.Training) -> [Line] {
        let style: Style =
            switch training.judgement {
            case "healthy": .good
            case "unknown": .faint
            default: .alarm
            }
        let skipped = training.skippedUpdates
        var lines: [Line] = [
            ("Checkpoint", "at point \(grouped(training.point)) of \(grouped(training.newestPoint))"),
            ("Points learned", grouped(training.pointsLearned)),
            ("Updates", grouped(training.updates) + (skipped > 0 ? ", and \(grouped(skipped)) left out" : "")),
        ]
        if training.windowSteps > 0 {
            func text(_ number: Double?) -> String { number.map(NumberText.compact) ?? "not finite" }
            let steps = count(training.windowSteps, "step")
            lines.append(("Last loss", text(training.loss)))
            lines.append(("Last gradient", "norm \(text(training.gradientNorm)) over \(steps)"))
        }
        lines.append(("Gradients", style(training.judgement, on: terminal)))
        let memory = training.memory
        let parts = [
            (memory.weights, "weights"), (memory.moments, "moments"), (memory.window + memory.replay, "windows"),
            (memory.sizes, "sizes"), (memory.seasons, "earlier values"), (memory.rest, "other"),
        ]
        let list = parts.map { "\(NumberText.bytes(Int64($0))) \($1)" }.joined(separator: ", ")
        lines.append(("Memory", "\(NumberText.bytes(Int64(memory.total))): \(list)"))
        return lines
    }

    private func writeLayers(_ layers: [ModelSummary.Layer], to output: Output) {
        let columns = [
            Column("layer", "LAYER", .integer), Column("input_norm", "INPUT NORM", .number),
            Column("recurrent_norm", "RECURRENT NORM", .number), Column("gain", "GAIN", .number),
            Column("judgement", "JUDGEMENT", .text, textWidth: 9),
        ]
        write(Schema(columns: columns, emptyText: "no layers"), to: output) { write in
            for (index, layer) in layers.enumerated() {
                write([
                    .integer(Int64(index)), .number(layer.inputNorm ?? .infinity),
                    .number(layer.recurrentNorm ?? .infinity), .number(layer.gain ?? .infinity),
                    .text(layer.judgement),
                ])
            }
        }
    }

    private func writeTensors(to output: Output) {
        let rows = model.tensors.map { tensor in
            (tensor.name, tensor.shape.map(String.init).joined(separator: " × "), Int64(tensor.parameters))
        }
        let all = rows + [("all", "", Int64(model.parameters))]
        func widest(_ texts: [String]) -> Int { texts.map { TextWidth.of($0) }.max() ?? 0 }
        let columns = [
            Column("tensor", "TENSOR", .text, textWidth: widest(all.map(\.0))),
            Column("shape", "SHAPE", .text, textWidth: widest(all.map(\.1))),
            Column("parameters", "PARAMETERS", .integer, textWidth: widest(all.map { NumberText.grouped($0.2) })),
        ]
        write(Schema(columns: columns, emptyText: "no tensors"), to: output) { write in
            for row in all { write([.text(row.0), .text(row.1), .integer(row.2)]) }
        }
    }

    private func write(_ schema: Schema, to output: Output, _ rows: (([Field]) -> Void) -> Void) {
        var writer = RecordFormat.table.writer(
            FormatOptions(schema: schema, terminal: terminal, zone: FixedZone.utc))
        rows { writer.write(Record(fields: $0), to: output) }
        writer.finish(output)
    }

    private func grouped(_ number: Int64) -> String { NumberText.grouped(number) }

    private func count(_ number: Int, _ thing: String) -> String {
        "\(grouped(Int64(number))) \(thing)\(number == 1 ? "" : "s")"
    }
}
