/// The commands and options of a program as parts of its manual page.
struct ManualCommands {
    typealias Command = ToolInformation.Command
    typealias Argument = ToolInformation.Argument

    let root: Command

    /// Options that several commands take in the same way, under these headings, are told once.
    private static let shared = ["OUTPUT OPTIONS", "CONFIGURATION OPTIONS", "GLOBAL OPTIONS"]
    /// Sections of discussions that are told once, too.
    private static let sharedSections = ["KINDS", "TIMES", "FORMATS"]

    /// Every command that does something, with its name as it is typed, without the program's.
    var commands: [(name: String, command: Command)] { Self.leaves(of: root, name: "") }

    /// The commands, each as a subsection.
    var commandLines: [String] {
        commands.flatMap { name, command in
            let own = Self.arguments(of: command).filter { !Self.shared.contains($0.sectionTitle ?? "") }
            let positionals = own.filter { $0.kind == "positional" }.map(Self.positional)
            let discussion = ManualDiscussion(command.discussion ?? "")
            var lines = [".Ss \(([name, "[options]"] + positionals).joined(separator: " "))"]
            lines += ManualMarkup.prose(command.abstract ?? "")
            for paragraph in discussion.paragraphs { lines += [".Pp"] + ManualMarkup.prose(paragraph) }
            lines += Self.list(own)
            let titles = Self.shared.filter { title in command.arguments?.contains { $0.sectionTitle == title } == true
            }
            let kinds = titles.map { $0.lowercased().replacing(" options", with: "") }
            lines += [".Pp"] + ManualMarkup.prose("Also takes the \(Self.enumerated(kinds)) options.")
            for section in discussion.sections where !Self.sharedSections.contains(section.title) {
                lines += section.lines
            }
            return lines
        }
    }

    /// The options that are told once, a subsection for each kind.
    var sharedLines: [String] {
        Self.shared.flatMap { title in
            let options = commands.lazy.compactMap { $0.command.arguments?.filter { $0.sectionTitle == title } }
                .first { !$0.isEmpty }
            return [".Ss \(title.prefix(1) + title.dropFirst().lowercased())"] + Self.list(options ?? [])
        }
    }

    /// What several discussions explain in the same words: kinds, times and formats.
    var sectionLines: [String] {
        Self.sharedSections.flatMap { title in
            let found = commands.lazy.flatMap { ManualDiscussion($0.command.discussion ?? "").sections }
                .first { $0.title == title }
            return [".Sh \(title)"] + (found?.body ?? [])
        }
    }

    /// The options of a program without commands.
    var optionLines: [String] { Self.list(Self.arguments(of: root)) }

    private static func leaves(of command: Command, name: String) -> [(name: String, command: Command)] {
        (command.subcommands ?? []).filter { $0.commandName != "help" }.flatMap { child in
            let path = name.isEmpty ? child.commandName : "\(name) \(child.commandName)"
            let below = leaves(of: child, name: path)
            return below.isEmpty ? [(path, child)] : below
        }
    }

    private static func arguments(of command: Command) -> [Argument] {
        (command.arguments ?? []).filter { argument in
            argument.shouldDisplay && argument.names?.contains { ["help", "version"].contains($0.name) } != true
        }
    }

    private static func positional(_ argument: Argument) -> String {
        let name = (argument.valueName ?? "") + (argument.isRepeating ? " ..." : "")
        return argument.isOptional ? "[\(name)]" : name
    }

    private static func list(_ arguments: [Argument]) -> [String] {
        arguments.isEmpty ? [] : [".Bl -tag -width Ds"] + arguments.flatMap(item) + [".El"]
    }

    private static func item(_ argument: Argument) -> [String] {
        let value = argument.kind == "flag" ? "" : " Ar \(argument.valueName ?? "")"
        let names = (argument.names ?? []).map { name in
            let dash = name.kind == "long" ? "-" : ""
            return "Fl \(dash)\(name.name)\(value)"
        }
        let head =
            names.isEmpty
            ? "Ar \(argument.valueName ?? "")" : names.sorted { $0.count < $1.count }.joined(separator: " , ")
        var text = argument.abstract ?? ""
        if let values = argument.allValues, !values.isEmpty { text += " One of \(values.joined(separator: ", "))." }
        if let value = argument.defaultValue, !value.isEmpty, argument.kind != "flag" {
            text += " The default is \(value)."
        }
        return [".It \(head)"] + ManualMarkup.prose(text)
    }

    private static func enumerated(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " and " + last
    }
}
