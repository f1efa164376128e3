import Kernels
import RecurrentModel
import Testing

@Suite struct InitialisationTests {
    @Test func xavierBoundsEachGate() {
        let network = Network<Float>(NetworkShape(cell: .lstm, inputs: 5, hidden: 20, layers: 2, outputs: 3))
        var random = SeededGenerator(seed: 1)
        let p = network.initialParameters(.xavier, using: &random)
        for view in network.layout.views where !view.isBias {
            let bound = Float((6.0 / Double(view.columns + view.rows / view.gates)).squareRoot())
            let largest = view.range.map { abs(p[$0]) }.max()!
            #expect(largest <= bound && largest > bound * 0.8, "\(view.name)")
        }
        for view in network.layout.views where view.name.hasPrefix("bias_ih") {
            // Gates i, f, g, o: only the forget gate starts open.
            #expect(view.range.map { p[$0] } == (0..<80).map { (20..<40).contains($0) ? 1 : 0 })
        }
    }

    @Test func orthogonalKeepsLengths() {
        let network = Network<Double>(NetworkShape(cell: .gru, inputs: 2, hidden: 13, layers: 1, outputs: 1))
        var random = SeededGenerator(seed: 1)
        let p = network.initialParameters(.orthogonal, using: &random)
        let view = network.layout["weight_hh_l0"]!
        for gate in 0..<3 {
            for a in 0..<13 {
                for b in 0..<13 {
                    let dot = (0..<13).reduce(0.0) {
                        let row = view.offset + gate * 13 + $1
                        return $0 + p[row + a * view.rows] * p[row + b * view.rows]
                    }
                    #expect(abs(dot - (a == b ? 1 : 0)) < 1e-9)
                }
            }
        }
    }

    @Test func sameSeedSameBitsOtherNameOtherBits() {
        let network = Network<Float>(NetworkShape(cell: .gru, inputs: 2, hidden: 8, layers: 1, outputs: 1))
        func draw(_ name: String) -> [Float] {
            var random = SeededGenerator(seed: 1, name: name.utf8)
            return network.initialParameters(.xavier, using: &random)
        }
        #expect(draw("a") == draw("a"))
        #expect(draw("a") != draw("b"))
    }
}
