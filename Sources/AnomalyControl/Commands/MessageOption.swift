import ArgumentParser

/// Why somebody says something.
struct MessageOption: ParsableArguments {
    @Option(
        name: .shortAndLong, parsing: .unconditional,
        help: ArgumentHelp("Words to keep with it.", valueName: "text"))
    var message = ""
}
