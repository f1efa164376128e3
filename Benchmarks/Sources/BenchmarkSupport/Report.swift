/// Results as lines of `name value`, for people and for awk.
public struct Report {
    private var lines: [String] = []

    public init() {}

    public mutating func add(_ name: String, _ value: Int) { lines.append("\(name) \(value)") }

    /// Six digits after the point.
    public mutating func add(_ name: String, _ value: Double) {
        let millionths = Int((value * 1e6).rounded())
        let fraction = String(abs(millionths) % 1_000_000)
        let sign = millionths < 0 ? "-" : ""
        let zeros = String(repeating: "0", count: 6 - fraction.count)
        lines.append("\(name) \(sign)\(abs(millionths) / 1_000_000).\(zeros)\(fraction)")
    }

    public func write() { for line in lines { print(line) } }
}
