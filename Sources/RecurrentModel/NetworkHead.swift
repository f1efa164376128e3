import Kernels

/// A row of a batch that the head answers for, and where it comes from.
struct HeadRow {
    var row: Int
    var step: Int
    var sequence: Int
}

/// From the top layer's hidden states to the outputs, and back.
extension Network {
    /// After the recurrent layers' forward pass: the output of their last one, (D, N), with `topStride` from row to row.
    func topRows(_ workspace: Workspace<Scalar>) -> UnsafePointer<Scalar> {
        if shape.isBidirectional, let both = workspace.bidirectional {
            return UnsafePointer(both.joined[shape.layers - 1])
        }
        return UnsafePointer(workspace.tapes[shape.layers - 1].states)
    }

    /// Leaves the outputs (O, Q) in `workspace.outputs`. memory: of attention, (M, B).
    @specialized(where Scalar == Float)
    func forwardHead(
        _ packed: PackedShape, _ head: HeadRows, parameters p: UnsafePointer<Scalar>, memory: UnsafePointer<Scalar>,
        workspace: Workspace<Scalar>
    ) {
        let o = shape.outputs
        let top = topRows(workspace)
        var input = top
        var stride = topStride
        var count = packed.rows
        if shape.attention > 0 || head == .last {
            workspace.findHeadRows(packed, head)
            count = workspace.headRows.count
            stride = shape.headInputs
            for (i, row) in workspace.headRows.enumerated() {
                (workspace.headInput + i * stride).update(from: top + row.row * topStride, count: shape.width)
            }
            if let attention, let tape = workspace.attention {
                attention.forward(
                    workspace.headRows, states(of: attention, top, memory, workspace), parameters: p,
                    headInput: workspace.headInput, tape: tape)
            }
            input = UnsafePointer(workspace.headInput)
        }
        Scalar.affine(
            rows: o, columns: shape.headInputs, batch: count, p + headWeight.offset, input, xStride: stride,
            start: p + headBias.offset, startStride: 0, workspace.outputs, yStride: o)
    }

    /// From `workspace.dOutputs` (O, Q): adds the gradients of the head and of attention to `gradient`, and leaves
    /// ∂loss/∂(top layer's output), (D, N), in `workspace.dHidden`.
    @specialized(where Scalar == Float)
    func backwardHead(
        _ packed: PackedShape, _ head: HeadRows, parameters p: UnsafePointer<Scalar>, memory: UnsafePointer<Scalar>,
        workspace: Workspace<Scalar>, gradient: UnsafeMutablePointer<Scalar>
    ) {
        let o = shape.outputs
        let d = shape.width
        let w = shape.headInputs
        let top = topRows(workspace)
        let isGathered = shape.attention > 0 || head == .last
        let count = isGathered ? workspace.headRows.count : packed.rows
        Scalar.outerAdd(
            rows: o, columns: w, terms: count, workspace.dOutputs, aStride: o,
            isGathered ? UnsafePointer(workspace.headInput) : top, bStride: isGathered ? w : topStride,
            gradient + headWeight.offset)
        Scalar.sumColumns(rows: o, terms: count, workspace.dOutputs, aStride: o, gradient + headBias.offset)
        Scalar.transpose(rows: o, columns: w, p + headWeight.offset, workspace.transposed)
        let dInput = isGathered ? workspace.dHeadInput : workspace.dHidden
        dInput.update(repeating: 0, count: count * w)
        Scalar.multiplyAdd(
            rows: w, columns: o, batch: count, workspace.transposed, workspace.dOutputs, xStride: o, dInput, yStride: w)
        if !isGathered { return }

        workspace.dHidden.update(repeating: 0, count: packed.rows * d)
        for (i, row) in workspace.headRows.enumerated() {
            (workspace.dHidden + row.row * d).update(from: dInput + i * w, count: d)
        }
        if let attention, let tape = workspace.attention {
            attention.backward(
                workspace.headRows, states(of: attention, top, memory, workspace), parameters: p,
                headInput: workspace.headInput, dHeadInput: dInput, tape: tape, dTop: workspace.dHidden,
                gradient: gradient, transposed: workspace.transposed)
        }
    }

    private func states(
        of attention: Attention<Scalar>, _ top: UnsafePointer<Scalar>, _ memory: UnsafePointer<Scalar>,
        _ workspace: Workspace<Scalar>
    ) -> Attention<Scalar>.States {
        Attention.States(
            attention: attention, top: top, stride: topStride, firstRows: workspace.firstRows, memory: memory)
    }
}
