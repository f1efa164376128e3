import Foundation

/// What a program says of its commands and options: `--experimental-dump-help`, as far as manual pages need it.
struct ToolInformation: Decodable {
    struct Command: Decodable {
        var commandName: String
        var abstract: String?
        var discussion: String?
        var arguments: [Argument]?
        var subcommands: [Command]?
        var defaultSubcommand: String?
    }

    struct Argument: Decodable {
        struct Name: Decodable {
            var kind: String
            var name: String
        }

        /// positional, option or flag
        var kind: String
        var shouldDisplay: Bool
        var isOptional: Bool
        var isRepeating: Bool
        /// The heading that it stands under in the help; nil for those of the command itself.
        var sectionTitle: String?
        var names: [Name]?
        var valueName: String?
        var defaultValue: String?
        var allValues: [String]?
        var abstract: String?
    }

    var command: Command

    /// Of a program that was built beside this test bundle.
    init(ofProgram name: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: BuiltProgram.path).deletingLastPathComponent().appending(path: name)
        process.arguments = ["--experimental-dump-help"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        self = try JSONDecoder().decode(Self.self, from: bytes)
    }
}
