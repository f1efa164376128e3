/// collectd's text protocol, as its exec and unixsock plugins take it and its csv plugin writes it to stdout:
/// `PUTVAL IDENTIFIER [OPTION=VALUE…] TIME:VALUE[:VALUE…]…`.
///
/// The identifier, `host/plugin-instance/type-instance`, is the NAME. Several values are channels, since the line does
/// not say what they are called. Syntax: collectd-exec(5), and `src/utils/cmds` of its sources.
struct CollectdDecoder: LineDecoder {
    /// A list of values: its time, and where its values end.
    private struct List {
        var time: Int64?
        var end: Int
    }

    /// Lists, and values, that memory is kept for.
    private static let mostKept = 1024

    private var names = NameBuffer()
    private var lists: [List] = []
    private var values: [Double] = []

    mutating func decode(
        _ line: UnsafeRawBufferPointer, into sink: inout some FeedSink
    ) throws(FeedLineError) {
        guard var text = ByteCursor(line) else { return }
        let start = text.position
        guard ByteScan.isASCII(from: start, to: text.end) || TextCheck.isUTF8(line) else { throw .invalidUTF8 }
        let command = try Self.word(&text, of: start)
        guard Self.isPUTVAL(UnsafeRawBufferPointer(start: command.start(in: start), count: command.count)[...]) else {
            throw FeedLineError(.command, "expected PUTVAL; of collectd's commands it is the only one taken")
        }
        let identifier = try Self.word(&text, of: start)
        try Self.checkIdentifier(identifier, in: start)
        names.removeAll()
        names.append(identifier, in: start, as: .head, .quoted)
        try names.endName()

        lists.removeAll(keepingCapacity: lists.count <= Self.mostKept)
        values.removeAll(keepingCapacity: values.count <= Self.mostKept)
        while !text.isAtEnd {
            let word = try Self.word(&text, of: start)
            if lists.isEmpty, Self.isOption(word, in: start) { continue }
            try readList(word, in: start)
        }
        guard !lists.isEmpty else { throw Self.malformed }
        try emit(into: &sink)
    }

    private func emit(into sink: inout some FeedSink) throws(FeedLineError) {
        var failure: FeedLineError?
        var begin = 0
        for list in lists {
            do throws(FeedLineError) {
                try names.withName(0) { name throws(FeedLineError) in
                    try values.withUnsafeBufferPointer { values throws(FeedLineError) in
                        try sink.point(
                            name: name, values: UnsafeBufferPointer(rebasing: values[begin..<list.end]), time: list.time
                        )
                    }
                }
            } catch {
                failure = failure ?? error
            }
            begin = list.end
        }
        if let failure { throw failure }
    }

    /// A word, or what stands between quotes, where a backslash stands before a quote or another one; steps over the
    /// blanks behind it.
    @inline(__always)
    private static func word(_ text: inout ByteCursor, of line: UnsafeRawPointer) throws(FeedLineError) -> TextPiece {
        var start = text.position
        var hasEscapes = false
        let word: TextPiece
        if text.take(UInt8(ascii: "\"")) {
            start = text.position
            while !text.isAtEnd, text.byte != UInt8(ascii: "\"") {
                if text.take(UInt8(ascii: "\\")) { hasEscapes = true }
                if !text.isAtEnd { text.advance() }
            }
            word = TextPiece(line, from: start, to: text.position, hasEscapes: hasEscapes)
            guard text.take(UInt8(ascii: "\"")), text.isAtEnd || ByteCursor.isBlank(text.byte) else {
                throw FeedLineError(.fields, "expected a closing quote, and a blank behind it")
            }
        } else {
            while !text.isAtEnd, !ByteCursor.isBlank(text.byte) { text.advance() }
            word = TextPiece(line, from: start, to: text.position)
        }
        text.skipBlanks()
        return word
    }

    /// In any case, as collectd reads it.
    @inline(__always)
    static func isPUTVAL(_ word: Slice<UnsafeRawBufferPointer>) -> Bool {
        word.count == 6 && word.lazy.map { $0 & 0xDF }.elementsEqual("PUTVAL".utf8)
    }

    /// `host/plugin/type`: two slashes, with something before, between and behind them.
    @inline(__always)
    private static func checkIdentifier(_ word: TextPiece, in line: UnsafeRawPointer) throws(FeedLineError) {
        var text = ByteCursor(position: word.start(in: line), end: word.start(in: line) + word.count)
        var parts = 0
        while true {
            let start = text.position
            while !text.isAtEnd, text.byte != UInt8(ascii: "/") { text.advance() }
            if text.position > start { parts += 1 } else { parts = -1000 }
            guard text.take(UInt8(ascii: "/")) else { break }
        }
        guard parts >= 3 else {
            throw FeedLineError(.name, "expected an identifier: host/plugin[-instance]/type[-instance]")
        }
    }

    /// `key=value`, which no list of values is.
    @inline(__always)
    private static func isOption(_ word: TextPiece, in line: UnsafeRawPointer) -> Bool {
        UnsafeRawBufferPointer(start: word.start(in: line), count: word.count).contains(UInt8(ascii: "="))
    }

    /// `TIME:VALUE[:VALUE…]`. `U` is a missing value.
    @inline(__always)
    private mutating func readList(_ word: TextPiece, in line: UnsafeRawPointer) throws(FeedLineError) {
        var text = ByteCursor(position: word.start(in: line), end: word.start(in: line) + word.count)
        let time = text.take(UInt8(ascii: "N")) ? nil : try FeedTime.scanUnixSeconds(&text)
        guard text.byteOrNUL == UInt8(ascii: ":") else { throw Self.malformed }
        while text.take(UInt8(ascii: ":")) {
            values.append(text.take(UInt8(ascii: "U")) ? .nan : try FeedValue.scan(&text))
        }
        guard text.isAtEnd else {
            throw FeedLineError(.value, "expected numbers, or U for a missing one, after the time")
        }
        lists.append(List(time: time, end: values.count))
    }

    private static var malformed: FeedLineError {
        FeedLineError(.fields, "expected PUTVAL host/plugin/type [interval=SECONDS] TIME:VALUE[:VALUE…]")
    }
}
