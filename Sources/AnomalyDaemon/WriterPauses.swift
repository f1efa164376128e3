import Foundation

/// Lets the shards go first where processors are scarce: a verdict is waited for, while a commit may take a second.
///
/// The kernel is fair, and looks only now and then for processors with less work than others: a commit may have one for a dozen
/// milliseconds while two shards share the other. When the writer sleeps for a moment, a processor becomes idle, and that is
/// when the kernel moves a shard to it at once. A higher nice value does less, and the unit's SystemCallFilter= forbids it.
package final class WriterPauses {
    /// Work between two looks at the shards, in microseconds.
    package static let work: Int64 = 500
    /// Longest pause, and naps that it consists of, in microseconds: most pauses are over after one or two.
    package static let longest: Int64 = 2000
    package static let nap: Int64 = 100
    /// Rows in front of the writer from which on it does not pause, as the shards would have to wait for it soon.
    package static let mostRows = 65_536

    private let waitingRows: () -> Int
    private let isPointLate: () -> Bool
    private let clock: () -> Int64
    private let sleep: (Int64) -> Void
    /// Steady time, in microseconds.
    private var nextLook = Int64.min

    /// - Parameters:
    ///   - waitingRows: in front of the writer.
    ///   - isPointLate: whether a shard is late with its points.
    ///   - clock: steady, in microseconds.
    ///   - sleep: for so many microseconds.
    package init(
        waitingRows: @escaping () -> Int, isPointLate: @escaping () -> Bool,
        clock: @escaping () -> Int64 = { SteadyClock.now },
        sleep: @escaping (Int64) -> Void = { Thread.sleep(forTimeInterval: Double($0) / 1e6) }
    ) {
        self.waitingRows = waitingRows
        self.isPointLate = isPointLate
        self.clock = clock
        self.sleep = sleep
    }

    /// To be called often in the midst of long work.
    package func pauseIfLate() {
        let begun = clock()
        if begun < nextLook { return }
        var now = begun
        if waitingRows() < Self.mostRows {
            while now - begun < Self.longest, isPointLate() {
                sleep(Self.nap)
                now = clock()
            }
        }
        nextLook = now + Self.work
    }
}
