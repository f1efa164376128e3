import ModelFiles

extension FuzzTarget {
    /// A safetensors file. A model that was read is the same after it was written.
    static let model = FuzzTarget(name: "model", longest: 4096) { bytes in
        guard let model = try? ModelFile.decode(bytes, name: "file", requiresHead: false) else { return }
        try expect(model.parameters.allSatisfy(\.isFinite), "parameters are finite")
        let again = try ModelFile.decode(model.encode(), name: "file", requiresHead: model.hasHead)
        try expect(again == model, "a model is the same after it was written: \(model.shape), read as \(again.shape)")
    }
}
