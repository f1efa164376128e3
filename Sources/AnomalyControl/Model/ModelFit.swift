import AnomalyDetection
import ControlProtocol
import ModelFiles
import RecurrentModel

extension ModelFile {
    /// A network that predicts, and all that its settings say of it.
    init(predictorOf settings: ModelSettings, shape: NetworkShape, parameters: [Float]) {
        self.init(shape: shape, parameters: parameters)
        target = ModelTarget(rawValue: settings.target.rawValue)
        inputs = settings.features.names
        loss = settings.loss
        purpose = .predict
        programVersion = ProgramVersion.current
    }

    /// Gives a detector the weights of this model.
    ///
    /// - Parameter refusal: the error if the model is not one for that detector, from what does not fit.
    func give(to detector: Detector, refusal: (String) -> Failure) throws(Failure) {
        let settings = detector.settings.model
        let faults = misfits(
            ModelNeed(
                shape: settings.shape(channels: detector.channels), inputs: settings.features.names,
                target: settings.target.rawValue, loss: settings.loss))
        guard faults.isEmpty else { throw refusal(faults.map(\.description).joined(separator: "; ")) }
        detector.replaceParameters(parameters(over: detector.parameters))
    }
}
