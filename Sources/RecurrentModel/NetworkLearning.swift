import Kernels

/// What learning by truncated back-propagation asks of a network, whether its weights are one sequence's or a group's.
extension Network {
    /// - Precondition: the network runs one way only, because the future is not known to sequences without end, has
    ///   `training.loss.outputsPerTarget` outputs for each value, and the parameters are its own.
    func require(_ parameters: [Scalar], for training: TrainingSettings) {
        precondition(parameters.count == layout.count, "the parameters are those of another network")
        precondition(!shape.isBidirectional, "a bidirectional network needs the whole sequence")
        precondition(
            shape.outputs % training.loss.outputsPerTarget == 0, "the gaussian loss takes two outputs a value")
    }

    /// Runs windows from their initial states and adds the gradient of their mean loss to `workspace.gradient`.
    ///
    /// - Parameters: those of `forward` and `backward`, and the targets, (values, N); NaN: not known.
    /// - Returns: the loss.
    @specialized(where Scalar == Float)
    func differentiate(
        _ packed: PackedShape, parameters: UnsafePointer<Scalar>, x: UnsafePointer<Scalar>,
        targets: UnsafePointer<Scalar>, initial: UnsafePointer<Scalar>, loss: LossKind,
        gains: UnsafeMutablePointer<Double>?, workspace: Workspace<Scalar>
    ) -> Double {
        forward(packed, parameters: parameters, x: x, initial: initial, workspace: workspace)
        let mean = loss.evaluate(
            rows: packed.rows, channels: shape.outputs / loss.outputsPerTarget, outputs: workspace.outputs,
            targets: targets, gradient: workspace.dOutputs)
        backward(
            packed, parameters: parameters, x: x, initial: initial, workspace: workspace,
            gradient: workspace.gradient, gains: gains)
        return Double(mean)
    }
}
