/// The tensors of a file by the names that their parameters have in our layouts.
struct StateSorting {
    private(set) var recurrent: [String: Safetensors.Tensor] = [:]
    private(set) var attention: [String: Safetensors.Tensor] = [:]
    private(set) var head: [String: Safetensors.Tensor] = [:]
    private var recurrentPrefix: Substring?
    private var attentionPrefix: Substring?
    private var headPrefix: Substring?

    /// - Throws: if the tensor has a place that another one has already, or none.
    mutating func add(_ tensor: Safetensors.Tensor) throws(FileFault) {
        let name = tensor.name[...]
        let dot = name.lastIndex(of: ".")
        let last = dot.map { name[name.index(after: $0)...] } ?? name
        let stem = dot.map { name[..<$0] } ?? ""
        if Self.isRecurrent(last) {
            try Self.agree(&recurrentPrefix, stem, "recurrent module", tensor)
            recurrent[String(last)] = tensor
        } else if last == "weight", let part = Self.attentionParts.first(where: { isPart(stem, $0) }) {
            try Self.agree(&attentionPrefix, stem.dropLast(part.utf8.count), "attention", tensor)
            attention["\(part).weight"] = tensor
        } else if last == "weight" || last == "bias" {
            try Self.agree(&headPrefix, stem, "head, a torch.nn.Linear", tensor)
            head["head.\(last)"] = tensor
        } else {
            throw FileFault(
                "tensor \(quoted(tensor.name))", found: "of no known kind",
                expected: "names as in torch.nn.RNN, LSTM or GRU (without proj_size) and torch.nn.Linear")
        }
    }

    private static let attentionParts = ["attention.query", "attention.key", "attention.value"]

    private func isPart(_ stem: Substring, _ part: String) -> Bool { stem == part || stem.hasSuffix("." + part) }

    /// `weight_ih_l0`, `bias_hh_l12_reverse`: a layer's number is written without leading zeros.
    private static func isRecurrent(_ name: Substring) -> Bool {
        guard let kind = ["weight_ih_l", "weight_hh_l", "bias_ih_l", "bias_hh_l"].first(where: name.hasPrefix) else {
            return false
        }
        var layer = name.dropFirst(kind.count)
        if layer.hasSuffix("_reverse") { layer = layer.dropLast("_reverse".count) }
        return Int(layer).map { "\($0)" == layer && $0 >= 0 } ?? false
    }

    /// All tensors of one module have one prefix.
    private static func agree(
        _ prefix: inout Substring?, _ found: Substring, _ module: String, _ tensor: Safetensors.Tensor
    ) throws(FileFault) {
        if prefix == nil { prefix = found }
        guard prefix == found else {
            throw FileFault(
                "tensor \(quoted(tensor.name))", found: "part of a second \(module)",
                expected: "one only, here \(quoted(prefix.map(String.init) ?? ""))")
        }
    }
}
