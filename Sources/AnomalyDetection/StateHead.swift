import Kernels
import RecurrentModel

/// How a detector's saved state begins: its format, its width, the arithmetic that made it, and the settings that the
/// rest's layout depends on, so that it can be read by whoever does not know the configuration.
struct StateHead {
    /// Earlier formats, which are read: of states without any feedback, without any orders, and with both.
    private static let withoutFeedback: UInt16 = 4
    private static let withoutOrders: UInt16 = 5
    /// From here on, sizes and earlier values are kept, and saved, in less memory, and a byte of the head says what of
    /// feedback and orders there is, and whether the network is a group's.
    static let compact: UInt16 = 7
    /// From here on, moments and earlier windows are in 16 bits, too.
    static let short = ShortMoments.format
    static let newest = short

    /// Whether there is feedback at the end, and orders behind that.
    let hasFeedback: Bool
    let hasOrders: Bool
    let channels: Int
    /// Of the processor that the state comes from. On another kind the same points lead to other last bits.
    let arithmetic: KernelVariant.Arithmetic
    /// Defaults but for what the state says.
    let settings: DetectorSettings

    static func encode(
        _ feedback: Feedback, channels: Int, _ settings: DetectorSettings, into writer: inout StateWriter
    ) {
        writer.write(newest)
        let isMember = settings.model.sharing == .group
        writer.write((feedback.isEmpty ? 0 : 1 as UInt8) | (feedback.orders.isEmpty ? 0 : 2) | (isMember ? 4 : 0))
        writer.write(UInt32(channels))
        writer.write(KernelVariant.current.arithmetic.rawValue)
        settings.encodeLayout(into: &writer)
        if isMember { writer.write(Array(settings.model.group.utf8)) }
    }

    /// - Throws: `StateError`.
    init(from reader: inout StateReader) throws {
        let version = try reader.read(UInt16.self)
        guard version <= Detector.stateVersion else {
            throw StateError.newerVersion(found: Int(version), known: Int(Detector.stateVersion))
        }
        // Formats 1 to 3 were never released; what they knew is of no use to today's score.
        guard version >= Self.withoutFeedback else {
            throw StateError.invalid(field: "format", found: "\(version)", expected: "\(Detector.stateVersion)")
        }
        reader.format = version
        var isMember = false
        if version >= Self.compact {
            let parts = try reader.read(UInt8.self)
            guard parts < 8, parts & 3 != 2 else {
                throw StateError.invalid(field: "parts", found: "\(parts)", expected: "0, 1, 3, 4, 5 or 7")
            }
            (hasFeedback, hasOrders) = (parts & 1 != 0, parts & 2 != 0)
            isMember = parts & 4 != 0
        } else {
            (hasFeedback, hasOrders) = (version > Self.withoutFeedback, version > Self.withoutOrders)
        }
        let width = try reader.read(UInt32.self)
        guard (1...65_535).contains(width) else {
            throw StateError.invalid(field: "channels", found: "\(width)", expected: "1 to 65535")
        }
        channels = Int(width)
        let number = try reader.read(UInt8.self)
        guard let arithmetic = KernelVariant.Arithmetic(rawValue: number) else {
            throw StateError.invalid(field: "arithmetic", found: "\(number)", expected: "0 or 1")
        }
        self.arithmetic = arithmetic
        var settings = try DetectorSettings(layoutFrom: &reader)
        if isMember {
            settings.model.sharing = .group
            settings.model.group = String(
                decoding: try reader.readArray(of: UInt8.self, atMost: 65_535, field: "group"), as: UTF8.self)
        }
        self.settings = settings
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
        writer.write(UInt32(model.replay))
        writer.write(Self.number(of: model.optimiser))
        writer.write(Self.number(of: model.loss))
        writer.write(Self.number(of: model.target))
        writer.write(model.learning)
        for feature in [model.inputCalendar, model.inputElapsed, model.inputSeason, model.inputMissing] {
            writer.write(feature)
        }
        writer.write(UInt32(score.rest))
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
        model.replay = try Self.number(from: &reader, in: 0...1000, "replay")
        model.optimiser = try Self.word(from: &reader, "optimiser")
        model.loss = try Self.word(from: &reader, "loss")
        model.target = try Self.word(from: &reader, "target")
        model.learning = try reader.readBool()
        model.inputCalendar = try reader.readBool()
        model.inputElapsed = try reader.readBool()
        model.inputSeason = try reader.readBool()
        model.inputMissing = try reader.readBool()
        score.rest = try Self.number(from: &reader, in: 0...10_000, "rest")
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
