import Foundation
import Testing

/// Replay after a crash rests on it: what decides verdicts knows no clock, no files and no threads.
@Suite struct PurityTests {
    @Test(arguments: ["Kernels", "RecurrentModel", "AnomalyDetection", "FeedProtocol"])
    func coreImportsNothingImpure(_ target: String) throws {
        let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/\(target)")
        let files = try FileManager.default.subpathsOfDirectory(atPath: sources.path).filter { $0.hasSuffix(".swift") }
        #expect(!files.isEmpty)
        let allowed: Set = ["CKernels", "Kernels", "RecurrentModel", "RealModule"]
        for file in files {
            let text = try String(contentsOf: sources.appending(path: file), encoding: .utf8)
            for line in text.split(separator: "\n") where line.contains("import ") && !line.hasPrefix("//") {
                let words = line.split(separator: " ")
                guard let at = words.firstIndex(of: "import"), at <= 1 else { continue }
                #expect(allowed.contains(String(words[at + 1])), "\(target)/\(file): \(line)")
            }
        }
    }
}
