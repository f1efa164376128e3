public import Kernels

extension LossKind {
    /// Mean loss over the targets that are not NaN, and its gradient.
    ///
    /// - Parameters:
    ///   - outputs, targets, gradient: `count` numbers each; `gradient` receives ∂loss/∂outputs, 0 where the target
    ///     is missing.
    /// - Returns: the mean, or 0 if every target is missing.
    @specialized(where Scalar == Float)
    public func evaluate<Scalar: KernelScalar>(
        count: Int, outputs: UnsafePointer<Scalar>, targets: UnsafePointer<Scalar>,
        gradient: UnsafeMutablePointer<Scalar>
    ) -> Scalar {
        var present = 0
        for i in 0..<count where !targets[i].isNaN { present += 1 }
        if present == 0 {
            gradient.update(repeating: 0, count: count)
            return 0
        }
        let scale = 1 / Scalar(present)
        var sum: Scalar = 0
        for i in 0..<count {
            if targets[i].isNaN {
                gradient[i] = 0
                continue
            }
            let error = outputs[i] - targets[i]
            switch self {
            case .mse:
                sum += error * error
                gradient[i] = 2 * error * scale
            case .huber:
                let size = abs(error)
                sum += size <= 1 ? error * error / 2 : size - 0.5
                gradient[i] = max(-1, min(1, error)) * scale
            }
        }
        return sum * scale
    }
}
