import Foundation
import FuzzTargets
import Testing

/// What the fuzzer has found, once more: `Tests/Fuzz/Corpus` has a folder for each target, with inputs that between them
/// reach all code that any has reached, and with those that once broke something.
@Suite struct CorpusTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fuzz/Corpus")

    @Test(arguments: FuzzTarget.all.map(\.name)) func keepsItsPromises(name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        let folder = Self.folder.appending(path: name)
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        let seeds = target.seeds()
        #expect(!files.isEmpty || !seeds.isEmpty, "\(folder.path) has no input")
        for (index, seed) in seeds.enumerated() {
            #expect(throws: Never.self, "seed \(index) of \(name)") { try target.check(seed) }
        }
        for file in files.sorted(by: { $0.path < $1.path }) {
            let bytes = try [UInt8](Data(contentsOf: file))
            #expect(throws: Never.self, "\(name)/\(file.lastPathComponent)") { try target.check(bytes) }
        }
    }

    @Test func everyFolderIsThatOfATarget() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        #expect(Set(folders) == Set(FuzzTarget.all.map(\.name)))
    }
}
