/// The records of one page of a b-tree, each read by itself, so that one that is damaged costs no other.
struct PageCells {
    struct Cell {
        /// Nil in a table without rowids.
        var rowid: Int64?
        var values: [RecordValue]
    }

    private(set) var cells: [Cell] = []
    /// Cells of the page that could not be read.
    private(set) var damaged = 0

    /// Largest payload that is put together from overflow pages: states of the widest networks are smaller.
    private static let mostPayload = 64 << 20

    /// Nil if the page holds no rows: neither a leaf of a table, nor any page of a table without rowids.
    init?(page number: Int, in file: PageFile) {
        guard let page = file.page(number) else { return nil }
        let start = number == 1 ? 100 : 0
        let hasRowids: Bool
        let headerSize: Int
        switch page[start] {
        case 0x0d: (hasRowids, headerSize) = (true, 8)
        case 0x0a: (hasRowids, headerSize) = (false, 8)
        case 0x02: (hasRowids, headerSize) = (false, 12)
        default: return nil
        }
        let count = Int(page[start + 3]) << 8 | Int(page[start + 4])
        let pointers = start + headerSize
        // A cell takes at least four bytes and its pointer two.
        guard count <= (file.usableSize - pointers) / 6 else {
            damaged = 1
            return
        }
        for index in 0..<count {
            let place = pointers + 2 * index
            var offset = Int(page[place]) << 8 | Int(page[place + 1])
            if headerSize == 12 { offset += 4 }
            guard offset >= pointers + 2 * count, offset < file.usableSize,
                let cell = Self.cell(page, &offset, end: file.extent(of: number), hasRowids: hasRowids, file)
            else {
                damaged += 1
                continue
            }
            cells.append(cell)
        }
    }

    private static func cell(
        _ page: [UInt8], _ offset: inout Int, end: Int, hasRowids: Bool, _ file: PageFile
    ) -> Cell? {
        guard let size = RecordValue.varint(page, &offset), size >= 2, size <= mostPayload else { return nil }
        var rowid: Int64?
        if hasRowids {
            rowid = RecordValue.varint(page, &offset)
            if rowid == nil { return nil }
        }
        guard let payload = payload(page, offset, Int(size), end: end, isTable: hasRowids, file),
            let values = RecordValue.decode(payload)
        else { return nil }
        return Cell(rowid: rowid, values: values)
    }

    /// The part in the page, and what does not fit into it from a chain of pages.
    private static func payload(
        _ page: [UInt8], _ offset: Int, _ size: Int, end: Int, isTable: Bool, _ file: PageFile
    ) -> [UInt8]? {
        let usable = file.usableSize
        let most = isTable ? usable - 35 : (usable - 12) * 64 / 255 - 23
        var local = size
        if size > most {
            let least = (usable - 12) * 32 / 255 - 23
            let surplus = least + (size - least) % (usable - 4)
            local = surplus <= most ? surplus : least
        }
        guard offset + local + (local < size ? 4 : 0) <= end else { return nil }
        var payload = Array(page[offset..<offset + local])
        if local == size { return payload }
        payload.reserveCapacity(size)
        func next(_ bytes: [UInt8], _ at: Int) -> Int { (0..<4).reduce(0) { $0 << 8 | Int(bytes[at + $1]) } }
        var number = next(page, offset + local)
        while payload.count < size {
            // No chain is endless: each page adds to the payload.
            let end = min(usable, 4 + size - payload.count)
            guard let content = file.page(number), end <= file.extent(of: number) else { return nil }
            payload += content[4..<end]
            number = next(content, 0)
        }
        return payload
    }
}
