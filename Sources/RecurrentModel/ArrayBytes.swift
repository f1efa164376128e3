/// What arrays take in memory.
package enum ArrayBytes {
    /// Swift's head before the elements of an array.
    private static let head = 32

    /// Bytes of an array with all that it has reserved; 0 if it has no memory of its own.
    package static func of<Element>(_ array: [Element]) -> Int {
        array.capacity == 0 ? 0 : head + array.capacity * MemoryLayout<Element>.stride
    }
}
