package import AnomalyDetection
package import ModelFiles

/// A detector on its way through a file, with the very steps that the daemon's shard would take for the same points.
///
/// Only times and values are handed to the detector; the labels of the file are not.
package struct DetectorRun {
    /// Rows in a block at most.
    package static let blockRows = 512

    package let file: SeriesFile
    private let detector: Detector
    /// Rows that have been stepped or dropped.
    private var position = 0
    /// The last block: what was said of each row, nil for one that was dropped because its time is not after that of
    /// the newest row before it; and of each channel of each row, which means nothing for a dropped one.
    package private(set) var points: [PointVerdict?] = []
    package private(set) var channels: [ChannelVerdict]

    /// - Parameters:
    ///   - name: the stream's name, which seeds the weights.
    ///   - model: weights to begin with instead.
    /// - Throws: `Failure` if the model is not one for these settings and this file's width.
    package init(
        _ file: SeriesFile, settings: DetectorSettings, name: String, model: ModelFile? = nil, workbench: Workbench
    ) throws(Failure) {
        self.file = file
        detector = Detector(settings, channels: file.channels, name: name.utf8, workbench: workbench)
        try model?.give(to: detector) { list in
            Failure(
                .failure, "the model of model.initial does not fit \(file.path): \(list)",
                hint: "set those keys of [model] as the model has them, or name another model")
        }
        points.reserveCapacity(Self.blockRows)
        let none = ChannelVerdict(value: .nan, prediction: .nan, lower: .nan, upper: .nan, residual: .nan)
        channels = Array(repeating: none, count: Self.blockRows * file.channels)
    }

    /// Steps through the next block.
    ///
    /// - Returns: its rows, to each of which `points` and `channels` now have an entry; nil after the last.
    package mutating func next() -> Range<Int>? {
        let block = position..<min(position + Self.blockRows, file.rows)
        if block.isEmpty { return nil }
        position = block.upperBound
        points.removeAll(keepingCapacity: true)
        let width = file.channels
        file.values.withUnsafeBufferPointer { values in
            channels.withUnsafeMutableBufferPointer { channels in
                for (place, row) in block.enumerated() {
                    let time = file.times[row]
                    if time <= detector.newestTime {
                        points.append(nil)
                        continue
                    }
                    points.append(
                        detector.step(
                            time: time,
                            values: UnsafeBufferPointer(rebasing: values[row * width..<(row + 1) * width]),
                            verdicts: UnsafeMutableBufferPointer(
                                rebasing: channels[place * width..<(place + 1) * width])))
                }
            }
        }
        return block
    }
}
