import Kernels
import RealModule

/// How much longer or shorter a gradient becomes on its way back through time: the product, over the steps of a
/// window, of ‖gradient that arrives at the step before‖ / ‖∂loss/∂state at this step‖.
///
/// If only the last row has a loss, this is the ratio of ‖∂loss/∂state‖ at the window's start to that at its end. With
/// losses in every row that ratio itself would say little, because each row's own loss would hide what was lost on the
/// way; hence step by step.
struct GradientGain {
    private var product = 1.0
    private var logarithm = 0.0

    /// One step back. squares: of the norms at this step and at the one before.
    @inline(__always)
    mutating func carry(from now: Double, to before: Double) {
        // A step without a gradient, such as one after the last known target, says nothing.
        if now == 0 { return }
        product *= before / now
        if product < 1e-100 || product > 1e100 {
            logarithm += Double.log(product)
            product = 1
        }
    }

    /// The gain of the whole way; 0, infinite or NaN where no finite number says it.
    var value: Double { Double.exp((logarithm + Double.log(product)) / 2) }
}
