import CKernels

/// Where memory lies that is needed together, so that it can be asked for before it is: each part of what a stream has would
/// else be waited for by itself, one after the other, when many other streams came in between.
///
/// Only a hint: places that are not true any more do no harm.
public struct MemoryMap: @unchecked Sendable {
    // @unchecked: belongs to the thread of what it tells of.

    /// Places that it has room for; what is added beyond is left out.
    private static let most = 21
    /// Most lines of a place.
    private static let mostLines = 1 << Int(ck_count_bits) - 1
    /// Lines that a place can lie away.
    private static let reach = 1 << (31 - Int(ck_count_bits))

    /// Behind their number.
    private let places: UnsafeMutablePointer<Int32>

    /// To be deallocated by the caller.
    public init() {
        places = .allocate(capacity: 1 + Self.most)
        count = 0
    }

    private var count: Int {
        get { Int(places[0]) }
        nonmutating set { places[0] = Int32(newValue) }
    }

    public func deallocate() { places.deallocate() }

    /// Asks for all of it.
    public func prefetch() { ck_prefetch(places, places + 1, count) }

    /// Asks for the line of memory that `place` lies in.
    public static func prefetch(_ place: UnsafeRawPointer) { ck_prefetch_line(place) }

    /// Lines of memory that it tells of.
    package var lines: Int { (0..<count).reduce(0) { $0 + Int(places[1 + $1]) & Self.mostLines } }

    // MARK: Places

    public func removeAll() { count = 0 }

    /// Adds memory; as much of it as there is room for.
    public func add(_ start: UnsafeRawPointer, bytes: Int) {
        let line = Int(ck_line)
        var begin = Int(bitPattern: start) / line - Int(bitPattern: places) / line
        var lines = (Int(bitPattern: start) % line + bytes + line - 1) / line
        while lines > 0, count < Self.most {
            // Memory that lies that far away is of another kind of allocation.
            guard (-Self.reach..<Self.reach).contains(begin) else { return }
            let some = min(lines, Self.mostLines)
            places[1 + count] = Int32(begin << Int(ck_count_bits) | some)
            count += 1
            begin += some
            lines -= some
        }
    }

    /// An object, without what it refers to.
    public func add(_ object: AnyObject) {
        let start = Unmanaged.passUnretained(object).toOpaque()
        add(start, bytes: ck_block_bytes(start))
    }

    /// The elements of an array, and its head.
    public func add<Element>(_ array: [Element]) { add(array, elements: array.count) }

    /// The head of an array, without which nothing can be read of it.
    public func add<Element>(head array: [Element]) { add(array, elements: 0) }

    private func add<Element>(_ array: [Element], elements: Int) {
        array.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
            add(start - Self.arrayHead, bytes: Self.arrayHead + elements * MemoryLayout<Element>.stride)
        }
    }

    /// Bytes before the first element, of an array of Swift's library.
    private static let arrayHead = 32
}
