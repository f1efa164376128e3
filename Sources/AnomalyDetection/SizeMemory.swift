import Kernels
import RecurrentModel

/// The sizes that new ones are ranked among: those of one stream, or of all streams of a group that a thread has, each
/// relative to what is usual for its stream.
final class SizeMemory: @unchecked Sendable {
    // @unchecked: belongs to the thread of its detectors.

    /// Of one kind of deviation: each size by itself, and smoothed.
    struct Sketches: Sendable {
        var single: RaritySketch
        var smoothed: RaritySketch

        init(memory: Int) {
            single = RaritySketch(memory: memory)
            smoothed = RaritySketch(memory: memory)
        }

        var bytes: Int { single.bytes + smoothed.bytes }

        func locate(in map: MemoryMap) {
            single.locate(in: map)
            smoothed.locate(in: map)
        }

        func encode(into writer: inout StateWriter) {
            single.encode(into: &writer)
            smoothed.encode(into: &writer)
        }

        mutating func decode(from reader: inout StateReader) throws {
            try single.decode(from: &reader)
            try smoothed.decode(from: &reader)
        }
    }

    /// Sizes after which one counts half among those of a group: enough for what is rare among very many streams.
    static let memoryOfGroup = 200_000

    @exclusivity(unchecked) var residuals: Sketches
    @exclusivity(unchecked) var distances: Sketches

    /// - Parameter memory: sizes after which one counts half.
    init(memory: Int) {
        residuals = Sketches(memory: memory)
        distances = Sketches(memory: memory)
    }

    /// A group's, as `saved` was.
    ///
    /// - Throws: `StateError`.
    convenience init(ofGroup saved: [UInt8]) throws {
        self.init(memory: Self.memoryOfGroup)
        var reader = StateReader(saved)
        try residuals.decode(from: &reader)
        try distances.decode(from: &reader)
    }

    var saved: [UInt8] {
        var writer = StateWriter()
        residuals.encode(into: &writer)
        distances.encode(into: &writer)
        return writer.bytes
    }

    func copy() -> SizeMemory { SizeMemory(self) }

    private init(_ other: SizeMemory) { (residuals, distances) = (other.residuals, other.distances) }

    /// Says where it lies.
    func locate(in map: MemoryMap) {
        map.add(self)
        residuals.locate(in: map)
        distances.locate(in: map)
    }

    /// Of memory, without itself.
    var bytes: Int { residuals.bytes + distances.bytes }
}
