import Glibc

/// A user or a group of this machine, as the configuration names it.
public struct Account: Sendable, Equatable {
    /// As written: a name, or a number in decimal digits.
    public var text: String
    /// uid or gid; nil if the machine knows no such name.
    public var id: UInt32?

    /// - Parameter text: a name of passwd(5), or a uid, which need not be in use.
    public static func user(_ text: String) -> Account {
        Account(text: text, id: number(text) ?? look(passwd(), { getpwnam_r(text, $0, $1, $2, $3) }, \.pw_uid))
    }

    /// - Parameter text: a name of group(5), or a gid, which need not be in use.
    public static func group(_ text: String) -> Account {
        Account(text: text, id: number(text) ?? look(Glibc.group(), { getgrnam_r(text, $0, $1, $2, $3) }, \.gr_gid))
    }

    /// The largest number is no id: chown(2) and others read it as "none".
    static func isID(_ number: Int) -> Bool { 0..<Int(UInt32.max) ~= number }

    private static func number(_ text: String) -> UInt32? {
        guard text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), let number = Int(text),
            isID(number)
        else { return nil }
        return UInt32(number)
    }

    /// Asks one of libc's reentrant functions, with more memory as long as it wants more.
    private static func look<Entry>(
        _ empty: Entry,
        _ ask: (
            UnsafeMutablePointer<Entry>, UnsafeMutablePointer<CChar>, Int,
            UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>
        ) -> Int32,
        _ id: KeyPath<Entry, UInt32>
    ) -> UInt32? {
        var size = 4096
        while size <= 1 << 20 {
            var entry = empty
            var found: UnsafeMutablePointer<Entry>?
            // The entry's strings lie in it; its numbers do not.
            var strings = [CChar](repeating: 0, count: size)
            if ask(&entry, &strings, size, &found) != ERANGE { return found == nil ? nil : entry[keyPath: id] }
            size *= 4
        }
        return nil
    }
}
