import Glibc

/// The command line: `--name value` pairs, all of which must be known.
public struct Arguments {
    private var values: [String: String] = [:]
    private let usage: String

    /// Ends the program with the usage text if asked to, or if an option is unknown or lacks its value.
    ///
    /// - Parameter known: names of the options, without the dashes.
    public init(known: [String], usage: String) {
        self.usage = usage
        var rest = CommandLine.arguments.dropFirst()
        while let option = rest.popFirst() {
            if option == "--help" || option == "-h" {
                print(usage)
                exit(0)
            }
            guard option.hasPrefix("--"), known.contains(String(option.dropFirst(2))) else {
                fail("unknown argument \(option)")
            }
            guard let value = rest.popFirst() else { fail("\(option) expects a value") }
            values[String(option.dropFirst(2))] = value
        }
    }

    public func string(_ name: String) -> String {
        guard let value = values[name] else { fail("--\(name) is required") }
        return value
    }

    public func string(_ name: String, default standard: String) -> String { values[name] ?? standard }

    /// A whole number of at least `least`.
    public func integer(_ name: String, default standard: Int, least: Int = 1) -> Int {
        guard let text = values[name] else { return standard }
        guard let value = Int(text), value >= least else {
            fail("--\(name) expects a whole number of at least \(least), found \(text)")
        }
        return value
    }

    private func fail(_ message: String) -> Never { Failure.end("\(message)\n\(usage)", status: 2) }
}
