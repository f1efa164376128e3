/// What a write-ahead log holds, read without SQLite, which stops at the first damaged frame.
///
/// A frame's checksum goes on from the one before, which is stored with that frame. So each frame can be checked by
/// itself, and one that is damaged costs itself only: https://www.sqlite.org/fileformat2.html#walformat
struct WALFrames {
    static let headerSize = 32
    static let frameHeaderSize = 24

    /// Where in the file the newest committed content of each page begins, by page number.
    private(set) var pages: [Int: Int] = [:]
    /// Pages of the database after the last commit; 0 if there is none.
    private(set) var databasePages = 0
    /// Frames of the log up to its last commit whose content is damaged.
    private(set) var damagedFrames = 0
    /// The first of them, from 0.
    private(set) var firstDamaged: Int?
    /// Commits that SQLite cannot see because a frame before them is damaged.
    private(set) var hiddenCommits = 0

    /// - parameters:
    ///   - size: bytes of the log.
    ///   - pageSize: of the database.
    ///   - read: `(offset, count)` of the log; nil if it can't be read.
    init(size: Int, pageSize: Int, read: (Int, Int) -> [UInt8]?) {
        guard size > Self.headerSize, let header = read(0, Self.headerSize) else { return }
        let magic = Self.word(header, 0)
        let isBigEndian = magic == 0x377f_0683
        let frameSize = Self.frameHeaderSize + pageSize
        var seed = (UInt32(0), UInt32(0))
        Self.add(header[..<24], to: &seed, bigEndian: isBigEndian)
        var previous = (Self.word(header, 24), Self.word(header, 28))
        let headerIsGood = seed == previous && magic & ~1 == 0x377f_0682
        var salts = headerIsGood ? (Self.word(header, 16), Self.word(header, 20)) : nil

        var committed: [Int: Int] = [:]
        var uncommitted: [Int: Int] = [:]
        var damaged: [Int] = []
        for number in 0..<((size - Self.headerSize) / frameSize) {
            let start = Self.headerSize + number * frameSize
            guard let frame = read(start, frameSize) else {
                damaged.append(number)
                continue
            }
            let found = (Self.word(frame, 8), Self.word(frame, 12))
            // Without a header, the first frame tells which generation the log is of.
            let expected = salts ?? found
            salts = expected
            var checksum = previous
            Self.add(frame[..<8], to: &checksum, bigEndian: isBigEndian)
            Self.add(frame[Self.frameHeaderSize...], to: &checksum, bigEndian: isBigEndian)
            previous = (Self.word(frame, 16), Self.word(frame, 20))
            guard found == expected, checksum == previous else {
                damaged.append(number)
                continue
            }
            let page = Int(Self.word(frame, 0))
            uncommitted[page] = start + Self.frameHeaderSize
            let pages = Int(Self.word(frame, 4))
            guard pages > 0 else { continue }
            committed.merge(uncommitted) { $1 }
            uncommitted = [:]
            databasePages = pages
            damagedFrames = damaged.count
            if !damaged.isEmpty { hiddenCommits += 1 }
        }
        pages = committed
        firstDamaged = damagedFrames > 0 ? damaged.first : nil
    }

    /// The big-endian word at `offset`.
    private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 << 8 | UInt32(bytes[offset + $1]) }
    }

    private static func add(_ bytes: ArraySlice<UInt8>, to checksum: inout (UInt32, UInt32), bigEndian: Bool) {
        bytes.withUnsafeBytes { raw in
            var offset = 0
            while offset + 8 <= raw.count {
                let one = raw.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
                let two = raw.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
                checksum.0 &+= (bigEndian ? UInt32(bigEndian: one) : UInt32(littleEndian: one)) &+ checksum.1
                checksum.1 &+= (bigEndian ? UInt32(bigEndian: two) : UInt32(littleEndian: two)) &+ checksum.0
                offset += 8
            }
        }
    }
}
