/// A decoder of bytes that nobody vouches for, as a plain function of them: for the fuzzer (`make fuzz`), which looks
/// for bytes that end the process or break a promise, and for the test that gives it what was found so far.
///
/// A new target is a file with a static constant, and a line in `all`.
public struct FuzzTarget: Sendable {
    /// Of the target and of its folder in `Tests/Fuzz/Corpus`.
    public let name: String
    /// Longest input that is worth trying, in bytes.
    public let longest: Int
    /// Inputs to begin with that no file can have for long, as their format changes with the program.
    public var seeds: @Sendable () -> [[UInt8]] = { [] }
    /// - Throws: `FuzzFinding` if the bytes break a promise of the decoder's. That the decoder refuses them is none.
    public let check: @Sendable (_ bytes: [UInt8]) throws -> Void

    public static let all: [FuzzTarget] = [
        .feed, .influx, .json, .statsd, .collectd, .prometheus, .openmetrics, .fields, .series, .configuration, .model,
        .checkpoint, .control, .times, .glob, .points, .accept,
    ]
}

/// A promise that some bytes have broken.
public struct FuzzFinding: Error, CustomStringConvertible {
    public let description: String
}

/// - Parameter promise: as a sentence, with what was found instead.
func expect(_ isKept: Bool, _ promise: @autoclosure () -> String) throws(FuzzFinding) {
    if !isKept { throw FuzzFinding(description: promise()) }
}

/// SplitMix64: how an input is cut into pieces follows from the input alone.
struct Scatter: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
