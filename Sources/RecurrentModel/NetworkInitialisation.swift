import Kernels

extension Network {
    /// Added to the forget gate of a new LSTM, so that it starts by remembering (Jozefowicz et al. 2015).
    public static var forgetBias: Double { 1 }

    /// The parameters of a new network, `layout.count` scalars. The same seed gives the same bits. Biases start at 0.
    public func initialParameters(
        _ initialisation: Initialisation, forgetBias: Double = forgetBias, using generator: inout SeededGenerator
    ) -> [Scalar] {
        var parameters = [Scalar](repeating: 0, count: layout.count)
        for view in layout.views where !view.isBias {
            let recurrent = view.name.hasPrefix("weight_hh")
            switch initialisation {
            case .normal:
                for i in view.range { parameters[i] = Scalar(generator.normal() * 0.01) }
            case .orthogonal where recurrent:
                fillOrthogonal(&parameters, view, &generator)
            case .xavier, .orthogonal:
                let fanOut = view.rows / view.gates
                let bound = (6 / Double(view.columns + fanOut)).squareRoot()
                for i in view.range { parameters[i] = Scalar((generator.uniform() * 2 - 1) * bound) }
            }
        }
        if shape.cell == .lstm {
            for view in layout.views where view.name.hasPrefix("bias_ih") {
                for i in shape.hidden..<(2 * shape.hidden) { parameters[view.offset + i] = Scalar(forgetBias) }
            }
        }
        return parameters
    }

    /// Each gate's square block becomes a random rotation: Gram–Schmidt on columns of normal numbers.
    private func fillOrthogonal(_ p: inout [Scalar], _ view: ParameterView, _ generator: inout SeededGenerator) {
        let n = view.columns
        for gate in 0..<view.gates {
            var columns: [[Double]] = []
            while columns.count < n {
                var v = (0..<n).map { _ in generator.normal() }
                // Twice, because once leaves rounding errors of the projections behind (Giraud & Langou 2005).
                for _ in 0..<2 {
                    for u in columns {
                        let dot = zip(u, v).reduce(0) { $0 + $1.0 * $1.1 }
                        for i in 0..<n { v[i] -= dot * u[i] }
                    }
                }
                let norm = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
                if norm < 1e-6 { continue }
                columns.append(v.map { $0 / norm })
            }
            for j in 0..<n {
                for i in 0..<n { p[view.offset + j * view.rows + gate * n + i] = Scalar(columns[j][i]) }
            }
        }
    }
}
