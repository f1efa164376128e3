import Kernels

/// One recurrent layer: its place in the flat parameter buffer, and the walk forward and backward through time.
/// A class, though it never changes: the walks through the layers would copy the names of the views each time.
final class RecurrentLayer<Scalar: KernelScalar>: Sendable {
    let cell: any RecurrentCell<Scalar>
    // What is asked of the cell at every step, kept here: through the existential each would be a call.
    let hidden: Int
    let gateRows: Int
    let stateWidth: Int
    private let keepsRecurrentApart: Bool
    private let loops: (forward: CellLoop, backward: CellLoop)
    let inputs: Int
    let weightIH: ParameterView
    let weightHH: ParameterView
    let biasIH: ParameterView
    let biasHH: ParameterView

    /// - Parameter suffix: of the parameters' names, `_reverse` for the layer that reads sequences from their end.
    init(
        _ kind: CellKind, index: Int, inputs: Int, hidden: Int, suffix: String = "", layout: inout ParameterLayout
    ) {
        cell = makeCell(kind, hidden: hidden)
        self.hidden = hidden
        gateRows = cell.gates * hidden
        stateWidth = cell.stateWidth
        keepsRecurrentApart = cell.keepsRecurrentApart
        loops = cell.loops
        self.inputs = inputs
        let gates = cell.gates
        let index = "\(index)\(suffix)"
        weightIH = layout.add("weight_ih_l\(index)", rows: gates * hidden, columns: inputs, gates: gates)
        weightHH = layout.add("weight_hh_l\(index)", rows: gates * hidden, columns: hidden, gates: gates)
        biasIH = layout.add("bias_ih_l\(index)", rows: gates * hidden, columns: 1, gates: gates)
        biasHH = layout.add("bias_hh_l\(index)", rows: gates * hidden, columns: 1, gates: gates)
    }

    /// What `forward` writes and `backward` reads, for N rows.
    struct Tape {
        /// (G·H, N): input products, then activated gates, then their gradients.
        var x: UnsafeMutablePointer<Scalar>
        /// (G·H, N): recurrent products, where the cell keeps them apart.
        var r: UnsafeMutablePointer<Scalar>
        /// (S, N): the state after each row.
        var states: UnsafeMutablePointer<Scalar>
    }

    /// x: (I, N) with `xStride` from row to row; initial: (S, B). Fills `tape`; its states are the layer's output.
    @specialized(where Scalar == Float)
    func forward(
        _ shape: PackedShape, parameters p: UnsafePointer<Scalar>, x: UnsafePointer<Scalar>, xStride: Int,
        initial: UnsafePointer<Scalar>, tape: Tape
    ) {
        let g = gateRows
        let s = stateWidth
        let apart = keepsRecurrentApart
        let bIH = p + biasIH.offset
        let bHH = p + biasHH.offset
        Scalar.affine(
            rows: g, columns: inputs, batch: shape.rows, p + weightIH.offset, x, xStride: xStride, start: bIH,
            startStride: 0, tape.x, yStride: g)
        if !apart {
            for row in 0..<shape.rows { Scalar.add(bHH, to: tape.x + row * g, count: g) }
        }
        var row = 0
        var previous = initial
        for batch in shape.batchSizes {
            let target = (apart ? tape.r : tape.x) + row * g
            Scalar.affine(
                rows: g, columns: hidden, batch: batch, p + weightHH.offset, previous, xStride: s,
                start: apart ? bHH : UnsafePointer(target), startStride: apart ? 0 : g, target, yStride: g)
            let rows = CellRows(
                x: tape.x + row * g, r: tape.r + row * g, previous: previous, state: tape.states + row * s)
            if !Scalar.runWide(loops.forward, hidden: hidden, batch: batch, rows) {
                cell.forward(batch: batch, x: rows.x, r: rows.r, previous: previous, state: rows.state)
            }
            previous = UnsafePointer(tape.states + row * s)
            row += batch
        }
    }

    /// d: (S, B) scratch. dOut: (H, N) = ∂loss/∂output of this layer. Adds to `gradient` (whole buffer), and if
    /// `dX` is given writes ∂loss/∂x (I, N) there. `transposed` holds max(G·H·H, G·H·I) scalars of scratch. `gain`
    /// receives what became of the gradient on its way back through time.
    @specialized(where Scalar == Float)
    func backward(
        _ shape: PackedShape, parameters p: UnsafePointer<Scalar>, x: UnsafePointer<Scalar>, xStride: Int,
        initial: UnsafePointer<Scalar>, tape: Tape, dOut: UnsafePointer<Scalar>, d: UnsafeMutablePointer<Scalar>,
        gradient: UnsafeMutablePointer<Scalar>, dX: UnsafeMutablePointer<Scalar>?,
        transposed: UnsafeMutablePointer<Scalar>, gain: UnsafeMutablePointer<Double>? = nil
    ) {
        let g = gateRows
        let h = hidden
        let s = stateWidth
        let recurrent = keepsRecurrentApart ? tape.r : tape.x
        Scalar.transpose(rows: g, columns: h, p + weightHH.offset, transposed)
        d.update(repeating: 0, count: shape.batch * s)
        var carried = GradientGain()
        var row = shape.rows
        for t in stride(from: shape.steps - 1, through: 0, by: -1) {
            let batch = shape.batchSizes[t]
            row -= batch
            for j in 0..<batch { Scalar.add(dOut + (row + j) * h, to: d + j * s, count: h) }
            let length = gain == nil ? 0 : Scalar.squares(d, count: batch * s)
            let previous = t == 0 ? initial : UnsafePointer(tape.states + (row - shape.batchSizes[t - 1]) * s)
            let rows = CellRows(
                x: tape.x + row * g, r: tape.r + row * g, previous: previous,
                state: UnsafePointer(tape.states + row * s), d: d)
            if !Scalar.runWide(loops.backward, hidden: h, batch: batch, rows) {
                cell.backward(
                    batch: batch, x: rows.x, r: rows.r, previous: previous, state: UnsafePointer(rows.state), d: d)
            }
            // What reaches the initial states is of interest to the gain only.
            if t == 0 && gain == nil { break }
            Scalar.multiplyAdd(
                rows: h, columns: g, batch: batch, transposed, recurrent + row * g, xStride: g, d, yStride: s)
            if gain != nil { carried.carry(from: length, to: Scalar.squares(d, count: batch * s)) }
        }
        gain?.pointee = carried.value

        Scalar.outerAdd(
            rows: g, columns: inputs, terms: shape.rows, tape.x, aStride: g, x, bStride: xStride,
            gradient + weightIH.offset)
        addRecurrentGradient(shape, recurrent, initial, tape.states, gradient + weightHH.offset)
        Scalar.sumColumns(rows: g, terms: shape.rows, tape.x, aStride: g, gradient + biasIH.offset)
        Scalar.sumColumns(rows: g, terms: shape.rows, recurrent, aStride: g, gradient + biasHH.offset)

        if let dX {
            Scalar.transpose(rows: g, columns: inputs, p + weightIH.offset, transposed)
            dX.update(repeating: 0, count: shape.rows * inputs)
            Scalar.multiplyAdd(
                rows: inputs, columns: g, batch: shape.rows, transposed, tape.x, xStride: g, dX, yStride: inputs)
        }
    }

    /// ‖∂loss/∂(W_ih, b_ih)‖ and ‖∂loss/∂(W_hh, b_hh)‖, from the gradient of the whole network.
    func inputNorm(of gradient: UnsafePointer<Scalar>) -> Double { norm(gradient, weightIH, biasIH) }
    func recurrentNorm(of gradient: UnsafePointer<Scalar>) -> Double { norm(gradient, weightHH, biasHH) }

    @specialized(where Scalar == Float)
    private func norm(_ gradient: UnsafePointer<Scalar>, _ weight: ParameterView, _ bias: ParameterView) -> Double {
        (Scalar.squares(gradient + weight.offset, count: weight.count)
            + Scalar.squares(gradient + bias.offset, count: bias.count)).squareRoot()
    }

    /// ∂loss/∂W_hh: each row's gate gradient times the state that came before it.
    @specialized(where Scalar == Float)
    private func addRecurrentGradient(
        _ shape: PackedShape, _ recurrent: UnsafePointer<Scalar>, _ initial: UnsafePointer<Scalar>,
        _ states: UnsafePointer<Scalar>, _ gradient: UnsafeMutablePointer<Scalar>
    ) {
        let g = gateRows
        let s = stateWidth
        func add(terms: Int, from row: Int, previous: UnsafePointer<Scalar>) {
            Scalar.outerAdd(
                rows: g, columns: hidden, terms: terms, recurrent + row * g, aStride: g, previous, bStride: s, gradient)
        }
        add(terms: shape.batch, from: 0, previous: initial)
        if shape.isUniform {
            add(terms: shape.rows - shape.batch, from: shape.batch, previous: states)
        } else {
            var row = 0
            for (before, batch) in zip(shape.batchSizes, shape.batchSizes.dropFirst()) {
                add(terms: batch, from: row + before, previous: states + row * s)
                row += before
            }
        }
    }
}
