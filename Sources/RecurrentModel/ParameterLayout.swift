/// One named matrix or vector in the flat buffer of a network's parameters.
public struct ParameterView: Sendable, Equatable {
    /// PyTorch's name, such as `weight_ih_l0` or `head.bias`.
    public let name: String
    /// Shape as PyTorch has it: `rows` × `columns`; a vector has one column. In the buffer it is column-major.
    public let rows: Int
    public let columns: Int
    /// Index of its first element in the buffer.
    public let offset: Int
    /// How many gates are stacked in its rows; initialisation treats each as a matrix of its own.
    public let gates: Int

    public var count: Int { rows * columns }
    public var range: Range<Int> { offset..<(offset + count) }
    public var isBias: Bool { columns == 1 && name.contains("bias") }
}

/// Where each parameter of a network lies in its one flat buffer. Optimiser, clipping, checkpoint and export work on
/// the buffer as a whole; only the layers know the views.
public struct ParameterLayout: Sendable, Equatable {
    public private(set) var views: [ParameterView] = []
    /// Scalars in all.
    public private(set) var count = 0

    mutating func add(_ name: String, rows: Int, columns: Int, gates: Int = 1) -> ParameterView {
        let view = ParameterView(name: name, rows: rows, columns: columns, offset: count, gates: gates)
        views.append(view)
        count += view.count
        return view
    }

    public subscript(name: String) -> ParameterView? { views.first { $0.name == name } }
}
