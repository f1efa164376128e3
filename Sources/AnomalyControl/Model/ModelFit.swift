import AnomalyDetection
import ModelFiles
import RecurrentModel

extension ModelFile {
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
