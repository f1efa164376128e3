/// The values of one line. Keeps its memory and writes over it: emptying and refilling an array instead costs as much
/// as parsing a number.
struct ValueList {
    private var storage: [Double] = []
    private(set) var count = 0

    @inline(__always)
    mutating func removeAll() { count = 0 }

    @inline(__always)
    mutating func append(_ value: Double) {
        if count < storage.count {
            storage[count] = value
        } else {
            storage.append(value)
        }
        count += 1
    }

    /// Calls `body` with the values, which are valid during the call.
    @inline(__always)
    func withValues<Failure: Error>(
        _ body: (UnsafeBufferPointer<Double>) throws(Failure) -> Void
    ) throws(Failure) {
        try storage.withUnsafeBufferPointer { all throws(Failure) in
            try body(UnsafeBufferPointer(rebasing: all[..<count]))
        }
    }
}
