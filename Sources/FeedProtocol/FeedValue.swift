/// The rules for VALUE.
public enum FeedValue {
    /// Reads a field that holds one VALUE and nothing else.
    ///
    /// - returns: a finite number, never −0.0; NaN for `nan` (in any case) or an empty field, which mean missing.
    /// - throws: `FeedLineError` with the reason `value`.
    public static func parse(_ field: UnsafeRawBufferPointer) throws(FeedLineError) -> Double {
        guard var text = ByteCursor(field), !text.isAtEnd else { return .nan }
        let value = try scan(&text)
        guard text.isAtEnd else { throw .malformedValue }
        return value
    }

    /// Reads one VALUE that is not empty, and leaves the cursor behind it.
    @inline(__always)
    static func scan(_ text: inout ByteCursor) throws(FeedLineError) -> Double {
        let start = text
        do throws(DecimalNumber.Failure) {
            return try DecimalNumber.scan(&text)
        } catch {
            text = start
            return try scanWord(&text, after: error)
        }
    }

    /// What is no number: `nan`, with a sign as the C library writes it, or an error.
    @inline(never)
    private static func scanWord(
        _ text: inout ByteCursor, after failure: DecimalNumber.Failure
    ) throws(FeedLineError) -> Double {
        if failure == .overflow {
            throw FeedLineError(.value, "expected a VALUE between -1.797e308 and 1.797e308")
        }
        if !text.take(UInt8(ascii: "-")) { _ = text.take(UInt8(ascii: "+")) }
        if take("nan", from: &text) { return .nan }
        if take("inf", from: &text) {
            throw FeedLineError(.value, "expected a finite VALUE; nan or an empty field means missing")
        }
        throw .malformedValue
    }

    /// Steps over `word`, given in small letters, if it is here in whatever case.
    private static func take(_ word: StaticString, from text: inout ByteCursor) -> Bool {
        let expected = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        let found = UnsafeRawBufferPointer(start: text.position, count: min(expected.count, text.remaining))
        guard found.lazy.map({ $0 | 0x20 }).elementsEqual(expected) else { return false }
        text.position += expected.count
        return true
    }
}

extension FeedLineError {
    static var malformedValue: FeedLineError {
        FeedLineError(.value, "expected a decimal number, nan or an empty field as VALUE; a NAME holds no spaces")
    }
}
