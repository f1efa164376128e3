public import Kernels

extension LossKind {
    /// Outputs of the network for each value that it predicts: 1, or 2 for `gaussian`.
    public var outputsPerTarget: Int { self == .gaussian ? 2 : 1 }

    /// Smallest log-variance that `gaussian` reckons with, ln 10⁻⁶, as the `eps` of PyTorch's `GaussianNLLLoss`: a
    /// value that was hit exactly shall not make the network infinitely sure.
    public static var smallestLogVariance: Double { -13.815_510_557_964_274 }

    /// Mean loss over the targets that are not NaN, and its gradient, where each row predicts one value.
    ///
    /// - Parameters:
    ///   - count: targets; there are `count * outputsPerTarget` outputs and gradients.
    ///   - gradient: receives ∂loss/∂outputs, 0 where the target is missing.
    /// - Returns: the mean, or 0 if every target is missing.
    @specialized(where Scalar == Float)
    public func evaluate<Scalar: KernelScalar>(
        count: Int, outputs: UnsafePointer<Scalar>, targets: UnsafePointer<Scalar>,
        gradient: UnsafeMutablePointer<Scalar>
    ) -> Scalar {
        evaluate(rows: count, channels: 1, outputs: outputs, targets: targets, gradient: gradient)
    }

    /// Mean loss over the targets that are not NaN, and its gradient.
    ///
    /// - Parameters:
    ///   - outputs, gradient: (`channels * outputsPerTarget`, `rows`). A row of `gaussian` is all means and then all
    ///     log-variances. `gradient` receives ∂loss/∂outputs, 0 where the target is missing.
    ///   - targets: (`channels`, `rows`).
    /// - Returns: the mean, or 0 if every target is missing.
    @specialized(where Scalar == Float)
    public func evaluate<Scalar: KernelScalar>(
        rows: Int, channels: Int, outputs: UnsafePointer<Scalar>, targets: UnsafePointer<Scalar>,
        gradient: UnsafeMutablePointer<Scalar>
    ) -> Scalar {
        let count = rows * channels
        var present = 0
        for i in 0..<count where !targets[i].isNaN { present += 1 }
        if present == 0 {
            gradient.update(repeating: 0, count: count * outputsPerTarget)
            return 0
        }
        let scale = 1 / Scalar(present)
        if self == .gaussian {
            return gaussian(
                rows: rows, channels: channels, scale: scale, outputs: outputs, targets: targets, gradient: gradient)
        }
        var sum: Scalar = 0
        for i in 0..<count {
            if targets[i].isNaN {
                gradient[i] = 0
                continue
            }
            let error = outputs[i] - targets[i]
            if self == .mse {
                sum += error * error
                gradient[i] = 2 * error * scale
            } else {
                let size = abs(error)
                sum += size <= 1 ? error * error / 2 : size - 0.5
                gradient[i] = max(-1, min(1, error)) * scale
            }
        }
        return sum * scale
    }

    /// ½ · (s + (μ − y)² · e⁻ˢ) with s = log σ²; the constant ½ · log 2π is left out, as PyTorch does by default.
    @specialized(where Scalar == Float)
    private func gaussian<Scalar: KernelScalar>(
        rows: Int, channels: Int, scale: Scalar, outputs: UnsafePointer<Scalar>, targets: UnsafePointer<Scalar>,
        gradient: UnsafeMutablePointer<Scalar>
    ) -> Scalar {
        let floor = Scalar(Self.smallestLogVariance)
        var sum: Scalar = 0
        for row in 0..<rows {
            let mean = outputs + row * 2 * channels
            let spread = mean + channels
            let dMean = gradient + row * 2 * channels
            let dSpread = dMean + channels
            for c in 0..<channels {
                let target = targets[row * channels + c]
                if target.isNaN {
                    dMean[c] = 0
                    dSpread[c] = 0
                    continue
                }
                let s = spread[c] < floor ? floor : spread[c]
                let precision = Scalar.exponential(SIMD8(repeating: -s))[0]
                let error = mean[c] - target
                let squared = error * error * precision
                sum += (s + squared) / 2
                dMean[c] = error * precision * scale
                let slope = (1 - squared) / 2 * scale
                // Below the floor the loss is flat, but the way back up stays open.
                dSpread[c] = spread[c] < floor ? min(0, slope) : slope
            }
        }
        return sum * scale
    }
}
