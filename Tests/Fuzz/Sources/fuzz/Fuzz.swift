import CLibFuzzer
import FuzzTargets
import Glibc

/// `fuzz --target=NAME [libFuzzer's arguments]`. A finding ends the process like any other crash, so that libFuzzer keeps
/// the input. `fuzz --target=NAME --seeds=FOLDER` writes the inputs to begin with that no file has.
@main
enum Fuzz {
    /// libFuzzer ignores what begins with two hyphens, and hands it on to the processes that it starts.
    private static let flag = "--target="
    private static let seedsFlag = "--seeds="

    private static let target = FuzzTarget.all.first { CommandLine.arguments.contains(flag + $0.name) }

    static func main() {
        guard let target else {
            print("usage: fuzz \(flag)NAME [libFuzzer's arguments]")
            print("targets: \(FuzzTarget.all.map(\.name).joined(separator: " "))")
            exit(2)
        }
        if let folder = CommandLine.arguments.first(where: { $0.hasPrefix(seedsFlag) })?.dropFirst(seedsFlag.count) {
            for (index, seed) in target.seeds().enumerated() { write(seed, to: "\(folder)/seed-\(index)") }
            return
        }
        var arguments = CommandLine.arguments
        arguments.insert("-max_len=\(target.longest)", at: 1)
        var pointers = arguments.map { strdup($0) } + [nil]
        pointers.withUnsafeMutableBufferPointer { buffer in
            var count = Int32(buffer.count - 1)
            var start = buffer.baseAddress
            exit(LLVMFuzzerRunDriver(&count, &start, Self.tryInput))
        }
    }

    private static func write(_ bytes: [UInt8], to path: String) {
        guard let file = fopen(path, "w"), fwrite(bytes, 1, bytes.count, file) == bytes.count, fclose(file) == 0 else {
            print("fuzz: cannot write \(path): \(String(cString: strerror(errno)))")
            exit(1)
        }
    }

    private static let tryInput: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32 = { start, count in
        let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
        do {
            try target?.check(bytes)
        } catch {
            fatalError("\(error)")
        }
        return 0
    }
}
