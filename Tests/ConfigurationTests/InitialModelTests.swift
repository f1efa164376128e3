import AnomalyConfiguration
import AnomalyDetection
import Foundation
import Testing

/// `model.initial`: where its path counts from, and where it is set.
@Suite struct InitialModelTests {
    private func configuration(
        _ toml: String, folder: String = "/etc/anomalyd/", flags: [String] = []
    ) throws -> DaemonConfiguration {
        var commandLine = ConfigurationLayer()
        for flag in flags { commandLine.set(flag) }
        return try DaemonConfiguration(
            layers: [ConfigurationLayer(toml: toml, source: "f", folder: folder), commandLine], paths: .system)
    }

    @Test func noneUnlessSet() throws {
        #expect(try configuration("").initialModels == [])
        #expect(try configuration("model.initial = \"\"").initialModels == [])
        #expect(try configuration("model.initial = \"shipped\"").initialModels == [])
        #expect(try configuration("").settings(forStream: "a").initialModel == "shipped")
    }

    @Test func itDecidesHowDetectorsBegin() throws {
        func initial(_ toml: String, _ stream: String = "a", flags: [String] = []) throws -> InitialWeights {
            try configuration(toml, flags: flags).settings(forStream: stream).detector.model.initial
        }
        #expect(try initial("") == .shipped)
        #expect(try initial("model.initial = \"\"") == .random)
        #expect(try initial("model.initial = \"m\"") == .random)
        #expect(try initial("model.initial = \"\"", flags: ["model.initial=shipped"]) == .shipped)
        // The word is no path, whatever folder it stands in.
        let toml = """
            model.initial = ""
            [[stream]]
            match = "b*"
            model.initial = "shipped"
            """
        #expect(try initial(toml) == .random)
        #expect(try initial(toml, "b1") == .shipped)
        let other = try configuration("model.initial = \"./shipped\"").settings(forStream: "a")
        #expect(other.initialModelFile == "/etc/anomalyd/./shipped")
    }

    @Test func pathsCountFromTheFilesFolder() throws {
        let toml = """
            model.initial = "models/a.safetensors"
            [[stream]]
            match = "b"
            model.initial = "/srv/b.safetensors"
            """
        let read = try configuration(toml)
        #expect(read.settings(forStream: "a").initialModel == "/etc/anomalyd/models/a.safetensors")
        #expect(read.settings(forStream: "b").initialModel == "/srv/b.safetensors")
        let working = FileManager.default.currentDirectoryPath
        #expect(
            try configuration(toml, folder: "").settings(forStream: "a").initialModel
                == "\(working)/models/a.safetensors")
        #expect(
            try configuration(toml, folder: "etc").settings(forStream: "a").initialModel
                == "\(working)/etc/models/a.safetensors")
        #expect(
            try configuration(toml, flags: ["model.initial=c.safetensors"]).settings(forStream: "a").initialModel
                == "\(working)/c.safetensors")
        #expect(try configuration(toml, flags: ["model.initial="]).settings(forStream: "a").initialModel == "")
        // What is printed means the same elsewhere.
        let again = ConfigurationLayer(toml: read.effectiveFile(paths: .system), source: "printed", folder: "/tmp")
        let printed = try DaemonConfiguration(layers: [again], paths: .system)
        #expect(printed.settings(forStream: "a") == read.settings(forStream: "a"))
        #expect(printed.settings(forStream: "b") == read.settings(forStream: "b"))
    }

    @Test func aFileOnDiskKnowsItsFolder() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "initial-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "a.toml")
        try Data("[model]\ninitial = \"m.safetensors\"\n".utf8).write(to: file)
        let read = try DaemonConfiguration(layers: [.file(file.path)], paths: .system)
        #expect(read.initialModels.map(\.file) == ["\(folder.path)/m.safetensors"])
    }

    @Test func itSaysWhereTheFilesAreNamedAndForWhat() throws {
        let read = try configuration(
            """
            [model]
            initial = "a"
            [[stream]]
            match = "x*"
            model.hidden = 32
            [[stream]]
            match = "y"
            model.initial = "b"
            [[stream]]
            match = "z"
            score.window = 100
            [[stream]]
            match = "w"
            model.initial = ""
            model.hidden = 9
            """, flags: ["model.layers=2"])
        let uses = read.initialModels
        #expect(
            uses.map(\.key) == [
                "model.initial", "stream 1 (match = \"x*\"): model.initial", "stream 2 (match = \"y\"): model.initial",
            ])
        #expect(uses.map(\.file) == ["/etc/anomalyd/a", "/etc/anomalyd/a", "/etc/anomalyd/b"])
        #expect(uses.map(\.settings.detector.model.hidden) == [16, 32, 16])
        #expect(uses.allSatisfy { $0.settings.detector.model.layers == 2 && $0.origin.source == "f" })
        #expect(uses.map(\.origin.line) == [2, 3, 6])
        let flagged = try configuration("model.initial = \"a\"", flags: ["model.initial=/b"])
        #expect(flagged.initialModels.map(\.origin.source) == ["--set"])
    }

    @Test func whatIsNoPathIsRefused() {
        let layer = ConfigurationLayer(toml: "model.initial = 3", source: "f")
        #expect(
            layer.problems.map(\.description) == [
                "f:1: model.initial: expected \"shipped\", a path, or \"\" for none, found 3 (an integer)"
            ])
    }
}
