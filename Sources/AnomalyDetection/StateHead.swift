import RecurrentModel

/// How a detector's saved state begins: its format, its width and, from format 2 on, the settings that the rest's
/// layout depends on, so that it can be read by whoever does not know the configuration.
struct StateHead {
    let channels: Int
    /// Defaults but for what the state says; nil for a state of format 1.
    let settings: DetectorSettings?

    /// - Throws: `StateError`.
    init(from reader: inout StateReader) throws {
        let version = try reader.read(UInt16.self)
        guard (1...Detector.stateVersion).contains(version) else {
            throw StateError.newerVersion(found: Int(version), known: Int(Detector.stateVersion))
        }
        let width = try reader.read(UInt32.self)
        guard (1...65_535).contains(width) else {
            throw StateError.invalid(field: "channels", found: "\(width)", expected: "1 to 65535")
        }
        channels = Int(width)
        settings = version >= 2 ? try DetectorSettings(layoutFrom: &reader) : nil
    }
}

extension DetectorSettings {
    /// What a saved state's layout depends on, and what its network's outputs mean.
    func encodeLayout(into writer: inout StateWriter) {
        writer.write(Self.number(of: model.cell))
        writer.write(UInt32(model.hidden))
        writer.write(UInt32(model.layers))
        writer.write(UInt32(model.attention))
        writer.write(Self.number(of: model.attentionScale))
        writer.write(UInt32(model.k1))
        writer.write(UInt32(model.k2))
        writer.write(Self.number(of: model.optimiser))
        writer.write(Self.number(of: model.loss))
        writer.write(Self.number(of: model.target))
        writer.write(model.learning)
        writer.write(UInt32(score.window))
    }

    /// Reads what `encodeLayout` wrote.
    ///
    /// - Throws: `StateError` if a number is none that can be configured.
    init(layoutFrom reader: inout StateReader) throws {
        self.init()
        model.cell = try Self.word(from: &reader, "cell")
        model.hidden = try Self.number(from: &reader, in: 1...1024, "hidden")
        model.layers = try Self.number(from: &reader, in: 1...8, "layers")
        model.attention = try Self.number(from: &reader, in: 0...512, "attention")
        model.attentionScale = try Self.word(from: &reader, "attention scale")
        model.k1 = try Self.number(from: &reader, in: 1...4096, "k1")
        model.k2 = try Self.number(from: &reader, in: model.k1...4096, "k2")
        model.optimiser = try Self.word(from: &reader, "optimiser")
        model.loss = try Self.word(from: &reader, "loss")
        model.target = try Self.word(from: &reader, "target")
        model.learning = try reader.readBool()
        score.window = try Self.number(from: &reader, in: 64...65_536, "window")
    }

    // The order of the cases is part of the format: new ones come last.
    private static func number<Word: CaseIterable & Equatable>(of word: Word) -> UInt8 {
        UInt8(Word.allCases.enumerated().first { $0.element == word }?.offset ?? 0)
    }

    private static func word<Word: CaseIterable>(from reader: inout StateReader, _ field: String) throws -> Word {
        let number = try reader.read(UInt8.self)
        let words = Array(Word.allCases)
        guard Int(number) < words.count else {
            throw StateError.invalid(field: field, found: "\(number)", expected: "a number below \(words.count)")
        }
        return words[Int(number)]
    }

    private static func number(
        from reader: inout StateReader, in range: ClosedRange<Int>, _ field: String
    ) throws -> Int {
        let number = Int(try reader.read(UInt32.self))
        guard range.contains(number) else {
            throw StateError.invalid(
                field: field, found: "\(number)", expected: "\(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }
}
