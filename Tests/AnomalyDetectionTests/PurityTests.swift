import Foundation
import Testing

/// Replay after a crash rests on it: what decides verdicts knows no clock, no files and no threads. (But for the weights
/// that streams of several threads share, which a replay takes as they are: they have a lock.)
@Suite struct PurityTests {
    @Test(arguments: ["Kernels", "RecurrentModel", "AnomalyDetection", "FeedProtocol"])
    func coreImportsNothingImpure(_ target: String) throws {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/\(target)")
        let files = try FileManager.default.subpathsOfDirectory(atPath: sources.path).filter { $0.hasSuffix(".swift") }
        #expect(!files.isEmpty)
        let allowed: Set = ["CKernels", "Kernels", "RecurrentModel", "RealModule"]
        let locked: Set = ["SharedWeights.swift", "NetworkGroups.swift"]
        for file in files {
            let text = try String(contentsOf: sources.appending(path: file), encoding: .utf8)
            for line in text.split(separator: "\n") where line.contains("import ") && !line.hasPrefix("//") {
                let words = line.split(separator: " ")
                guard let at = words.firstIndex(of: "import"), at <= 1 else { continue }
                let module = String(words[at + 1])
                if module == "Synchronization", locked.contains(file) { continue }
                #expect(allowed.contains(module), "\(target)/\(file): \(line)")
            }
        }
    }
}
