import AnomalyConfiguration
import Glibc

extension FuzzTarget {
    /// A pattern and, behind its first line end, a name. Without sets and outside ASCII, fnmatch(3) must say the same.
    static let glob = FuzzTarget(name: "glob", longest: 64) { bytes in
        let parts = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false)
        let pattern = String(decoding: parts[0], as: UTF8.self)
        let name = parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : ""
        guard let glob = try? Glob(pattern) else { return }
        let isMatch = glob.matches(name)
        if let example = glob.example { try expect(glob.matches(example), "\(glob) matches its example \(example)") }
        if let literal = glob.literal {
            try expect(glob.matches(literal), "\(glob) matches its literal \(literal)")
            try expect(isMatch == name.unicodeScalars.elementsEqual(literal.unicodeScalars), "\(glob) matches no other")
        }
        // Beyond that, the C library goes by the locale, and knows classes of characters.
        if pattern.contains("[") || !bytes.allSatisfy({ (1...127).contains($0) }) { return }
        try expect(isMatch == (fnmatch(pattern, name, 0) == 0), "fnmatch(3) says the same of \(glob) and \(name)")
    }
}
