/// Settings that any number of detectors have in common, once in memory: of 100,000 streams nearly all have the same ones.
final class SharedSettings: Sendable {
    let values: DetectorSettings

    init(_ values: DetectorSettings) { self.values = values }
}
