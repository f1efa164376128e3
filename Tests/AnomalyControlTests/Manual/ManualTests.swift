import AnomalyConfiguration
import AnomalyControl
import Foundation
import Testing

/// The generated parts of the manual pages are what the programs of now would make of them. After a change,
/// `ANOMALYD_WRITE_DEFAULTS=1 swift test --filter ManualTests` writes them anew.
@Suite(.serialized) struct ManualTests {
    /// A part of the page, and what it should be.
    private func check(_ part: String, of name: String, _ lines: [String]) throws {
        var page = try ManualPage(name)
        let expected = lines.joined(separator: "\n") + "\n"
        if ProcessInfo.processInfo.environment["ANOMALYD_WRITE_DEFAULTS"] == "1" {
            try page.replace(part, with: expected)
        }
        #expect(page.part(part) == expected, "\(part) of \(name)")
    }

    @Test func anomalyctlsCommandsAndOptions() throws {
        let commands = ManualCommands(root: try ToolInformation(ofProgram: "anomalyctl").command)
        #expect(commands.commands.count > 10)
        try check("commands", of: "anomalyctl.1", commands.commandLines)
        try check("options", of: "anomalyctl.1", commands.sharedLines)
        try check("sections", of: "anomalyctl.1", commands.sectionLines)
    }

    @Test func anomalydsOptions() throws {
        let commands = ManualCommands(root: try ToolInformation(ofProgram: "anomalyd").command)
        try check("options", of: "anomalyd.8", commands.optionLines)
    }

    @Test func keysOfTheConfiguration() throws {
        try check("keys", of: "anomalyd.toml.5", ManualKeys.lines)
        let page = try ManualPage("anomalyd.toml.5").text
        for key in ConfigurationKey.all { #expect(page.contains(".It Ic \(key.path)\n")) }
    }

    /// Shared options are told once, so that they must be the same wherever they are taken.
    @Test func sharedOptionsAreTheSameEverywhere() throws {
        var seen: [String: Set<String>] = [:]
        for (_, command) in ManualCommands(root: try ToolInformation(ofProgram: "anomalyctl").command).commands {
            let titled = Dictionary(grouping: command.arguments ?? []) { $0.sectionTitle ?? "" }
            for (title, arguments) in titled where title.hasSuffix(" OPTIONS") {
                let text = arguments.map { "\($0.names?.map(\.name) ?? []) \($0.abstract ?? "")" }
                seen[title, default: []].insert(text.joined(separator: "\n"))
            }
        }
        #expect(seen["GLOBAL OPTIONS"]?.count == 1)
        #expect(seen["OUTPUT OPTIONS"]?.count == 1)
        #expect(seen["CONFIGURATION OPTIONS"]?.count == 1)
    }

    @Test func everyExitStatusIsTold() throws {
        let page = try ManualPage("anomalyctl.1").text
        for status in ExitStatus.allCases { #expect(page.contains(".It \(status.rawValue)\n")) }
    }
}
