import AnomalyDetection
import Foundation
import ModelFiles
import RecurrentModel
import Testing

/// The initial model that is part of the program.
@Suite struct ShippedModelTests {
    private func parameters(
        channels: Int = 1, name: String = "a", _ change: (inout ModelSettings) -> Void = { _ in }
    ) -> [Float] {
        var settings = DetectorSettings()
        change(&settings.model)
        return Detector(settings, channels: channels, name: name.utf8, workbench: Workbench()).parameters
    }

    /// What is compiled in is the file that was trained, and the file is one that a stream of ours can use.
    @Test func itIsTheFileInFixtures() throws {
        let root = (0..<3).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }
        let file = try ModelFile.read(root.appending(path: "fixtures/initial/initial.safetensors").path)
        let settings = ModelSettings()
        let need = ModelNeed(
            shape: settings.shape(channels: 1), inputs: settings.features.names, target: settings.target.rawValue,
            loss: settings.loss)
        #expect(file.misfits(need) == [])
        #expect(file.parameters == ShippedModel.parameters)
        #expect(file.shape == ShippedModel.shape)
    }

    @Test func streamsWithTheDefaultNetworkBeginWithIt() {
        #expect(parameters() == ShippedModel.parameters)
        // Neither name nor seed has a say.
        #expect(parameters(name: "b") { $0.seed = 7 } == ShippedModel.parameters)
        #expect(parameters { $0.learning = false } == ShippedModel.parameters)
        #expect(parameters { $0.loss = .mse } == ShippedModel.parameters)
    }

    @Test func allOthersBeginWithRandomWeights() {
        let random = parameters { $0.initial = .random }
        #expect(random != ShippedModel.parameters)
        #expect(random != parameters(name: "b") { $0.initial = .random })
        let others: [(inout ModelSettings) -> Void] = [
            { $0.cell = .lstm }, { $0.hidden = 8 }, { $0.layers = 2 }, { $0.attention = 8 }, { $0.loss = .gaussian },
            { $0.inputSeason = true }, { $0.target = .value }, { $0.initialisation = .normal },
        ]
        for change in others {
            let given = parameters(change)
            #expect(given != ShippedModel.parameters)
            #expect(
                given
                    == parameters {
                        change(&$0)
                        $0.initial = .random
                    })
        }
        let wide = parameters(channels: 2)
        #expect(wide == parameters(channels: 2) { $0.initial = .random })
    }

    /// Frozen weights predict something: better than "as before" on a wave that they never met, which random ones do not.
    @Test func itPredictsBeforeAnythingIsLearned() {
        let (shipped, random) = (scaledErrorOfFrozenWeights(.shipped), scaledErrorOfFrozenWeights(.random))
        #expect(shipped < 0.92)
        #expect(shipped < random - 0.05, "random weights: \(random)")
    }

    private func scaledErrorOfFrozenWeights(_ initial: InitialWeights) -> Double {
        var settings = DetectorSettings()
        settings.model.learning = false
        settings.model.initial = initial
        let detector = Detector(settings, channels: 1, name: "wave".utf8, workbench: Workbench())
        var verdicts = [ChannelVerdict(value: 0, prediction: 0, lower: 0, upper: 0, residual: 0)]
        var (error, before, last) = (0.0, 0.0, 0.0)
        for row in 0..<300 {
            let value = 40 + 7 * sin(2 * .pi * Double(row) / 31)
            _ = [value].withUnsafeBufferPointer { values in
                verdicts.withUnsafeMutableBufferPointer {
                    detector.step(time: Int64(row) * 60_000_000, values: values, verdicts: $0)
                }
            }
            if row >= 50 {
                error += abs(verdicts[0].residual)
                before += abs(value - last)
            }
            last = value
        }
        return error / before
    }
}
