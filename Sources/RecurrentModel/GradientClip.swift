public import Kernels

extension ClipKind {
    /// Bounds a gradient of `count` scalars in place.
    ///
    /// - Parameter threshold: largest Euclidean norm (`norm`; Pascanu et al. 2013, Algorithm 1) or largest component
    ///   (`value`); 0 or less leaves the gradient as it is.
    /// - Returns: the norm before clipping. Not finite if the gradient has exploded beyond repair.
    @specialized(where Scalar == Float)
    public func apply<Scalar: KernelScalar>(
        threshold: Double, count: Int, gradient g: UnsafeMutablePointer<Scalar>
    ) -> Double {
        let norm = Scalar.squares(g, count: count).squareRoot()
        if threshold <= 0 { return norm }
        switch self {
        case .norm:
            // As `torch.nn.utils.clip_grad_norm_`.
            let factor = threshold / (norm + 1e-6)
            if factor < 1 {
                let scale = SIMD8<Scalar>(repeating: Scalar(factor))
                for i in stride(from: 0, to: count, by: 8) { setLanes(g, i, of: count, lanes(g, i, of: count) * scale) }
            }
        case .value:
            let limit = SIMD8<Scalar>(repeating: Scalar(threshold))
            for i in stride(from: 0, to: count, by: 8) {
                setLanes(g, i, of: count, lanes(g, i, of: count).clamped(lowerBound: -limit, upperBound: limit))
            }
        }
        return norm
    }
}
